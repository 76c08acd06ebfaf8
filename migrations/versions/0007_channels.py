"""channels: what the mail server reports, addresses that bounce, phones and texts, the inbox."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
NOT_DONE = sa.text("done_at IS NULL")
UNSENT = sa.text("sent_at IS NULL AND dropped_at IS NULL")
OWED = sa.text("sent_at IS NULL AND dropped_at IS NULL AND failed_at IS NULL")
LIVE = sa.text("ended_at IS NULL")
SHOWN = ("failed_at", "shown_at", "read_at")


def upgrade() -> None:
    """Bring the database to this shape; letters that went out before it have no words in the inbox, and stand there as read."""
    _mail_events()
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("bounced_at", INSTANT, nullable=True))
        batch_op.add_column(sa.Column("bounce", sa.String(length=300), nullable=False, server_default=""))
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.alter_column("bounce", server_default=None)
    with op.batch_alter_table("letters", schema=None) as batch_op:
        batch_op.drop_index("ix_letters_due")
        for name in SHOWN:
            batch_op.add_column(sa.Column(name, INSTANT, nullable=True))
        batch_op.add_column(sa.Column("subject", sa.String(length=300), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("body", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("letters", schema=None) as batch_op:
        batch_op.alter_column("subject", server_default=None)
        batch_op.alter_column("body", server_default=None)
        batch_op.create_index("ix_letters_due", ["due_at"], sqlite_where=OWED, postgresql_where=OWED)
    op.execute("UPDATE letters SET shown_at = sent_at, read_at = sent_at WHERE sent_at IS NOT NULL")
    _phones()
    _texts()


def _mail_events() -> None:
    op.create_table(
        "mail_events",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("type", sa.String(length=120), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("tries", NUMBER, nullable=False),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_events")),
    )
    with op.batch_alter_table("mail_events", schema=None) as batch_op:
        batch_op.create_index("ix_mail_events_due", ["due_at"], sqlite_where=NOT_DONE, postgresql_where=NOT_DONE)


def _phones() -> None:
    op.create_table(
        "phones",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("order_id", NUMBER, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("zones", sa.JSON(), nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("consent_version", sa.String(length=16), nullable=False),
        sa.Column("agreed_at", INSTANT, nullable=False),
        sa.Column("codes", NUMBER, nullable=False),
        sa.Column("code_at", INSTANT, nullable=True),
        sa.Column("guesses", NUMBER, nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("ended_why", sa.String(length=200), nullable=False),
        sa.CheckConstraint("ended_at IS NULL OR ended_why <> ''", name=op.f("ck_phones_ended")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_phones_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phones")),
    )
    with op.batch_alter_table("phones", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_phones_order_id"), ["order_id"], unique=False)
        batch_op.create_index("ix_phones_number", ["number", "agreed_at"], unique=False)
        batch_op.create_index("uq_phones_live", ["order_id"], unique=True, sqlite_where=LIVE, postgresql_where=LIVE)


def _texts() -> None:
    op.create_table(
        "texts",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("phone_id", NUMBER, nullable=False),
        sa.Column("letter_id", NUMBER, nullable=True),
        sa.Column("code", NUMBER, nullable=True),
        sa.Column("owed_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("leased_until", INSTANT, nullable=True),
        sa.Column("begun", NUMBER, nullable=False),
        sa.Column("tries", NUMBER, nullable=False),
        sa.Column("trouble", sa.String(length=300), nullable=False),
        sa.Column("carrier_id", sa.String(length=64), nullable=True),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("dropped_at", INSTANT, nullable=True),
        sa.Column("failed_at", INSTANT, nullable=True),
        sa.CheckConstraint("(letter_id IS NULL) <> (code IS NULL)", name=op.f("ck_texts_about")),
        sa.ForeignKeyConstraint(["letter_id"], ["letters.id"], name=op.f("fk_texts_letter_id_letters")),
        sa.ForeignKeyConstraint(["phone_id"], ["phones.id"], name=op.f("fk_texts_phone_id_phones")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_texts")),
        sa.UniqueConstraint("letter_id", name=op.f("uq_texts_letter_id")),
        sa.UniqueConstraint("phone_id", "code", name=op.f("uq_texts_phone_id_code")),
    )
    with op.batch_alter_table("texts", schema=None) as batch_op:
        batch_op.create_index("ix_texts_due", ["due_at"], sqlite_where=OWED, postgresql_where=OWED)


def downgrade() -> None:
    """Take it back; what only this shape can say is lost."""
    op.drop_table("texts")
    op.drop_table("phones")
    with op.batch_alter_table("letters", schema=None) as batch_op:
        batch_op.drop_index("ix_letters_due")
        for name in (*SHOWN, "subject", "body"):
            batch_op.drop_column(name)
    with op.batch_alter_table("letters", schema=None) as batch_op:
        batch_op.create_index("ix_letters_due", ["due_at"], sqlite_where=UNSENT, postgresql_where=UNSENT)
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_column("bounce")
        batch_op.drop_column("bounced_at")
    op.drop_table("mail_events")
