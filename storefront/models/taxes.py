"""Tax points: what was taxed when, where and at which rate; payments and refunds have a document of their own number."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Select,
    String,
    UniqueConstraint,
    cast,
    event,
    exists,
    func,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column, relationship

from storefront.models.db import Base, Instant
from storefront.models.money import GONE_BACK, Refund
from storefront.models.orders import Attempt, Checkout, Order


class TaxPoint(Base):
    """A hold, a payment or a refund as the tax office sees it. `amount` includes `tax`; both in minor units.

    `at` is when it happened, `issued_at` when it was recorded and got its number. `number` is the document's: R-… for a
    receipt, C-… for a credit note, without gaps; a hold has none. `rate` is a percentage as text ("19"), `tax_name` what
    Stripe calls the tax ("vat"), `place` the buyer's country; they are empty where tax is not reckoned. `about_id`: the
    receipt that a credit note takes from; or, of a payment, the credit note whose refund did not arrive. `paper` is what
    else stands on the document, as it was on that day. A row never changes.
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
    tax_name: Mapped[str] = mapped_column(String(30), default="")
    issued_at: Mapped[datetime] = mapped_column(Instant)
    about_id: Mapped[int | None] = mapped_column(ForeignKey("tax_points.id"), index=True)
    paper: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)

    order: Mapped[Order] = relationship()
    about: Mapped["TaxPoint | None"] = relationship(remote_side="TaxPoint.id")


class NeverChanges(Exception):
    """A document that was issued is what it is; another one corrects it."""


@event.listens_for(TaxPoint, "before_update")
@event.listens_for(TaxPoint, "before_delete")
def _refuse(_mapper: object, _connection: object, point: TaxPoint) -> None:
    raise NeverChanges(f"{point.number or point.stripe_id} was recorded on {point.issued_at:%Y-%m-%d}.")


class Calculation(Base):
    """Tax that Stripe has reckoned for a payment that is about to be made; `amount` includes `tax`, in minor units."""

    __tablename__ = "calculations"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    stripe_id: Mapped[str] = mapped_column(String(80), unique=True)
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    address: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    tax: Mapped[int]
    rate: Mapped[str] = mapped_column(String(10))
    tax_name: Mapped[str] = mapped_column(String(30))
    place: Mapped[str] = mapped_column(String(2))
    made_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)


class DocumentCount(Base):
    """The last number given to a kind of document in a year: counted under a lock, so that none is left out."""

    __tablename__ = "document_counts"

    series: Mapped[str] = mapped_column(String(10), primary_key=True)
    last: Mapped[int] = mapped_column(default=0)


def count(session: Session, series: str, by: int = 1) -> int:
    """The next number of a series, from 1. The row stays locked until the end: a number is given or was never taken."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    fresh = insert(DocumentCount).values(series=series, last=by)
    counted = fresh.on_conflict_do_update(index_elements=["series"], set_={"last": DocumentCount.last + by})
    return session.scalars(counted.returning(DocumentCount.last)).one()


def point(session: Session, kind: str, stripe_id: str) -> TaxPoint | None:
    """What was recorded for a hold, a payment or a refund."""
    return session.scalar(select(TaxPoint).where(TaxPoint.kind == kind, TaxPoint.stripe_id == stripe_id))


def paper(session: Session, order_id: int, number: str) -> TaxPoint | None:
    """A document of an order by its number."""
    return session.scalar(select(TaxPoint).where(TaxPoint.order_id == order_id, TaxPoint.number == number))


class Credited(NamedTuple):
    """Minor units that went back of a receipt, and the tax in them."""

    amount: int
    tax: int


def credited(session: Session, receipt_id: int) -> Credited:
    """What the credit notes of a receipt come to, without those that were taken back."""
    taken = aliased(TaxPoint)
    took_back = select(taken.id).where(taken.about_id == TaxPoint.id, taken.kind == "payment")
    sums = select(func.coalesce(func.sum(TaxPoint.amount), 0), func.coalesce(func.sum(TaxPoint.tax), 0))
    query = sums.where(TaxPoint.kind == "refund", TaxPoint.about_id == receipt_id, ~took_back.exists())
    amount, inside = session.execute(query).one()
    return Credited(int(amount), int(inside))


def without_receipt() -> Select[int]:
    """The attempts that brought money of which there is no receipt, oldest first."""
    visit = select(Checkout.intent).where(Checkout.attempt_id == Attempt.id).correlate(Attempt).scalar_subquery()
    receipt = exists().where(TaxPoint.kind == "payment", TaxPoint.stripe_id == func.coalesce(visit, Attempt.stripe_id))
    return select(Attempt.id).where(Attempt.moved > 0, ~receipt).order_by(Attempt.closed_at, Attempt.id)


def without_credit() -> Select[int]:
    """The refunds on their way or done of which there is no credit note, oldest first."""
    named = func.coalesce(Refund.stripe_id, literal("by_hand:") + cast(Refund.id, String))
    credit = exists().where(TaxPoint.kind == "refund", TaxPoint.stripe_id == named)
    return select(Refund.id).where(Refund.status.in_(GONE_BACK), ~credit).order_by(Refund.made_at, Refund.id)


def of_order(session: Session, order_id: int) -> list[TaxPoint]:
    """An order's receipts and credit notes, oldest first."""
    query = select(TaxPoint).where(TaxPoint.order_id == order_id, TaxPoint.number.is_not(None))
    return list(session.scalars(query.order_by(TaxPoint.id)))


def taxed(session: Session, order_id: int) -> int:
    """Minor units of tax in what an order has paid and not got back."""
    query = select(TaxPoint.kind, func.sum(TaxPoint.tax)).where(TaxPoint.order_id == order_id).group_by(TaxPoint.kind)
    sums: dict[str, int] = {kind: int(total) for kind, total in session.execute(query)}
    return sums.get("payment", 0) - sums.get("refund", 0)
