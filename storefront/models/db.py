"""The engine, its sessions, instants in UTC, and how SQLite is made to behave."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, TypeVar, cast

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    DateTime,
    Dialect,
    Engine,
    Insert,
    Integer,
    MetaData,
    Select,
    Table,
    Update,
    bindparam,
    create_engine,
    event,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import TypeDecorator

SQLITE_TIMEOUT = 15
T = TypeVar("T")


class Instant(TypeDecorator[datetime]):
    """An instant: aware in Python, UTC in the database. A naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; SQLite keeps no zone, so there it is left out."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("An instant needs a time zone.")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (SQLAlchemy's signature)
        """Back to an aware instant in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables; constraints have names so that migrations can speak of them, and numbers have 64 bits."""

    type_annotation_map: ClassVar = {int: BigInteger().with_variant(Integer, "sqlite")}
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class DatabaseUnreachable(Exception):
    """The database does not answer; the message says which and why."""


class Database:
    """Two kinds of transactions: `write()` commits at its end, `read()` never does.

    Raises DatabaseUnreachable for an address that leads nowhere.
    """

    def __init__(self, url: str) -> None:
        try:
            self.engine = _engine(url)
        except (ArgumentError, OSError) as error:
            raise DatabaseUnreachable(f"DATABASE_URL leads nowhere: {error}") from error
        self._writers = sessionmaker(self.engine, expire_on_commit=False)
        self._readers = sessionmaker(self.engine.execution_options(reading=True), expire_on_commit=False)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that takes SQLite's write lock first and commits unless an exception leaves it."""
        with self._writers.begin() as session:
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that sees one state and leaves none."""
        with self._readers() as session:
            yield session

    def probe(self) -> None:
        """Ask the database one thing. Raises DatabaseUnreachable."""
        try:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except DBAPIError as error:
            name = make_url(str(self.engine.url)).render_as_string(hide_password=True)
            raise DatabaseUnreachable(f"The database {name} does not answer: {error.orig}") from error


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20)
    path = make_url(url).database
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": SQLITE_TIMEOUT})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:  # noqa: ANN401 (the driver's own types)
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:  # noqa: ANN401 (the driver's own types)
    """A writer takes the lock at once: BEGIN and a later upgrade fails where others write, whatever the timeout."""
    reading = connection.get_execution_options().get("reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


At = datetime | BindParameter[datetime]
# What a question that is put together once, and asked again and again, is asked with.
NOW = bindparam("now", type_=Instant())
MOST = bindparam("most", type_=Integer())


def claim(query: Select[T], session: Session) -> Select[T]:
    """Lock the rows and pass over those that another worker has; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "sqlite":
        return query
    return query.with_for_update(skip_locked=True)


def one_by_one(session: Session, statement: Update, rows: list[dict[str, Any]]) -> int:
    """Run one conditional UPDATE with each row's values, in one go. Returns how many rows it changed.

    It names a table, not a class: what the session holds of these rows is old afterwards.
    """
    session.flush()
    return session.connection().execute(statement, rows).rowcount if rows else 0


def insert_new(session: Session, table: type[Base]) -> Insert:
    """An INSERT that passes over rows which are there already, on either database."""
    return _passing(session.get_bind().dialect.name, table)


def _passing(dialect: str, table: type[Base] | Table) -> Insert:
    made = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return made(table).on_conflict_do_nothing()


def put(session: Session, row: Base) -> None:
    """Insert a row that the session need not keep, and whose id nobody asks for."""
    session.connection().execute(_insert(type(row)), _columns_of(row))


def put_known(session: Session, row: Base) -> int:
    """The same; its id."""
    return session.connection().execute(_insert_known(type(row)), _columns_of(row)).scalar_one()


def put_new(session: Session, row: Base) -> bool:
    """The same, unless one like it is there: False."""
    fresh = _insert_new(session.get_bind().dialect.name, type(row))
    return session.connection().execute(fresh, _columns_of(row)).rowcount > 0


def put_all(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert many rows, all with the same columns, of which the session keeps nothing."""
    if rows:
        session.flush()
        session.connection().execute(_insert(table), rows)


def _columns_of(row: Base) -> dict[str, Any]:
    """The columns that a row was given, by name; what is not among them has its default."""
    return {each.key: getattr(row, each.key) for each in row.__table__.columns if each.key in vars(row)}


@cache
def _insert(table: type[Base]) -> Insert:
    return insert(_table(table)).inline()


@cache
def _insert_known(table: type[Base]) -> ReturningInsert[int]:
    return insert(_table(table)).returning(_table(table).c.id)


@cache
def _insert_new(dialect: str, table: type[Base]) -> Insert:
    return _passing(dialect, _table(table)).inline().execution_options(preserve_rowcount=True)


def _table(kind: type[Base]) -> Table:
    return cast("Table", kind.__table__)


def fresh_id(dialect: str, table: type[Base]) -> ColumnElement[int]:
    """The id of the next row, to be asked for beside something else; SQLite has one writer, who holds the lock."""
    if dialect == "sqlite":
        column = table.__table__.c.id
        return select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
    return func.nextval(func.pg_get_serial_sequence(table.__tablename__, "id"))


def hits(session: Session, statement: Update, **values: object) -> bool:
    """As `changed`, for rows of which the session holds nothing that is read or written again."""
    return session.connection().execute(statement, values).rowcount > 0


def changed(session: Session, statement: Update) -> bool:
    """Run a conditional UPDATE and say whether it changed a row."""
    result = session.execute(statement, execution_options={"synchronize_session": "fetch"})
    return bool(getattr(result, "rowcount", 0))
