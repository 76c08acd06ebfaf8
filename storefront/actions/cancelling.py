"""Cancelling: note the wish, then let go of what the order holds, one step a call, until it has ended (policies.md 2)."""

from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from storefront.actions.attempting import Record, begin, carry_out
from storefront.actions.granting import revoke
from storefront.actions.moving import move
from storefront.actions.owing import owe
from storefront.actions.patience import for_each
from storefront.actions.refunding import record_refund, refund
from storefront.actions.settling import settle
from storefront.actions.stocking import give_back
from storefront.models.db import Database, changed
from storefront.models.orders import LIVE, Attempt, Checkout, Order, no_open_attempt, not_resting
from storefront.outside.stripe_gateway import Done, Outcome
from storefront.outside.world import Outside
from storefront.rules.order import State

Release = tuple[Attempt | None, Record]


def wish(session: Session, order: Order, *, who: str, why: str, now: datetime) -> bool:
    """Note that an order is to be cancelled: from here on nothing new is charged. False: it has ended, or opened."""
    change = update(Order).where(Order.id == order.id, Order.cancel_wished_at.is_(None), Order.state.in_(LIVE))
    return changed(session, change.values(cancel_wished_at=now, cancel_who=who, cancel_why=why[:500]))


def cancel(outside: Outside, db: Database, order_id: int, *, who: str, why: str, now: datetime) -> None:
    """Cancel an order. Raises StripeSilent where Stripe must be asked first; the worker then goes on with it."""
    with db.write() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        wish(session, order, who=who, why=why, now=now)
    follow(outside, db, order_id, now)


def follow(outside: Outside, db: Database, order_id: int, now: datetime) -> None:
    """Take the next step of a wished cancellation: end visits, void the hold, give money back, or close."""
    settle(outside, db, order_id, now, end=True)
    with db.read() as session:
        order = session.get_one(Order, order_id)
        state, hold = order.state, order.hold_intent
    if state == State.PAID:
        refund(outside, db, order_id, now)
    elif state == State.HELD and hold:
        void_hold(outside, db, order_id, now)
    elif state in {State.RESERVED, State.PAST_DUE}:
        with db.write() as session:
            close(session, session.get_one(Order, order_id, with_for_update=True), now)


def void_hold(outside: Outside, db: Database, order_id: int, now: datetime) -> None:
    """Release the hold of an order that is leaving."""
    with db.write() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        if order.state != State.HELD or not order.hold_intent or not order.cancel_wished_at:
            return
        attempt = begin(session, order, "void", now, target=order.hold_intent)
    if attempt is not None:
        carry_out(outside, db, attempt, record_void, now)


def record_void(
    session: Session, outside: Outside, order: Order, attempt: Attempt, outcome: Outcome, now: datetime
) -> None:
    """The hold is proved void: an order that is leaving has ended; elsewhere the intent is forgotten."""
    if not isinstance(outcome, Done):
        return
    del outside
    for visit in order.checkouts:
        if visit.intent == attempt.target and visit.won is False:
            visit.released_at = now
    if order.stray_intent == attempt.target:
        order.stray_intent = None
    if order.hold_intent == attempt.target and order.state == State.HELD:
        close(session, order, now)


def close(session: Session, order: Order, now: datetime) -> None:
    """End an order that is leaving: access ends, the unit back, the buyer told. The card is detached by `tidy_due`."""
    if not _free_to_close(session, order):
        return
    who, why = order.cancel_who, order.cancel_why or "cancelled"
    facts = {"hold_intent": None, "capture_before": None, "preflight_at": None, "ended_at": now}
    before = [State.RESERVED, State.HELD, State.PAST_DUE]
    if move(session, order, before, State.CANCELLED, who=who, why=why, at=now, **facts):
        revoke(session, order, now)
        give_back(session, order, "cancelled", now)
        owe(session, order, "cancelled", now)


def _free_to_close(session: Session, order: Order) -> bool:
    """Nothing is under way: an open attempt may still secure money, so its outcome is awaited; nor is a visit open."""
    busy = select(Attempt.id).where(Attempt.order_id == order.id, Attempt.outcome.is_(None))
    visiting = select(Checkout.id).where(Checkout.order_id == order.id, Checkout.closed_at.is_(None))
    return bool(order.cancel_wished_at) and not session.scalar(busy) and not session.scalar(visiting)


