"""care: rehearsals, cancelled products, the policy's versions, the waiver."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this shape."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "policies",
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("product_id", number, nullable=True),
        sa.Column("title", sa.String(length=240), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("since", instant, nullable=False),
        sa.CheckConstraint("kind IN ('store', 'product', 'waiver')", name=op.f("ck_policies_kind")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_policies_product_id_products")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_policies")),
    )
    with op.batch_alter_table("policies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_policies_product_id"), ["product_id"], unique=False)

    _rehearsals(number, instant)
    _cancellations(number, instant)

    with op.batch_alter_table("promises", schema=None) as batch_op:
        batch_op.add_column(sa.Column("policy_version", sa.String(length=16), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("withdraw_days", number, nullable=False, server_default="14"))
    with op.batch_alter_table("promises", schema=None) as batch_op:
        batch_op.alter_column("policy_version", server_default=None)
        batch_op.alter_column("withdraw_days", server_default=None)
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.add_column(sa.Column("waived_at", instant, nullable=True))
        batch_op.add_column(sa.Column("waiver", sa.String(length=16), nullable=False, server_default=""))
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.alter_column("waiver", server_default=None)


def _rehearsals(number: sa.types.TypeEngine[int], instant: sa.DateTime) -> None:
    op.create_table(
        "rehearsals",
        sa.Column("id", number, nullable=False),
        sa.Column("launch_id", number, nullable=False),
        sa.Column("generation", number, nullable=False),
        sa.Column("occasion", sa.String(length=10), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("launch_at", instant, nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("money", sa.JSON(), nullable=False),
        sa.CheckConstraint("occasion IN ('week', 'day', 'asked')", name=op.f("ck_rehearsals_occasion")),
        sa.ForeignKeyConstraint(["launch_id"], ["launches.id"], name=op.f("fk_rehearsals_launch_id_launches")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rehearsals")),
    )
    with op.batch_alter_table("rehearsals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rehearsals_launch_id"), ["launch_id"], unique=False)
        batch_op.create_index(
            "uq_rehearsals_once",
            ["launch_id", "generation", "occasion"],
            unique=True,
            sqlite_where=sa.text("occasion <> 'asked'"),
            postgresql_where=sa.text("occasion <> 'asked'"),
        )
    op.create_table(
        "holdups",
        sa.Column("id", number, nullable=False),
        sa.Column("launch_id", number, nullable=False),
        sa.Column("generation", number, nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("looked_at", instant, nullable=False),
        sa.Column("over_at", instant, nullable=True),
        sa.ForeignKeyConstraint(["launch_id"], ["launches.id"], name=op.f("fk_holdups_launch_id_launches")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holdups")),
    )
    with op.batch_alter_table("holdups", schema=None) as batch_op:
        batch_op.create_index(
            "uq_holdups_open",
            ["launch_id"],
            unique=True,
            sqlite_where=sa.text("over_at IS NULL"),
            postgresql_where=sa.text("over_at IS NULL"),
        )


def _cancellations(number: sa.types.TypeEngine[int], instant: sa.DateTime) -> None:
    op.create_table(
        "cancellations",
        sa.Column("id", number, nullable=False),
        sa.Column("product_id", number, nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("started_at", instant, nullable=False),
        sa.Column("done_at", instant, nullable=True),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_cancellations_product_id_products")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cancellations")),
        sa.UniqueConstraint("product_id", name=op.f("uq_cancellations_product_id")),
    )
    op.create_table(
        "cancelled_orders",
        sa.Column("id", number, nullable=False),
        sa.Column("cancellation_id", number, nullable=False),
        sa.Column("order_id", number, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("why", sa.String(length=300), nullable=False),
        sa.Column("due_at", instant, nullable=False),
        sa.Column("changed_at", instant, nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'settling', 'done', 'by_hand', 'failed')", name=op.f("ck_cancelled_orders_state")
        ),
        sa.ForeignKeyConstraint(
            ["cancellation_id"], ["cancellations.id"], name=op.f("fk_cancelled_orders_cancellation_id_cancellations")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_cancelled_orders_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cancelled_orders")),
        sa.UniqueConstraint("order_id", name=op.f("uq_cancelled_orders_order_id")),
    )
    with op.batch_alter_table("cancelled_orders", schema=None) as batch_op:
        batch_op.create_index("ix_cancelled_orders_state", ["cancellation_id", "state"], unique=False)


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.drop_column("waiver")
        batch_op.drop_column("waived_at")
    with op.batch_alter_table("promises", schema=None) as batch_op:
        batch_op.drop_column("withdraw_days")
        batch_op.drop_column("policy_version")
    for table in ("cancelled_orders", "cancellations", "holdups", "rehearsals", "policies"):
        op.drop_table(table)
