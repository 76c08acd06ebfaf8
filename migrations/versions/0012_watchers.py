"""watchers: who wants to hear of a launch, and their letters."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0009"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
OPEN = sa.text("ended_at IS NULL")
ONE = (
    "(CASE WHEN order_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN ticket_id IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN watcher_id IS NULL THEN 0 ELSE 1 END) = 1"
)


def upgrade() -> None:
    """Bring the database to this shape."""
    op.create_table(
        "watchers",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("product_id", NUMBER, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=True),
        sa.Column("told_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("link_sha256", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_watchers_product_id_products")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watchers")),
        sa.UniqueConstraint("link_sha256", name=op.f("uq_watchers_link_sha256")),
    )
    with op.batch_alter_table("watchers", schema=None) as batch_op:
        batch_op.create_index(
            "uq_watchers_open", ["product_id", "email"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
        )
        batch_op.create_index("ix_watchers_email", ["email", "asked_at"], unique=False)
    with op.batch_alter_table("letters", schema=None) as batch_op:
        batch_op.add_column(sa.Column("watcher_id", NUMBER, nullable=True))
        batch_op.create_foreign_key(op.f("fk_letters_watcher_id_watchers"), "watchers", ["watcher_id"], ["id"])
        batch_op.create_unique_constraint(op.f("uq_letters_watcher_id_kind_version"), ["watcher_id", "kind", "version"])
        batch_op.drop_constraint(op.f("ck_letters_about"), type_="check")
        batch_op.create_check_constraint(op.f("ck_letters_about"), ONE)


def downgrade() -> None:
    """Take it back; who wanted to hear of a launch is lost, and their letters with them."""
    op.execute("DELETE FROM letters WHERE watcher_id IS NOT NULL")
    with op.batch_alter_table("letters", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_letters_about"), type_="check")
        batch_op.create_check_constraint(op.f("ck_letters_about"), "(order_id IS NULL) <> (ticket_id IS NULL)")
        batch_op.drop_constraint(op.f("uq_letters_watcher_id_kind_version"), type_="unique")
        batch_op.drop_constraint(op.f("fk_letters_watcher_id_watchers"), type_="foreignkey")
        batch_op.drop_column("watcher_id")
    op.drop_table("watchers")
