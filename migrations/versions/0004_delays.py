"""delays."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

RUNS_LATE = timedelta(hours=24)


def upgrade() -> None:
    """Bring the database to this shape."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "notices",
        sa.Column("id", number, nullable=False),
        sa.Column("launch_id", number, nullable=False),
        sa.Column("generation", number, nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("before", instant, nullable=True),
        sa.Column("after", instant, nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("gift", sa.String(length=10), nullable=False),
        sa.Column("gift_size", number, nullable=False),
        sa.Column("bonus_id", number, nullable=True),
        sa.CheckConstraint("gift IN ('', 'bonus', 'amount', 'percent')", name=op.f("ck_notices_gift")),
        sa.CheckConstraint("gift_size >= 0", name=op.f("ck_notices_gift_size")),
        sa.ForeignKeyConstraint(["launch_id"], ["launches.id"], name=op.f("fk_notices_launch_id_launches")),
        sa.ForeignKeyConstraint(["bonus_id"], ["bonuses.id"], name=op.f("fk_notices_bonus_id_bonuses")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("launch_id", "generation", name=op.f("uq_notices_launch_id_generation")),
    )
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notices_launch_id"), ["launch_id"], unique=False)
    op.create_table(
        "replies",
        sa.Column("id", number, nullable=False),
        sa.Column("order_id", number, nullable=False),
        sa.Column("version", number, nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("answer", sa.String(length=10), nullable=False),
        sa.Column("how", sa.String(length=10), nullable=False),
        sa.Column("rule", sa.String(length=10), nullable=False),
        sa.Column("gift", sa.Text(), nullable=False),
        sa.Column("bonus_id", number, nullable=True),
        sa.Column("owed", number, nullable=False),
        sa.Column("given_at", instant, nullable=True),
        sa.CheckConstraint("answer IN ('wait', 'cancel')", name=op.f("ck_replies_answer")),
        sa.CheckConstraint("how IN ('click', 'silence')", name=op.f("ck_replies_how")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_replies_order_id_orders")),
        sa.ForeignKeyConstraint(["bonus_id"], ["bonuses.id"], name=op.f("fk_replies_bonus_id_bonuses")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replies")),
        sa.UniqueConstraint("order_id", "version", "answer", name=op.f("uq_replies_order_id_version_answer")),
    )
    with op.batch_alter_table("replies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_replies_order_id"), ["order_id"], unique=False)

    with op.batch_alter_table("promises", schema=None) as batch_op:
        batch_op.add_column(sa.Column("undated", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("promises", schema=None) as batch_op:
        batch_op.alter_column("undated", server_default=None)
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("delay_due_at", instant, nullable=True))
        there = sa.text("delay_due_at IS NOT NULL")
        batch_op.create_index("ix_orders_delay", ["delay_due_at"], sqlite_where=there, postgresql_where=there)
    _start_the_clocks()


def _start_the_clocks() -> None:
    """Every pre-order whose launch is ahead: 24 hours after the date it was promised last it is missed."""
    query = """
        SELECT o.id, p."by" AS told FROM orders o
        JOIN promises p ON p.order_id = o.id AND p.version = o.promise_version
        JOIN launches l ON l.product_id = o.product_id AND l.kind = 'product'
        WHERE o.kind = 'pre_order' AND l.launched_at IS NULL AND o.state NOT IN ('expired', 'cancelled', 'refunded')
    """
    orders = sa.table("orders", sa.column("id"), sa.column("delay_due_at", sa.DateTime(timezone=True)))
    bind = op.get_bind()
    for row in bind.execute(sa.text(query)).all():
        due = _instant(row.told) + RUNS_LATE
        here = due.replace(tzinfo=None) if bind.dialect.name == "sqlite" else due
        bind.execute(orders.update().where(orders.c.id == row.id).values(delay_due_at=here))


def _instant(told: datetime | str) -> datetime:
    """SQLite gives text, in UTC."""
    read = datetime.fromisoformat(told) if isinstance(told, str) else told
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index("ix_orders_delay")
        batch_op.drop_column("delay_due_at")
    with op.batch_alter_table("promises", schema=None) as batch_op:
        batch_op.drop_column("undated")
    op.drop_table("replies")
    op.drop_table("notices")
