"""Migrations and models say the same, on both databases, up and down."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from storefront.models.db import Base
from storefront.models.migrating import config, migrate


def test_upgrading_to_the_head_gives_what_the_models_say(database_url: str) -> None:
    migrate(database_url)
    engine = create_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_upgrading_twice_changes_nothing_and_downgrading_leaves_nothing(database_url: str) -> None:
    migrate(database_url)
    migrate(database_url)
    command.downgrade(config(database_url), "base")
    engine = create_engine(database_url)
    assert inspect(engine).get_table_names() == ["alembic_version"]
    engine.dispose()
