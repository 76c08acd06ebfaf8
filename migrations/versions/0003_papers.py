"""papers."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this shape."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "calculations",
        sa.Column("id", number, nullable=False),
        sa.Column("order_id", number, nullable=False),
        sa.Column("stripe_id", sa.String(length=80), nullable=False),
        sa.Column("amount", number, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("address", sa.JSON(), nullable=False),
        sa.Column("tax", number, nullable=False),
        sa.Column("rate", sa.String(length=10), nullable=False),
        sa.Column("tax_name", sa.String(length=30), nullable=False),
        sa.Column("place", sa.String(length=2), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_calculations_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calculations")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_calculations_stripe_id")),
    )
    with op.batch_alter_table("calculations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calculations_order_id"), ["order_id"], unique=False)

    # Nothing has written a tax point before: the table is empty.
    with op.batch_alter_table("tax_points", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tax_name", sa.String(length=30), nullable=False))
        batch_op.add_column(sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False))
        batch_op.add_column(sa.Column("about_id", number, nullable=True))
        batch_op.add_column(sa.Column("paper", sa.JSON(), nullable=False))
        batch_op.create_foreign_key(batch_op.f("fk_tax_points_about_id_tax_points"), "tax_points", ["about_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_tax_points_about_id"), ["about_id"], unique=False)

    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("address", sa.JSON(), nullable=False, server_default="{}"))
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.alter_column("address", server_default=None)


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_column("address")

    with op.batch_alter_table("tax_points", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tax_points_about_id"))
        batch_op.drop_constraint(batch_op.f("fk_tax_points_about_id_tax_points"), type_="foreignkey")
        batch_op.drop_column("paper")
        batch_op.drop_column("about_id")
        batch_op.drop_column("issued_at")
        batch_op.drop_column("tax_name")

    with op.batch_alter_table("calculations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_calculations_order_id"))

    op.drop_table("calculations")
