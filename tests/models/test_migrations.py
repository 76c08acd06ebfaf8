"""Migrations and models say the same, on both databases, up and down."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, text

from storefront.models.db import Base
from storefront.models.migrating import config, migrate

ROWS = Path(__file__).parent / "rows_of_0001.sql"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


def checks(engine: Engine) -> dict[str, str]:
    """Every CHECK of the database; Alembic compares none."""
    found = inspect(engine)
    return {
        f"{table}.{each['name']}": re.sub(r"[\s()]|::\w+( varying)?(\[\])?", "", each["sqltext"])
        for table in found.get_table_names()
        for each in found.get_check_constraints(table)
    }


def test_upgrading_to_the_head_gives_what_the_models_say(database_url: str, engine: Engine) -> None:
    migrate(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_what_the_models_check_the_migrated_database_checks(database_url: str, engine: Engine) -> None:
    Base.metadata.create_all(engine)
    wanted = checks(engine)
    Base.metadata.drop_all(engine)
    migrate(database_url)
    assert checks(engine) == wanted
    assert len(wanted) > 10


def test_upgrading_twice_changes_nothing_and_downgrading_leaves_nothing(database_url: str, engine: Engine) -> None:
    migrate(database_url)
    migrate(database_url)
    command.downgrade(config(database_url), "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]


def test_what_was_refunded_before_there_were_rows_for_it_is_kept(database_url: str, engine: Engine) -> None:
    command.upgrade(config(database_url), "0001")
    with engine.begin() as connection:
        for statement in ROWS.read_text().split(";")[:-1]:
            connection.execute(text(statement.replace(":", "\\:")))
    migrate(database_url)
    with engine.connect() as connection:
        refunds = connection.execute(text("SELECT order_id, stripe_id, intent, amount, status FROM refunds")).all()
        until = connection.execute(text("SELECT serves_until FROM orders WHERE id = 2")).scalar_one()
    assert [tuple(each) for each in refunds] == [(1, "re_1", "pi_1", 1900, "succeeded")]
    assert str(until).startswith("2027-05-11 10:00")
