"""Questions about orders: one thread for each order, and its messages."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from storefront.models.db import Base, Instant
from storefront.models.orders import Order

BUYER, STRANGER = "buyer", "stranger"


class Thread(Base):
    """All that was asked and answered about one order.

    `open_since`: when the first question was asked that nobody has answered or closed; None where none is open.
    """

    __tablename__ = "threads"
    __table_args__ = (
        Index(
            "ix_threads_open",
            "open_since",
            sqlite_where=text("open_since IS NOT NULL"),
            postgresql_where=text("open_since IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), unique=True)
    begun_at: Mapped[datetime] = mapped_column(Instant)
    open_since: Mapped[datetime | None] = mapped_column(Instant)

    order: Mapped[Order] = relationship()
    messages: Mapped[list["Message"]] = relationship(back_populates="thread", order_by="Message.id")


class Message(Base):
    """One message, never edited. An empty text by the creator's side closes the question without an answer.

    `who`: "buyer", "creator:7", or "stranger": whoever wrote from another address, and is not taken for the buyer.
    `name`: what makes it the same message if it comes again: the mail's Message-ID, or the form's nonce.
    `dropped`: names of files that came with a mail, which are not kept.
    """

    __tablename__ = "messages"
    __table_args__ = (CheckConstraint("how IN ('page', 'mail', 'studio')", name="how"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    who: Mapped[str] = mapped_column(String(80))
    how: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(String(300), unique=True)
    sender: Mapped[str] = mapped_column(String(254), default="")
    dropped: Mapped[list[str]] = mapped_column(JSON, default=list)

    thread: Mapped[Thread] = relationship(back_populates="messages")


def of_order(session: Session, order_id: int) -> Thread | None:
    """The thread of an order; None before the first question."""
    return session.scalar(select(Thread).where(Thread.order_id == order_id))
