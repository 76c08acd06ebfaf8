"""Checking: every broken invariant of a live database, in a sentence each (design.md 8)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Subquery, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from storefront.models.events import StripeEvent
from storefront.models.grants import Grant
from storefront.models.letters import Letter
from storefront.models.log import LogRow
from storefront.models.orders import ENDED, LIVE, Attempt, Checkout, Order, Promise, launched, no_open_attempt
from storefront.models.products import Launch, Offer, Product
from storefront.models.stock import UnitMove
from storefront.rules.order import TRANSITIONS, State

PATIENCE = timedelta(minutes=10)
UNKNOWN_AFTER = timedelta(hours=24)


def check(session: Session, now: datetime) -> list[str]:
    """What is broken, as sentences that name the row; empty when nothing is."""
    checks = (_money, _access, _units, _ends, _letters, _promises, _history, _waiting)
    return [sentence for each in checks for sentence in each(session, now)]


def _sums() -> Subquery:
    into = func.sum(case((Attempt.kind == "refund", 0), else_=Attempt.moved))
    back = func.sum(case((Attempt.kind == "refund", Attempt.moved), else_=0))
    return select(Attempt.order_id, into.label("into"), back.label("back")).group_by(Attempt.order_id).subquery()


def _money(session: Session, now: datetime) -> Iterator[str]:
    del now
    sums = _sums()
    query = select(Order, sums.c.into, sums.c.back).join(sums, sums.c.order_id == Order.id)
    for order, into, back in session.execute(query):
        if back > into:
            yield f"Money: order {order.number} was given back {back}, more than the {into} it paid."
        if order.state == "paid" and into - back <= 0:
            yield f"Money: order {order.number} is paid, and the ledger has {into - back}."
        if order.state in ("reserved", "held", "past_due") and into > back:
            yield f"Money: order {order.number} is {order.state}, and the ledger has {into - back}."
        if into - back > order.price:
            yield f"Money: order {order.number} paid {into - back}, more than its price of {order.price}."
    early = select(Order).join(Promise, and_(Promise.order_id == Order.id, Promise.version == Order.promise_version))
    early = early.join(Attempt, Attempt.order_id == Order.id).where(Attempt.kind.in_(["capture", "charge"]))
    for order in session.scalars(early.where(Attempt.moved > 0, Attempt.closed_at < Promise.not_before)):
        yield f"Money: order {order.number} was charged before the day it was promised."


def _access(session: Session, now: datetime) -> Iterator[str]:
    live = exists().where(Grant.order_id == Order.id, Grant.suspended_at.is_(None), Grant.revoked_at.is_(None))
    late = Order.product_id.in_(select(Launch.product_id).where(Launch.launched_at <= now - PATIENCE))
    owed = select(Order).where(Order.state == "paid", launched(now), late, ~live, Order.cancel_wished_at.is_(None))
    for order in session.scalars(owed):
        yield f"Access: order {order.number} is paid and launched, and has no live grant."
    for order in session.scalars(
        select(Order).where(live, or_(Order.state.in_(("past_due", "reserved", "placed", *ENDED)), ~launched(now)))
    ):
        yield f"Access: order {order.number} is {order.state}, and has a live grant."


def _units(session: Session, now: datetime) -> Iterator[str]:
    del now
    for table, column in ((Product, Order.product_id), (Offer, Order.offer_id)):
        live = select(func.count(Order.id)).where(column == table.id, Order.unit).scalar_subquery()
        for row, orders in session.execute(select(table, live).where(table.taken != live)):
            yield f"Units: {table.__tablename__[:-1]} {row.id} counts {row.taken} taken, and its live orders have {orders}."
    for order in session.scalars(select(Order).where(Order.unit != Order.state.in_(LIVE))):
        yield f"Units: order {order.number} is {order.state}, and {'has' if order.unit else 'lacks'} a unit."
    moves = select(func.coalesce(func.sum(UnitMove.change), 0)).where(UnitMove.order_id == Order.id).scalar_subquery()
    for order in session.scalars(select(Order).where(moves != case((Order.unit, 1), else_=0))):
        yield f"Units: the movements of order {order.number} do not add up to what it has."


def _ends(session: Session, now: datetime) -> Iterator[str]:
    old = or_(Order.ended_at.is_(None), Order.ended_at <= now - PATIENCE)
    for order in session.scalars(select(Order).where(Order.state.in_(ENDED), Order.hold_intent.is_not(None), old)):
        yield f"Ends: order {order.number} has ended, and its hold {order.hold_intent} is open."
    saved = Order.payment_method.is_not(None)
    for order in session.scalars(select(Order).where(Order.state.in_(ENDED), saved, old, no_open_attempt)):
        yield f"Ends: order {order.number} has ended, and its card is still saved."
    lost = and_(Checkout.won.is_(False), Checkout.released_at.is_(None), Checkout.closed_at <= now - PATIENCE)
    for visit in session.scalars(select(Checkout).where(lost)):
        yield f"Ends: visit {visit.session_id} secured money for an order that had ended, and holds it still."


def _letters(session: Session, now: datetime) -> Iterator[str]:
    silent = and_(Letter.sent_at.is_(None), Letter.dropped_at.is_(None), Letter.owed_at <= now - UNKNOWN_AFTER)
    for letter in session.scalars(select(Letter).where(silent)):
        yield f"Letters: {letter.kind} for order {letter.order.number} has been owed since {letter.owed_at:%Y-%m-%d %H:%M} UTC: {letter.trouble or 'not tried'}."
    told = exists().where(Letter.order_id == Order.id, Letter.kind == "moved", Letter.version == Order.promise_version)
    for order in session.scalars(select(Order).where(Order.promise_version > 1, ~told)):
        yield f"Letters: order {order.number} was moved, and no letter says so."
    opened = exists().where(Letter.order_id == Grant.order_id, Letter.kind == "access")
    for grant in session.scalars(select(Grant).where(~opened)):
        yield f"Letters: order {grant.order.number} has access, and no letter says so."


def _promises(session: Session, now: datetime) -> Iterator[str]:
    del now
    kept = exists().where(
        Promise.order_id == Order.id, Promise.version == Order.promise_version, Promise.price == Order.price
    )
    for order in session.scalars(select(Order).where(~kept)):
        yield f"Promises: order {order.number} has no promise of version {order.promise_version} at its price."


def _history(session: Session, now: datetime) -> Iterator[str]:
    del now
    state: dict[int, str | None] = {}
    for row in session.scalars(select(LogRow).order_by(LogRow.order_id, LogRow.id)):
        before = state.get(row.order_id)
        if row.before != before or (before and State(row.after) not in TRANSITIONS[State(before)]):
            yield f"Log: row {row.id} moves order {row.order_id} from {row.before} to {row.after}, and it stood at {before}."
        state[row.order_id] = row.after
    for order_id, number, stands in session.execute(select(Order.id, Order.number, Order.state)):
        if state.get(order_id) != stands:
            yield f"Log: order {number} is {stands}, and its log ends at {state.get(order_id)}."


def _waiting(session: Session, now: datetime) -> Iterator[str]:
    unknown = and_(StripeEvent.done_at.is_(None), StripeEvent.received_at <= now - UNKNOWN_AFTER)
    for event in session.scalars(select(StripeEvent).where(unknown)):
        yield f"Events: {event.id} ({event.type}) speaks of {event.object_id}, which nothing here knows, for over 24 hours."
    for launch in session.scalars(select(Launch).where(Launch.launched_at.is_(None), Launch.at <= now - PATIENCE)):
        yield f"Launch: {launch.product.slug} was due at {launch.at:%Y-%m-%d %H:%M} UTC and is not out. Does the worker run?"
    stuck = and_(Attempt.outcome.is_(None), Attempt.opened_at <= now - timedelta(hours=1))
    for attempt in session.scalars(select(Attempt).where(stuck)):
        yield f"Attempts: {attempt.key} is open for over an hour: {attempt.detail or 'no answer'}."
    due = select(Order).join(Launch, Launch.product_id == Order.product_id)
    waiting = due.where(
        Order.state.in_(["held", "reserved"]),
        launched(now),
        Order.cancel_wished_at.is_(None),
        Launch.launched_at <= now - timedelta(hours=1),
    )
    for order in session.scalars(waiting):
        yield f"Money: order {order.number} has been due for over an hour, and is {order.state}."
