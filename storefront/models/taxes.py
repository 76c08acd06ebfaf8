"""Tax points: what was taxed when, where and at which rate; payments and refunds have a document of their own number."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from storefront.models.db import Base, Instant
from storefront.models.orders import Order


class TaxPoint(Base):
    """A hold, a payment or a refund as the tax office sees it. `amount` includes `tax`; both in minor units.

    `number` is the document's: R-… for a receipt, C-… for a credit note, without gaps; a hold has none. `rate` is a
    percentage as text ("19"), `place` the buyer's country; both are empty where tax is not reckoned.
    """

    __tablename__ = "tax_points"
    __table_args__ = (
        CheckConstraint("kind IN ('hold', 'payment', 'refund')", name="kind"),
        CheckConstraint("tax >= 0 AND tax <= amount", name="tax"),
        UniqueConstraint("kind", "stripe_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    stripe_id: Mapped[str] = mapped_column(String(80))
    number: Mapped[str | None] = mapped_column(String(20), unique=True)
    at: Mapped[datetime] = mapped_column(Instant)
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    tax: Mapped[int] = mapped_column(default=0)
    rate: Mapped[str] = mapped_column(String(10), default="")
    place: Mapped[str] = mapped_column(String(2), default="")
    calculation: Mapped[str] = mapped_column(String(80), default="")

    order: Mapped[Order] = relationship()


class DocumentCount(Base):
    """The last number given to a kind of document in a year: counted under a lock, so that none is left out."""

    __tablename__ = "document_counts"

    series: Mapped[str] = mapped_column(String(10), primary_key=True)
    last: Mapped[int] = mapped_column(default=0)


def of_order(session: Session, order_id: int) -> list[TaxPoint]:
    """An order's receipts and credit notes, oldest first."""
    query = select(TaxPoint).where(TaxPoint.order_id == order_id, TaxPoint.number.is_not(None))
    return list(session.scalars(query.order_by(TaxPoint.id)))


def taxed(session: Session, order_id: int) -> int:
    """Minor units of tax in what an order has paid and not got back."""
    query = select(TaxPoint.kind, func.sum(TaxPoint.tax)).where(TaxPoint.order_id == order_id).group_by(TaxPoint.kind)
    sums: dict[str, int] = {kind: int(total) for kind, total in session.execute(query)}
    return sums.get("payment", 0) - sums.get("refund", 0)
