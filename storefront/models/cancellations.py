"""Cancelling a product: one row for the deed, one for each of its orders, followed until the last refund has settled."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from storefront.models.db import Base, Instant
from storefront.models.orders import Order
from storefront.models.products import Launch, Product

OVER = ("done", "by_hand")


class Cancellation(Base):
    """A product that its creator gave up: who, when and why; `done_at` once nothing of it is open any more."""

    __tablename__ = "cancellations"

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), unique=True)
    who: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(500))
    started_at: Mapped[datetime] = mapped_column(Instant)
    done_at: Mapped[datetime | None] = mapped_column(Instant)

    product: Mapped[Product] = relationship()


class CancelledOrder(Base):
    """How far one order of a cancelled product is.

    waiting: its turn has not come, or something is awaited (`why`) · settling: ended, and its money is on the way ·
    done: ended, nothing is owed · by_hand: ended, and a person paid it back · failed: a person is needed (`why`).
    """

    __tablename__ = "cancelled_orders"
    __table_args__ = (
        UniqueConstraint("order_id"),
        CheckConstraint("state IN ('waiting', 'settling', 'done', 'by_hand', 'failed')", name="state"),
        Index("ix_cancelled_orders_state", "cancellation_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    cancellation_id: Mapped[int] = mapped_column(ForeignKey("cancellations.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    why: Mapped[str] = mapped_column(String(300), default="")
    due_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)

    order: Mapped[Order] = relationship()


given_up = select(Cancellation.id).where(Cancellation.product_id == Launch.product_id).exists()


def of_slug(session: Session, slug: str) -> Cancellation | None:
    """The cancellation of the product that stood at /p/<slug>, with that product and its creator and launch."""
    whole = joinedload(Cancellation.product)
    query = select(Cancellation).join(Product).where(Product.slug == slug)
    return session.scalar(query.options(whole.joinedload(Product.creator), whole.joinedload(Product.launch)))


def of_product(session: Session, product_id: int) -> Cancellation | None:
    """The cancellation of a product, if its creator gave it up."""
    return session.scalar(select(Cancellation).where(Cancellation.product_id == product_id))


def counts(session: Session, cancellation_id: int) -> dict[str, int]:
    """How many orders of a cancellation stand in each state."""
    query = select(CancelledOrder.state, func.count(CancelledOrder.id))
    query = query.where(CancelledOrder.cancellation_id == cancellation_id).group_by(CancelledOrder.state)
    return {row[0]: row[1] for row in session.execute(query)}
