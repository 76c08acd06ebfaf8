"""Money beside the state of an order: what went back, and what is disputed (design.md 3: facts, not states)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Select, String, Text, and_, func, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from storefront.models.db import Base, Instant
from storefront.models.orders import Attempt, Checkout, Order

GONE_BACK = ("pending", "requires_action", "succeeded", "by_hand")
UNDER_WAY = ("pending", "requires_action")
LOST = ("failed", "canceled")
INQUIRY = "warning_"
OPEN_DISPUTE = ("needs_response", "under_review", "appeal_needs_response", "appeal_under_review")


class Refund(Base):
    """Money on its way back, in minor units: one row for each refund at Stripe, ours or made in its dashboard.

    `status` is Stripe's; `by_hand` is money that somebody returned by other means. A refund that failed or was
    cancelled counts no longer: its amount is owed again.
    """

    __tablename__ = "refunds"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint(
            "status IN ('pending', 'requires_action', 'succeeded', 'failed', 'canceled', 'by_hand')", name="status"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    attempt_id: Mapped[int | None] = mapped_column(ForeignKey("attempts.id"), unique=True)
    stripe_id: Mapped[str | None] = mapped_column(String(80), unique=True)
    intent: Mapped[str] = mapped_column(String(64), index=True)
    amount: Mapped[int]
    status: Mapped[str] = mapped_column(String(20))
    failure: Mapped[str] = mapped_column(String(80), default="")
    who: Mapped[str] = mapped_column(String(80))
    why: Mapped[str] = mapped_column(String(500), default="")
    made_at: Mapped[datetime] = mapped_column(Instant)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)

    order: Mapped[Order] = relationship()

    @property
    def counts(self) -> bool:
        """Whether the money has gone back, or is on its way."""
        return self.status in GONE_BACK


class Dispute(Base):
    """A buyer's bank asks for a charge back. `status` is Stripe's; open suspends access, won restores, lost revokes."""

    __tablename__ = "disputes"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    stripe_id: Mapped[str] = mapped_column(String(80), unique=True)
    intent: Mapped[str] = mapped_column(String(64))
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(String(60))
    status: Mapped[str] = mapped_column(String(40))
    opened_at: Mapped[datetime] = mapped_column(Instant)
    due_by: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    submitted_at: Mapped[datetime | None] = mapped_column(Instant)
    submitted_by: Mapped[str] = mapped_column(String(254), default="")

    order: Mapped[Order] = relationship()

    @property
    def open(self) -> bool:
        """Whether money is withdrawn and the bank has not decided; an inquiry takes nothing yet."""
        return self.status in OPEN_DISPUTE

    @property
    def inquiry(self) -> bool:
        """Whether the bank only asks so far."""
        return self.status.startswith(INQUIRY)


class Task(Base):
    """Something only a person can do: what is the matter and what to do about it. Closed by the fact, or by hand."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index(
            "uq_tasks_open",
            "kind",
            "subject",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(80))
    sentence: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    due_by: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_by: Mapped[str] = mapped_column(String(254), default="")

    order: Mapped[Order | None] = relationship()


class Moved(NamedTuple):
    """Minor units of one order: captured, and gone back."""

    captured: int
    refunded: int

    @property
    def net(self) -> int:
        """What the shop has of it."""
        return self.captured - self.refunded


def moved(session: Session, order_id: int) -> Moved:
    """The fold of an order's ledger: what its attempts captured, what its refunds returned."""
    into = select(func.coalesce(func.sum(Attempt.moved), 0)).where(Attempt.order_id == order_id)
    back = select(func.coalesce(func.sum(Refund.amount), 0)).where(Refund.order_id == order_id)
    return Moved(
        session.scalars(into).one(),
        session.scalars(back.where(Refund.status.in_(GONE_BACK))).one(),
    )


def kept(session: Session, orders: Select[int]) -> dict[int, int]:
    """What is left of each order's money after what went back, in minor units; orders of which nothing came are left out."""
    into = select(Attempt.order_id, func.sum(Attempt.moved)).where(Attempt.order_id.in_(orders), Attempt.moved > 0)
    back = select(Refund.order_id, func.sum(Refund.amount)).where(Refund.order_id.in_(orders))
    went = session.execute(back.where(Refund.status.in_(GONE_BACK)).group_by(Refund.order_id))
    gone = {order_id: int(amount) for order_id, amount in went}
    came = session.execute(into.group_by(Attempt.order_id))
    return {order_id: int(amount) - gone.get(order_id, 0) for order_id, amount in came}