def cancel_due(outside: Outside, db: Database, now: datetime, limit: int = 25) -> int:
    """Go on with wished cancellations, and cancel what was not repaired in its grace. Returns how many."""
    with db.write() as session:
        over = select(Order).where(
            Order.state == "past_due", Order.grace_until <= now, Order.cancel_wished_at.is_(None)
        )
        for order in session.scalars(over.limit(limit)):
            wish(session, order, who="grace", why="the card was not repaired in time", now=now)
    leaving = select(Order.id).where(Order.cancel_wished_at.is_not(None), Order.state.in_(LIVE), no_open_attempt)
    with db.read() as session:
        ids = session.scalars(leaving.order_by(Order.id).limit(limit)).all()
    return for_each(ids, lambda order_id: follow(outside, db, order_id, now))


def tidy_due(outside: Outside, db: Database, now: datetime, limit: int = 25) -> int:
    """Leave nothing open or saved without a reason: stray intents, what lost visits secured, cards of ended orders,
    and cards that a repair replaced.
    """
    done = Order.state.in_(["paid", "expired", "cancelled", "refunded"])
    lost = select(Checkout.id).where(
        Checkout.order_id == Order.id, Checkout.won.is_(False), Checkout.released_at.is_(None)
    )
    other = or_(Order.payment_method.is_(None), Checkout.payment_method != Order.payment_method)
    replaced = select(Checkout.id).where(
        Checkout.order_id == Order.id, Checkout.won.is_(True), Checkout.payment_method.is_not(None), other
    )
    untidy = or_(
        done & Order.payment_method.is_not(None),
        Order.stray_intent.is_not(None),
        lost.exists(),
        replaced.exists(),
    )
    with db.read() as session:
        query = select(Order.id).where(untidy, no_open_attempt, not_resting(now))
        ids = session.scalars(query.order_by(Order.id).limit(limit)).all()
    return for_each(ids, lambda order_id: _tidy(outside, db, order_id, now))


def _tidy(outside: Outside, db: Database, order_id: int, now: datetime) -> None:
    with db.write() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        attempt, record = _next_release(session, order, now)
    if attempt is not None:
        carry_out(outside, db, attempt, record, now)


def _next_release(session: Session, order: Order, now: datetime) -> Release:
    if order.stray_intent:
        return begin(session, order, "void", now, target=order.stray_intent), record_void
    for visit in order.checkouts:
        if visit.won is False and visit.released_at is None:
            return _release(session, order, visit, now)
        if visit.won and visit.payment_method and visit.payment_method != order.payment_method:
            return begin(session, order, "detach", now, target=visit.payment_method), record_detach
    if order.payment_method and order.state in {"paid", "expired", "cancelled", "refunded"}:
        return begin(session, order, "detach", now, target=order.payment_method), record_detach
    return None, record_detach


def _release(session: Session, order: Order, visit: Checkout, now: datetime) -> Release:
    """Give back what a visit secured after its order had ended: its hold, its payment, then its card."""
    paid = session.get_one(Attempt, visit.attempt_id).moved
    returned = any(
        a.kind == "refund" and a.body.get("payment_intent") == visit.intent and a.moved for a in order.attempts
    )
    voided = any(a.kind == "void" and a.target == visit.intent and a.outcome == "done" for a in order.attempts)
    if visit.intent and paid and not returned:
        return begin(session, order, "refund", now, body={"payment_intent": visit.intent}), record_refund
    if visit.intent and not paid and not voided:
        return begin(session, order, "void", now, target=visit.intent), record_void
    if visit.payment_method:
        return begin(session, order, "detach", now, target=visit.payment_method), record_detach
    visit.released_at = now
    return None, record_detach


def record_detach(
    session: Session, outside: Outside, order: Order, attempt: Attempt, outcome: Outcome, now: datetime
) -> None:
    """The card is saved no longer."""
    del session, outside
    if not isinstance(outcome, Done):
        return
    if order.payment_method == attempt.target:
        order.payment_method = None
    for visit in order.checkouts:
        if visit.payment_method == attempt.target:
            visit.payment_method = None
            if visit.won is False:
                visit.released_at = now
