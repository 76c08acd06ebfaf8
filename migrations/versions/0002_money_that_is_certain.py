"""money that is certain."""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this shape."""
    op.create_table(
        "document_counts",
        sa.Column("series", sa.String(length=10), nullable=False),
        sa.Column("last", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("series", name=op.f("pk_document_counts")),
    )
    op.create_table(
        "disputes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stripe_id", sa.String(length=80), nullable=False),
        sa.Column("intent", sa.String(length=64), nullable=False),
        sa.Column("amount", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_by", sa.String(length=254), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_disputes_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_disputes_stripe_id")),
    )
    with op.batch_alter_table("disputes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disputes_order_id"), ["order_id"], unique=False)

    op.create_table(
        "tasks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=254), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_tasks_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
    )
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tasks_order_id"), ["order_id"], unique=False)
        batch_op.create_index(
            "uq_tasks_open",
            ["kind", "subject"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.create_table(
        "tax_points",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("stripe_id", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("tax", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rate", sa.String(length=10), nullable=False),
        sa.Column("place", sa.String(length=2), nullable=False),
        sa.Column("calculation", sa.String(length=80), nullable=False),
        sa.CheckConstraint("kind IN ('hold', 'payment', 'refund')", name=op.f("ck_tax_points_kind")),
        sa.CheckConstraint("tax >= 0 AND tax <= amount", name=op.f("ck_tax_points_tax")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_tax_points_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_points")),
        sa.UniqueConstraint("kind", "stripe_id", name=op.f("uq_tax_points_kind_stripe_id")),
        sa.UniqueConstraint("number", name=op.f("uq_tax_points_number")),
    )
    with op.batch_alter_table("tax_points", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tax_points_order_id"), ["order_id"], unique=False)

    op.create_table(
        "accesses",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("grant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("what", sa.String(length=220), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name=op.f("fk_accesses_grant_id_grants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accesses")),
        sa.UniqueConstraint("grant_id", "what", "day", name=op.f("uq_accesses_grant_id_what_day")),
    )
    op.create_table(
        "refunds",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("attempt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("stripe_id", sa.String(length=80), nullable=True),
        sa.Column("intent", sa.String(length=64), nullable=False),
        sa.Column("amount", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("failure", sa.String(length=80), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('pending', 'requires_action', 'succeeded', 'failed', 'canceled', 'by_hand')",
            name=op.f("ck_refunds_status"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refunds_amount")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name=op.f("fk_refunds_attempt_id_attempts")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_refunds_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("attempt_id", name=op.f("uq_refunds_attempt_id")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_refunds_stripe_id")),
    )
    with op.batch_alter_table("refunds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refunds_intent"), ["intent"], unique=False)
        batch_op.create_index(batch_op.f("ix_refunds_order_id"), ["order_id"], unique=False)

    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "session_generation",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                nullable=False,
                server_default="1",
            )
        )

    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("card_print", sa.String(length=64), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("who", sa.String(length=254), nullable=False, server_default="worker"))
        batch_op.add_column(sa.Column("why", sa.String(length=500), nullable=False, server_default=""))
        batch_op.create_index(batch_op.f("ix_attempts_card_print"), ["card_print"], unique=False)

    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("card_print", sa.String(length=64), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("card_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("serves_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("decline_class", sa.String(length=20), nullable=False, server_default=""))
        batch_op.add_column(
            sa.Column(
                "episode", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, server_default="0"
            )
        )
        batch_op.add_column(sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.alter_column("session_generation", server_default=None)

    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.alter_column("card_print", server_default=None)
        batch_op.alter_column("who", server_default=None)
        batch_op.alter_column("why", server_default=None)

    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.alter_column("card_print", server_default=None)
        batch_op.alter_column("decline_class", server_default=None)
        batch_op.alter_column("episode", server_default=None)

    with op.batch_alter_table("checkouts", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_checkouts_purpose"), type_="check")
        batch_op.create_check_constraint(op.f("ck_checkouts_purpose"), "purpose IN ('place', 'repair', 'card')")

    _keep_what_went_back()
    _reckon_how_long_holds_serve()


def _keep_what_went_back() -> None:
    """Refunds were sums beside their attempts; each becomes a row of its own."""
    op.execute(
        """
        INSERT INTO refunds (order_id, attempt_id, stripe_id, intent, amount, status, failure, who, why, made_at, settled_at)
        SELECT attempts.order_id, attempts.id, attempts.stripe_id, coalesce(orders.paid_intent, attempts.target),
               attempts.moved, 'succeeded', '', 'worker', 'refunded in full', attempts.opened_at, attempts.closed_at
        FROM attempts JOIN orders ON orders.id = attempts.order_id
        WHERE attempts.kind = 'refund' AND attempts.moved > 0
        """
    )
    op.execute("UPDATE attempts SET moved = 0 WHERE kind = 'refund'")


def _reckon_how_long_holds_serve() -> None:
    """A hold serves launches up to a day before it lapses."""
    orders = sa.table(
        "orders",
        sa.column("id"),
        sa.column("capture_before", sa.DateTime(timezone=True)),
        sa.column("serves_until", sa.DateTime(timezone=True)),
    )
    connection = op.get_bind()
    for row in connection.execute(
        sa.select(orders.c.id, orders.c.capture_before).where(orders.c.capture_before.is_not(None))
    ):
        until = row.capture_before - timedelta(hours=24)
        connection.execute(orders.update().where(orders.c.id == row.id).values(serves_until=until))


def downgrade() -> None:
    """Take it back; what the older shape has no place for is lost."""
    op.execute(
        "UPDATE attempts SET moved = (SELECT amount FROM refunds WHERE refunds.attempt_id = attempts.id) "
        "WHERE kind = 'refund' AND id IN (SELECT attempt_id FROM refunds)"
    )
    op.execute("UPDATE checkouts SET purpose = 'repair' WHERE purpose = 'card'")
    with op.batch_alter_table("checkouts", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_checkouts_purpose"), type_="check")
        batch_op.create_check_constraint(op.f("ck_checkouts_purpose"), "purpose IN ('place', 'repair')")

    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_column("next_try_at")
        batch_op.drop_column("episode")
        batch_op.drop_column("decline_class")
        batch_op.drop_column("serves_until")
        batch_op.drop_column("card_until")
        batch_op.drop_column("card_print")

    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attempts_card_print"))
        batch_op.drop_column("why")
        batch_op.drop_column("who")
        batch_op.drop_column("card_print")

    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_column("session_generation")

    with op.batch_alter_table("refunds", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_refunds_order_id"))
        batch_op.drop_index(batch_op.f("ix_refunds_intent"))

    op.drop_table("refunds")
    op.drop_table("accesses")
    with op.batch_alter_table("tax_points", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tax_points_order_id"))

    op.drop_table("tax_points")
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_tasks_open", sqlite_where=sa.text("closed_at IS NULL"), postgresql_where=sa.text("closed_at IS NULL")
        )
        batch_op.drop_index(batch_op.f("ix_tasks_order_id"))

    op.drop_table("tasks")
    with op.batch_alter_table("disputes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_disputes_order_id"))

    op.drop_table("disputes")
    op.drop_table("document_counts")
