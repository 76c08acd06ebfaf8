"""How migrations run: on the database they are told, in one transaction, with the models' own types."""

import os

from alembic import context
from sqlalchemy import pool
from sqlalchemy.engine import create_engine

import storefront.models  # noqa: F401 (registers every table)
from storefront.models.db import Base

url = context.config.attributes.get("url") or os.environ["DATABASE_URL"]


def main() -> None:
    """Migrate over a connection of its own; SQLite changes tables by copying them (batch mode)."""
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


main()
