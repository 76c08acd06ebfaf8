"""queues: back-orders, restocks, pools of licence keys, waiting lists."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
COUNTS = {"backorders": "0", "queued": "0", "kept": "0", "waiting": "0", "offer_hours": "24"}
QUEUED = sa.text("queued_at IS NOT NULL AND allocated_at IS NULL")
FREE = sa.text("grant_id IS NULL AND retired_at IS NULL")
OPEN = sa.text("state IN ('waiting', 'offered')")


def upgrade() -> None:
    """Bring the database to this shape."""
    _products()
    _orders()
    _tickets()
    _ledgers()
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.alter_column("licence_key", existing_type=sa.String(length=40), type_=sa.String(length=200))
        batch_op.drop_constraint(op.f("uq_grants_licence_key"), type_="unique")
        batch_op.create_unique_constraint(op.f("uq_grants_product_id_licence_key"), ["product_id", "licence_key"])
    with op.batch_alter_table("letters", schema=None) as batch_op:
        batch_op.alter_column("order_id", existing_type=NUMBER, nullable=True)
        batch_op.add_column(sa.Column("ticket_id", NUMBER, nullable=True))
        batch_op.create_foreign_key(op.f("fk_letters_ticket_id_tickets"), "tickets", ["ticket_id"], ["id"])
        batch_op.create_unique_constraint(op.f("uq_letters_ticket_id_kind_version"), ["ticket_id", "kind", "version"])
        batch_op.create_check_constraint(op.f("ck_letters_about"), "(order_id IS NULL) <> (ticket_id IS NULL)")


def _products() -> None:
    with op.batch_alter_table("products", schema=None) as batch_op:
        for name, value in COUNTS.items():
            batch_op.add_column(sa.Column(name, NUMBER, nullable=False, server_default=value))
        batch_op.add_column(sa.Column("expected_at", INSTANT, nullable=True))
        batch_op.add_column(sa.Column("latest_at", INSTANT, nullable=True))
        batch_op.add_column(sa.Column("pool", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("products", schema=None) as batch_op:
        for name in (*COUNTS, "pool"):
            batch_op.alter_column(name, server_default=None)
        batch_op.create_check_constraint(
            op.f("ck_products_queued"), "queued >= 0 AND queued <= taken AND kept >= 0 AND waiting >= 0"
        )
        batch_op.create_check_constraint(op.f("ck_products_backorders"), "backorders >= 0 AND offer_hours > 0")
    with op.batch_alter_table("launches", schema=None) as batch_op:
        batch_op.add_column(sa.Column("units", NUMBER, nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("closed_at", INSTANT, nullable=True))
    with op.batch_alter_table("launches", schema=None) as batch_op:
        batch_op.alter_column("units", server_default=None)


def _orders() -> None:
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_orders_kind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_orders_kind"), "kind IN ('pre_order', 'purchase', 'back_order')")
        batch_op.add_column(sa.Column("queued_at", INSTANT, nullable=True))
        batch_op.add_column(sa.Column("allocated_at", INSTANT, nullable=True))
        batch_op.add_column(sa.Column("restock_id", NUMBER, nullable=True))
        batch_op.create_foreign_key(op.f("fk_orders_restock_id_launches"), "launches", ["restock_id"], ["id"])
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_orders_restock_id"), ["restock_id"], unique=False)
        batch_op.create_index(
            "ix_orders_queue", ["product_id", "queued_at"], sqlite_where=QUEUED, postgresql_where=QUEUED
        )


def _tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("product_id", NUMBER, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("joined_at", INSTANT, nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("news", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("offered_at", INSTANT, nullable=True),
        sa.Column("offer_until", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("order_id", NUMBER, nullable=True),
        sa.Column("link_sha256", sa.String(length=64), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'offered', 'used', 'left', 'over')", name=op.f("ck_tickets_state")),
        sa.CheckConstraint("state <> 'offered' OR offer_until IS NOT NULL", name=op.f("ck_tickets_offer_until")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_tickets_product_id_products")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_tickets_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tickets")),
        sa.UniqueConstraint("order_id", name=op.f("uq_tickets_order_id")),
        sa.UniqueConstraint("link_sha256", name=op.f("uq_tickets_link_sha256")),
    )
    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.create_index("ix_tickets_state", ["product_id", "state", "joined_at"], unique=False)
        batch_op.create_index(
            "uq_tickets_open", ["product_id", "email"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
        )


def _ledgers() -> None:
    op.create_table(
        "pool_keys",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("product_id", NUMBER, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.Column("grant_id", NUMBER, nullable=True),
        sa.Column("given_at", INSTANT, nullable=True),
        sa.Column("retired_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_pool_keys_product_id_products")),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name=op.f("fk_pool_keys_grant_id_grants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool_keys")),
        sa.UniqueConstraint("product_id", "key", name=op.f("uq_pool_keys_product_id_key")),
        sa.UniqueConstraint("grant_id", name=op.f("uq_pool_keys_grant_id")),
    )
    with op.batch_alter_table("pool_keys", schema=None) as batch_op:
        batch_op.create_index("ix_pool_keys_free", ["product_id", "id"], sqlite_where=FREE, postgresql_where=FREE)
    op.create_table(
        "stock_moves",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("product_id", NUMBER, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("why", sa.String(length=80), nullable=False),
        sa.Column("change", NUMBER, nullable=False),
        sa.Column("after", NUMBER, nullable=False),
        sa.CheckConstraint("change <> 0", name=op.f("ck_stock_moves_change")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_stock_moves_product_id_products")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_moves")),
    )
    with op.batch_alter_table("stock_moves", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stock_moves_product_id"), ["product_id"], unique=False)


def downgrade() -> None:
    """Take it back; what only this shape can say is lost."""
    with op.batch_alter_table("letters", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_letters_about"), type_="check")
        batch_op.drop_constraint(op.f("uq_letters_ticket_id_kind_version"), type_="unique")
        batch_op.drop_constraint(op.f("fk_letters_ticket_id_tickets"), type_="foreignkey")
        batch_op.drop_column("ticket_id")
    op.execute("DELETE FROM letters WHERE order_id IS NULL")
    with op.batch_alter_table("letters", schema=None) as batch_op:
        batch_op.alter_column("order_id", existing_type=NUMBER, nullable=False)
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_grants_product_id_licence_key"), type_="unique")
        batch_op.create_unique_constraint(op.f("uq_grants_licence_key"), ["licence_key"])
        batch_op.alter_column("licence_key", existing_type=sa.String(length=200), type_=sa.String(length=40))
    for table in ("stock_moves", "pool_keys", "tickets"):
        op.drop_table(table)
    op.execute("UPDATE orders SET kind = 'purchase' WHERE kind = 'back_order'")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index("ix_orders_queue")
        batch_op.drop_index(batch_op.f("ix_orders_restock_id"))
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_orders_restock_id_launches"), type_="foreignkey")
        batch_op.drop_constraint(op.f("ck_orders_kind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_orders_kind"), "kind IN ('pre_order', 'purchase')")
        for name in ("restock_id", "allocated_at", "queued_at"):
            batch_op.drop_column(name)
    op.execute("DELETE FROM launches WHERE kind = 'restock'")
    with op.batch_alter_table("launches", schema=None) as batch_op:
        batch_op.drop_column("closed_at")
        batch_op.drop_column("units")
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_products_queued"), type_="check")
        batch_op.drop_constraint(op.f("ck_products_backorders"), type_="check")
        for name in ("pool", "latest_at", "expected_at", *COUNTS):
            batch_op.drop_column(name)