def payments(session: Session, order: Order) -> dict[str, Moved]:
    """The same for each payment of the order, by its intent: a repeated visit may have paid a second time."""
    visits = {each.attempt_id: each.intent for each in order.checkouts}
    captured: dict[str, int] = {}
    for each in order.attempts:
        if each.moved:
            intent = visits.get(each.id) or each.stripe_id or ""
            captured[intent] = captured.get(intent, 0) + each.moved
    back = select(Refund.intent, func.sum(Refund.amount)).where(Refund.order_id == order.id)
    sums = session.execute(back.where(Refund.status.in_(GONE_BACK)).group_by(Refund.intent))
    refunded: dict[str, int] = {intent: int(total) for intent, total in sums}
    return {intent: Moved(amount, refunded.get(intent, 0)) for intent, amount in captured.items()}


def parts_owed(session: Session, order_id: int) -> int:
    """What is owed of parts that did not arrive, less what went back since; never more than what is left."""
    begun = func.coalesce(Attempt.opened_at, Refund.made_at)  # by our clock, where it is a refund of ours
    query = select(Refund, begun).outerjoin(Attempt, Attempt.id == Refund.attempt_id).where(Refund.order_id == order_id)
    rows = session.execute(query).all()
    lost = [(each.settled_at or at, 0, each.amount) for each, at in rows if each.status in LOST]
    since = [(at, 1, -each.amount) for each, at in rows if each.counts]
    owed = 0
    for _, _, amount in sorted(lost + since):
        owed = max(0, owed + amount)
    return min(owed, max(0, moved(session, order_id).net))


def order_of_payment(session: Session, intent: str) -> int | None:
    """The order that a payment at Stripe belongs to, by what our rows say of it."""
    if not intent:
        return None
    by_visit = select(Checkout.order_id).where(Checkout.intent == intent)
    by_attempt = select(Attempt.order_id).where(Attempt.stripe_id == intent, Attempt.kind.in_(("charge", "capture")))
    return session.scalar(by_visit.limit(1)) or session.scalar(by_attempt.limit(1))


_its_payment = or_(Order.paid_intent.is_(None), Dispute.intent == Order.paid_intent)
_lost_its_money = and_(Dispute.status == "lost", _its_payment)
shut = or_(Dispute.status.in_(OPEN_DISPUTE), _lost_its_money)


def disputed(session: Session, order_id: int) -> bool:
    """Whether a dispute of this order is open, or the payment that it lives on was lost: then nothing is refunded, and
    access stays shut. One that was paid a second time and lost takes nothing from the first (design.md 8, 2).
    """
    return bool(disputed_of(session, [order_id]))


def disputed_of(session: Session, order_ids: Sequence[int]) -> set[int]:
    """Those of many orders that are disputed."""
    query = select(Dispute.order_id).join(Order, Order.id == Dispute.order_id)
    return set(session.scalars(query.where(Dispute.order_id.in_(order_ids), shut)))


def lost_to_the_bank(session: Session, order_id: int, intent: str | None = None) -> bool:
    """Whether the payment that this order lives on, or another one of it, was lost: its buyer has that money back already."""
    query = select(Dispute.id).join(Order, Order.id == Dispute.order_id).where(Dispute.order_id == order_id)
    its = _its_payment if intent is None else Dispute.intent == intent
    return session.scalars(query.where(Dispute.status == "lost", its).limit(1)).first() is not None


def lives_on(order: Order, row: Dispute) -> bool:
    """Whether what is disputed is the payment that the order lives on, or all it ever had."""
    return order.paid_intent in {None, row.intent}


def left(session: Session, order: Order) -> dict[str, int]:
    """What can go back of each payment, in minor units; what was paid a second time and lost to a bank has gone already."""
    return {
        intent: paid.net
        for intent, paid in payments(session, order).items()
        if paid.net > 0 and (intent == order.paid_intent or not lost_to_the_bank(session, order.id, intent))
    }


no_open_dispute = ~select(Dispute.id).where(Dispute.order_id == Order.id, Dispute.status.in_(OPEN_DISPUTE)).exists()
not_disputed = ~select(Dispute.id).where(Dispute.order_id == Order.id, shut).exists()
not_lost = ~select(Dispute.id).where(Dispute.order_id == Order.id, _lost_its_money).exists()
no_refund_task = (
    ~select(Task.id).where(Task.order_id == Order.id, Task.closed_at.is_(None), Task.kind == "refund").exists()
)
