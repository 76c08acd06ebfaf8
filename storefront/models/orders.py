"""Orders, what was promised, how they were secured, and everything that happened to them."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from storefront.models.db import At, Base, Instant, fresh_id
from storefront.models.log import LogRow
from storefront.models.policies import Policy
from storefront.models.products import Launch, Offer, Product


class Order(Base):
    """One product, one buyer, one price, one promise. `state` changes only through `actions.moving.move`.

    `card_print` is Stripe's fingerprint of the card, `card_until` the instant from which it is no longer valid, `address`
    as much of its bill's address as tax hangs on: country, state, postal code.
    A live hold `serves_until` an instant a margin before `capture_before`: launches up to then need no other.
    `decline` on a held order says that another card has taken the place of the one that its hold was agreed to with.
    `episode` counts how often the payment failed and was repaired; `next_try_at` is our own next try.
    `delay_due_at`: when the delay rules change it by themselves, silence or a date that was missed.
    `bounced_at`: letters to its address come back, as `bounce` says; none is mailed until it is corrected or confirmed.
    A back-order is in the queue from `queued_at` on, and has its unit since `allocated_at`, by the launch `restock_id`.
    """

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("kind IN ('pre_order', 'purchase', 'back_order')", name="kind"),
        CheckConstraint("mode IN ('hold', 'save_card', 'pay_now')", name="mode"),
        CheckConstraint(
            "state IN ('placed', 'reserved', 'held', 'paid', 'past_due', 'expired', 'cancelled', 'refunded')",
            name="state",
        ),
        CheckConstraint("price > 0", name="price"),
        Index("ix_orders_product_state", "product_id", "state"),
        Index("ix_orders_email_state", "email", "state"),
        Index(
            "ix_orders_queue",
            "product_id",
            "queued_at",
            sqlite_where=text("queued_at IS NOT NULL AND allocated_at IS NULL"),
            postgresql_where=text("queued_at IS NOT NULL AND allocated_at IS NULL"),
        ),
        Index(
            "ix_orders_delay",
            "delay_due_at",
            sqlite_where=text("delay_due_at IS NOT NULL"),
            postgresql_where=text("delay_due_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    nonce: Mapped[str] = mapped_column(String(64), unique=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    offer_id: Mapped[int] = mapped_column(ForeignKey("offers.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    mode: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10), default="placed")
    email: Mapped[str] = mapped_column(String(254))
    currency: Mapped[str] = mapped_column(String(3))
    price: Mapped[int]
    unit: Mapped[bool] = mapped_column(default=True)
    placed_at: Mapped[datetime] = mapped_column(Instant)
    placed_from: Mapped[str] = mapped_column(String(64), index=True)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    promise_version: Mapped[int] = mapped_column(default=1)
    link_generation: Mapped[int] = mapped_column(default=1)
    link_sha256: Mapped[str] = mapped_column(String(64), unique=True)

    customer: Mapped[str | None] = mapped_column(String(64))
    payment_method: Mapped[str | None] = mapped_column(String(64))
    card: Mapped[str] = mapped_column(String(40), default="")
    card_print: Mapped[str] = mapped_column(String(64), default="")
    card_until: Mapped[datetime | None] = mapped_column(Instant)
    address: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    hold_intent: Mapped[str | None] = mapped_column(String(64), index=True)
    capture_before: Mapped[datetime | None] = mapped_column(Instant)
    serves_until: Mapped[datetime | None] = mapped_column(Instant)
    paid_intent: Mapped[str | None] = mapped_column(String(64), index=True)
    stray_intent: Mapped[str | None] = mapped_column(String(64))
    preflight_at: Mapped[datetime | None] = mapped_column(Instant)
    retry_at: Mapped[datetime | None] = mapped_column(Instant)

    declined_at: Mapped[datetime | None] = mapped_column(Instant)
    decline: Mapped[str] = mapped_column(String(80), default="")
    decline_class: Mapped[str] = mapped_column(String(20), default="")
    episode: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None] = mapped_column(Instant)
    grace_until: Mapped[datetime | None] = mapped_column(Instant)
    delay_due_at: Mapped[datetime | None] = mapped_column(Instant)
    queued_at: Mapped[datetime | None] = mapped_column(Instant)
    allocated_at: Mapped[datetime | None] = mapped_column(Instant)
    restock_id: Mapped[int | None] = mapped_column(ForeignKey("launches.id"), index=True)
    bounced_at: Mapped[datetime | None] = mapped_column(Instant)
    bounce: Mapped[str] = mapped_column(String(300), default="")
    cancel_wished_at: Mapped[datetime | None] = mapped_column(Instant)
    cancel_who: Mapped[str] = mapped_column(String(80), default="")
    cancel_why: Mapped[str] = mapped_column(String(500), default="")

    product: Mapped[Product] = relationship()
    offer: Mapped[Offer] = relationship()
    promises: Mapped[list["Promise"]] = relationship(order_by="Promise.version")
    checkouts: Mapped[list["Checkout"]] = relationship(order_by="Checkout.id")
    attempts: Mapped[list["Attempt"]] = relationship(order_by="Attempt.id")
    history: Mapped[list[LogRow]] = relationship(order_by=LogRow.id)

    @property
    def mark(self) -> str:
        """What stands in the metadata of everything made for it at Stripe: its id, and a part that no other shop has."""
        return f"{self.id}:{self.nonce[:12]}"

    @property
    def released_at(self) -> datetime | None:
        """When what was ordered was there for it: at its launch, or with its unit for a back-order."""
        return self.allocated_at if self.kind == "back_order" else self.product.launch.launched_at

    @property
    def promise(self) -> "Promise":
        """What the buyer was told last."""
        return self.promises[-1]


class Promise(Base):
    """What a buyer was told: a new version for each change, never edited.

    `undated`: the day is off and none could be named; `by` is then the last one there was.
    """

    __tablename__ = "promises"
    __table_args__ = (UniqueConstraint("order_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    version: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(Instant)
    cause: Mapped[str] = mapped_column(String(500))
    launch_generation: Mapped[int]
    not_before: Mapped[datetime | None] = mapped_column(Instant)
    by: Mapped[datetime] = mapped_column(Instant)
    undated: Mapped[bool] = mapped_column(default=False)
    wall: Mapped[str] = mapped_column(String(16))
    zone: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(Text)
    bonuses: Mapped[list[str]] = mapped_column(JSON, default=list)
    price: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    policy: Mapped[str] = mapped_column(Text)
    policy_version: Mapped[str] = mapped_column(String(16), default="")
    withdraw_days: Mapped[int] = mapped_column(default=14)
    consent: Mapped[str] = mapped_column(Text, default="")


class Checkout(Base):
    """One visit to Stripe. `won` says whether it secured its order; what a lost one secured is released."""

    __tablename__ = "checkouts"
    __table_args__ = (
        CheckConstraint("purpose IN ('place', 'repair', 'card')", name="purpose"),
        Index(
            "ix_checkouts_open",
            "expires_at",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), unique=True)
    purpose: Mapped[str] = mapped_column(String(10))
    mode: Mapped[str] = mapped_column(String(10))
    session_id: Mapped[str] = mapped_column(String(80), unique=True)
    url: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    won: Mapped[bool | None]
    intent: Mapped[str | None] = mapped_column(String(64), index=True)
    payment_method: Mapped[str | None] = mapped_column(String(64))
    released_at: Mapped[datetime | None] = mapped_column(Instant)


class Attempt(Base):
    """One intended call to Stripe that moves or releases money, committed before it is made.

    `outcome` is None while it is open; an order has at most one open attempt. `moved`: minor units captured, once
    known. `card_print`: the card that was asked, for the networks' limits on retries. `who` wanted it, and `why`.
    """

    __tablename__ = "attempts"
    __table_args__ = (
        CheckConstraint("outcome IN ('done', 'declined', 'failed')", name="outcome"),
        Index(
            "uq_attempts_open",
            "order_id",
            unique=True,
            sqlite_where=text("outcome IS NULL"),
            postgresql_where=text("outcome IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    generation: Mapped[int]
    key: Mapped[str] = mapped_column(String(80), unique=True)
    target: Mapped[str] = mapped_column(String(80), default="")
    body: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    leased_until: Mapped[datetime] = mapped_column(Instant)
    tries: Mapped[int] = mapped_column(default=1)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    outcome: Mapped[str | None] = mapped_column(String(10))
    stripe_id: Mapped[str | None] = mapped_column(String(80))
    moved: Mapped[int] = mapped_column(default=0)
    card_print: Mapped[str] = mapped_column(String(64), default="", index=True)
    who: Mapped[str] = mapped_column(String(254), default="worker")
    why: Mapped[str] = mapped_column(String(500), default="")
    detail: Mapped[str] = mapped_column(String(200), default="")


LONGEST_ID = 18
ENDED = ("expired", "cancelled", "refunded")
LIVE = ("placed", "reserved", "held", "past_due", "paid")

no_open_attempt = ~exists().where(Attempt.order_id == Order.id, Attempt.outcome.is_(None))
no_open_visit = ~exists().where(Checkout.order_id == Order.id, Checkout.closed_at.is_(None))
not_leaving = Order.cancel_wished_at.is_(None)
allocated = or_(Order.kind != "back_order", Order.allocated_at.is_not(None))


def by_link(session: Session, sha256: str) -> Order | None:
    """The order behind a link token's fingerprint."""
    return session.scalar(select(Order).where(Order.link_sha256 == sha256))


