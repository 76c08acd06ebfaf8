"""Phones that may be written to, and the texts that are owed to them."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, and_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from storefront.models.db import Base, Instant
from storefront.models.letters import Letter
from storefront.models.orders import Order

LIVE = text("ended_at IS NULL")
OWED = text("sent_at IS NULL AND dropped_at IS NULL AND failed_at IS NULL")


class Phone(Base):
    """A number for the texts of one order: what its owner agreed to and when, confirmed by a code, ended in one click.

    `zones`: where the number may be, for its quiet hours. Nothing but a code is sent before `confirmed_at`.
    `codes` counts the codes that were sent, `guesses` what was typed since the last.
    """

    __tablename__ = "phones"
    __table_args__ = (
        CheckConstraint("ended_at IS NULL OR ended_why <> ''", name="ended"),
        Index("uq_phones_live", "order_id", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
        Index("ix_phones_number", "number", "agreed_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    number: Mapped[str] = mapped_column(String(20))
    zones: Mapped[list[str]] = mapped_column(JSON)
    consent: Mapped[str] = mapped_column(Text)
    consent_version: Mapped[str] = mapped_column(String(16))
    agreed_at: Mapped[datetime] = mapped_column(Instant)
    codes: Mapped[int] = mapped_column(default=0)
    code_at: Mapped[datetime | None] = mapped_column(Instant)
    guesses: Mapped[int] = mapped_column(default=0)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_why: Mapped[str] = mapped_column(String(200), default="")

    order: Mapped[Order] = relationship()


class TextMessage(Base):
    """A text owed: a letter over another channel, once; or a code, once for each. Holds no words and no secret.

    `begun` counts the calls that were made and not answered: after two it is not repeated, for the carrier cannot be
    asked whether it took the first.
    """

    __tablename__ = "texts"
    __table_args__ = (
        UniqueConstraint("letter_id"),
        UniqueConstraint("phone_id", "code"),
        CheckConstraint("(letter_id IS NULL) <> (code IS NULL)", name="about"),
        Index("ix_texts_due", "due_at", sqlite_where=OWED, postgresql_where=OWED),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    phone_id: Mapped[int] = mapped_column(ForeignKey("phones.id"))
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letters.id"))
    code: Mapped[int | None]
    owed_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)
    leased_until: Mapped[datetime | None] = mapped_column(Instant)
    begun: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    trouble: Mapped[str] = mapped_column(String(300), default="")
    carrier_id: Mapped[str | None] = mapped_column(String(64))
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    dropped_at: Mapped[datetime | None] = mapped_column(Instant)
    failed_at: Mapped[datetime | None] = mapped_column(Instant)

    phone: Mapped[Phone] = relationship()
    letter: Mapped[Letter | None] = relationship()


# Neither taken by the carrier nor given up.
owed = and_(TextMessage.sent_at.is_(None), TextMessage.dropped_at.is_(None), TextMessage.failed_at.is_(None))


def of_order(session: Session, order_id: int) -> Phone | None:
    """The number an order's buyer has given and not ended, confirmed or not."""
    return session.scalar(select(Phone).where(Phone.order_id == order_id, Phone.ended_at.is_(None)))
