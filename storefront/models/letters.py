"""Letters we owe: one row each, written with the fact it tells of."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, and_, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.models.db import Base, Instant
from storefront.models.orders import Order
from storefront.models.tickets import Ticket
from storefront.models.watchers import Watcher

ABOUT_ONE = (
    "(CASE WHEN order_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN ticket_id IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN watcher_id IS NULL THEN 0 ELSE 1 END) = 1"
)
UNSENT = text("sent_at IS NULL AND dropped_at IS NULL AND failed_at IS NULL")


class Letter(Base):
    """Owed exactly once per order, kind, version and recipient. Holds no secret: links are derived when it is written.

    The row is its way by e-mail: `sent_at` when it was taken, `failed_at` when it came back or could not be mailed, also after it
    was taken. Its way by text has a row of its own (models/phones.py). What it said stands in its reader's inbox from `shown_at`
    on: `subject` and `body`, without its links. What is owed to a place on a
    waiting list has a ticket instead of an order, news of a launch a watcher. `dropped_at` is set instead of `sent_at` where the fact it told of no longer holds.
    """

    __tablename__ = "letters"
    __table_args__ = (
        UniqueConstraint("order_id", "kind", "version", "recipient"),
        UniqueConstraint("ticket_id", "kind", "version"),
        UniqueConstraint("watcher_id", "kind", "version"),
        CheckConstraint(ABOUT_ONE, name="about"),
        Index(
            "ix_letters_due",
            "due_at",
            sqlite_where=UNSENT,
            postgresql_where=UNSENT,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), nullable=True)  # None only with one of the others
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    watcher_id: Mapped[int | None] = mapped_column(ForeignKey("watchers.id"))
    kind: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    recipient: Mapped[str] = mapped_column(String(254))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    owed_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)
    leased_until: Mapped[datetime | None] = mapped_column(Instant)
    tries: Mapped[int] = mapped_column(default=0)
    trouble: Mapped[str] = mapped_column(String(300), default="")
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    dropped_at: Mapped[datetime | None] = mapped_column(Instant)
    failed_at: Mapped[datetime | None] = mapped_column(Instant)
    subject: Mapped[str] = mapped_column(String(300), default="")
    body: Mapped[str] = mapped_column(Text, default="")
    shown_at: Mapped[datetime | None] = mapped_column(Instant)
    read_at: Mapped[datetime | None] = mapped_column(Instant)

    order: Mapped[Order] = relationship()
    ticket: Mapped[Ticket | None] = relationship()
    watcher: Mapped[Watcher | None] = relationship()


# Neither taken by the mail server nor given up.
unsent = and_(Letter.sent_at.is_(None), Letter.dropped_at.is_(None), Letter.failed_at.is_(None))
# Tried, and not taken so far; for one that came back there is a task.
in_trouble = and_(unsent, Letter.trouble != "")
