"""Whoever wants to hear when something is out, without having ordered it."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from storefront.models.db import Base, Instant
from storefront.models.products import Product

OPEN = text("ended_at IS NULL")


class Watcher(Base):
    """An address that asked for the news of one launch: what it agreed to, when, and whether its owner confirmed it.

    `told_at`: the news are owed; there is one letter, and then no other. `ended_at`: no more, by its owner's word or
    because it is over.
    """

    __tablename__ = "watchers"
    __table_args__ = (
        Index("uq_watchers_open", "product_id", "email", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_watchers_email", "email", "asked_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    email: Mapped[str] = mapped_column(String(254))
    consent: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    told_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    link_sha256: Mapped[str | None] = mapped_column(String(64), unique=True)

    product: Mapped[Product] = relationship()


def by_link(session: Session, sha256: str) -> Watcher | None:
    """The watcher behind a link's fingerprint."""
    return session.scalar(select(Watcher).where(Watcher.link_sha256 == sha256))