def by_mark(session: Session, mark: str) -> Order | None:
    """The order that a mark of ours names, locked; None for anything else that may stand there."""
    ident, _, _ = mark.partition(":")
    if not (ident.isascii() and ident.isdigit() and len(ident) <= LONGEST_ID):
        return None
    order = session.get(Order, int(ident), with_for_update=True)
    return order if order is not None and order.mark == mark else None


def is_known(session: Session, nonce: str) -> bool:
    """Whether the form has placed its order."""
    return bool(session.scalar(select(exists().where(Order.nonce == nonce))))


def zones(session: Session, order_ids: Sequence[int]) -> dict[int, str]:
    """The zone in which each of many orders was promised its day."""
    query = select(Promise.order_id, Promise.zone).where(Promise.order_id.in_(order_ids)).order_by(Promise.version)
    return {each.order_id: each.zone for each in session.execute(query)}


class Before(NamedTuple):
    """What there is before an order: its id, whether its form has placed one already and its policy is kept, how many
    wait at Stripe.
    """

    id: int
    known: bool
    kept: bool
    by_mail: int
    by_place: int


def before(session: Session, nonce: str, policy: str, email: str, placed_from: str) -> Before:
    """Ask for what is known of a form, a policy's version, an address and a place on the network, in one statement."""
    asked = {"its_nonce": nonce, "its_policy": policy, "its_email": email, "its_place": placed_from}
    return Before(*session.execute(_before(session.get_bind().dialect.name), asked).one())


