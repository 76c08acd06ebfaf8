"""Waiting lists: a ticket is a place, what its owner agreed to, and at most one offer of a unit."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, and_, func, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from storefront.models.db import Base, Instant
from storefront.models.products import Product

OPEN = text("state IN ('waiting', 'offered')")


class Ticket(Base):
    """A place on a product's waiting list. `waiting` is offered a unit once; what was `offered` is used, left or over.

    `consent` is the text that was agreed to; `news`: whether news were agreed to as well, apart from it.
    """

    __tablename__ = "tickets"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'offered', 'used', 'left', 'over')", name="state"),
        CheckConstraint("state <> 'offered' OR offer_until IS NOT NULL", name="offer_until"),
        Index("uq_tickets_open", "product_id", "email", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_tickets_state", "product_id", "state", "joined_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    email: Mapped[str] = mapped_column(String(254))
    joined_at: Mapped[datetime] = mapped_column(Instant)
    consent: Mapped[str] = mapped_column(Text)
    news: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    offered_at: Mapped[datetime | None] = mapped_column(Instant)
    offer_until: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), unique=True)
    link_sha256: Mapped[str | None] = mapped_column(String(64), unique=True)

    product: Mapped[Product] = relationship()


def by_link(session: Session, sha256: str) -> Ticket | None:
    """The ticket behind a link's fingerprint."""
    return session.scalar(select(Ticket).where(Ticket.link_sha256 == sha256))


def place_of(session: Session, ticket: Ticket) -> int:
    """A waiting ticket's place, from 1: first come, first served."""
    same = and_(Ticket.joined_at == ticket.joined_at, Ticket.id < ticket.id)
    ahead = select(func.count(Ticket.id)).where(
        Ticket.product_id == ticket.product_id,
        Ticket.state == "waiting",
        or_(Ticket.joined_at < ticket.joined_at, same),
    )
    return (session.scalar(ahead) or 0) + 1
