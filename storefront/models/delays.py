"""What was announced about a launch's day, and what each buyer said to it: rows that are added and never edited."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from storefront.models.db import Base, Instant
from storefront.models.orders import Order, Promise
from storefront.models.products import Bonus


class Notice(Base):
    """A day that was moved: from where to where (None: no date), why, and what whoever waits gets for it.

    `gift`: "bonus" with its row, "amount" in minor units, "percent" of what the order costs; "" is nothing.
    """

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("launch_id", "generation"),
        CheckConstraint("gift IN ('', 'bonus', 'amount', 'percent')", name="gift"),
        CheckConstraint("gift_size >= 0", name="gift_size"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    launch_id: Mapped[int] = mapped_column(ForeignKey("launches.id"), index=True)
    generation: Mapped[int]
    at: Mapped[datetime] = mapped_column(Instant)
    who: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(500))
    before: Mapped[datetime | None] = mapped_column(Instant)
    after: Mapped[datetime | None] = mapped_column(Instant)
    zone: Mapped[str] = mapped_column(String(64))
    gift: Mapped[str] = mapped_column(String(10), default="")
    gift_size: Mapped[int] = mapped_column(default=0)
    bonus_id: Mapped[int | None] = mapped_column(ForeignKey("bonuses.id"))

    bonus: Mapped[Bonus | None] = relationship()


class Reply(Base):
    """An order's answer to one version of its promise: by click or by silence, under which rule, and when.

    `gift`: what was taken for waiting, in words; `owed` minor units that go back for it, until `given_at`.
    """

    __tablename__ = "replies"
    __table_args__ = (
        UniqueConstraint("order_id", "version", "answer"),
        CheckConstraint("answer IN ('wait', 'cancel')", name="answer"),
        CheckConstraint("how IN ('click', 'silence')", name="how"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    version: Mapped[int]
    at: Mapped[datetime] = mapped_column(Instant)
    answer: Mapped[str] = mapped_column(String(10))
    how: Mapped[str] = mapped_column(String(10))
    rule: Mapped[str] = mapped_column(String(10), default="")
    gift: Mapped[str] = mapped_column(Text, default="")
    bonus_id: Mapped[int | None] = mapped_column(ForeignKey("bonuses.id"))
    owed: Mapped[int] = mapped_column(default=0)
    given_at: Mapped[datetime | None] = mapped_column(Instant)

    order: Mapped[Order] = relationship()


def replies(session: Session, order_id: int) -> list[Reply]:
    """What an order's buyer said, or silence said for them, the oldest first."""
    return list(session.scalars(select(Reply).where(Reply.order_id == order_id).order_by(Reply.at, Reply.id)))


def notice_of(session: Session, order: Order, promise: Promise) -> Notice | None:
    """The move that brought a version of a promise about."""
    here = (Notice.launch_id == order.product.launch.id, Notice.generation == promise.launch_generation)
    return session.scalar(select(Notice).where(*here)) if promise.version > 1 else None


def gifts(session: Session, order_id: int) -> set[int]:
    """The bonuses that an order got for waiting."""
    taken = (Reply.order_id == order_id, Reply.bonus_id.is_not(None))
    return {each for each in session.scalars(select(Reply.bonus_id).where(*taken)) if each}