@cache
def _before(dialect: str) -> Select[Any]:
    known = exists().where(Order.nonce == bindparam("its_nonce"))
    mail, place = (
        select(func.count(Order.id)).where(Order.state == "placed", condition).scalar_subquery()
        for condition in (Order.email == bindparam("its_email"), Order.placed_from == bindparam("its_place"))
    )
    kept = exists().where(Policy.version == bindparam("its_policy"))
    return select(fresh_id(dialect, Order), known, kept, mail, place)


def call_open(session: Session, order_id: int) -> bool:
    """Whether a call of this order has no outcome yet: it is the order's lock."""
    query = select(Attempt.id).where(Attempt.order_id == order_id, Attempt.outcome.is_(None))
    return session.scalar(query) is not None


def visit_open(session: Session, order_id: int) -> bool:
    """Whether its buyer is at Stripe, or was, and nobody has asked how that ended."""
    query = select(Checkout.id).where(Checkout.order_id == order_id, Checkout.closed_at.is_(None))
    return session.scalar(query.limit(1)) is not None


_opened = (Launch.product_id == Order.product_id, Launch.kind == "product", Launch.launched_at.is_not(None))
product_is_out = select(Launch.id).where(*_opened).correlate(Order).exists()


def launched(now: At) -> Any:  # noqa: ANN401 (an SQL condition)
    """The condition that an order's product is out, its unit is there and nobody was promised a later charge."""
    told = select(Promise.not_before).where(Promise.order_id == Order.id, Promise.version == Order.promise_version)
    not_before = told.correlate(Order).scalar_subquery()
    return and_(product_is_out, Order.unit, allocated, or_(not_before.is_(None), not_before <= now))


def is_out(session: Session, order: Order, now: datetime) -> bool:
    """Whether an order's product is out and nobody promised it a later charge, with what was just changed."""
    session.flush()
    return session.scalar(select(Order.id).where(Order.id == order.id, launched(now))) is not None


def not_resting(now: At) -> Any:  # noqa: ANN401 (an SQL condition)
    """The condition that an order is not left alone for a moment, after a call that did nothing."""
    return or_(Order.retry_at.is_(None), Order.retry_at <= now)
