"""Cancelling: note the wish, then let go of what the order holds, one step a call, until it has ended (policies.md 2)."""

from datetime import datetime
from functools import cache

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from storefront.actions.attempting import PAUSE, Record, begin, carry_out
from storefront.actions.charging import paid
from storefront.actions.granting import revoke
from storefront.actions.leaving import GRACE, wish
from storefront.actions.moving import move
from storefront.actions.owing import owe
from storefront.actions.patience import for_each
from storefront.actions.refunding import record_refund, refund
from storefront.actions.settling import settle
from storefront.actions.stocking import give_back
from storefront.actions.taxing import note_payment
from storefront.models import money
from storefront.models.db import MOST, NOW, Database
from storefront.models.money import no_open_dispute, no_refund_task
from storefront.models.orders import LIVE, Attempt, Checkout, Order, call_open, no_open_attempt, not_resting, visit_open
from storefront.outside.stripe_answers import Done, Intent, Outcome, Refused
from storefront.outside.world import Outside
from storefront.rules.order import State

Release = tuple[Attempt | None, Record]
decided = and_(no_open_dispute, no_refund_task)  # nobody is about to say what becomes of its money
ENDED_OR_PAID = ("paid", "expired", "cancelled", "refunded")


def cancel(outside: Outside, db: Database, order_id: int, *, who: str, why: str, now: datetime) -> bool:
    """Cancel an order. False: it cannot be. Raises StripeSilent where Stripe must be asked first; the worker goes on."""
    with db.write() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        if not wish(session, order, who=who, why=why, now=now) and not order.cancel_wished_at:
            return False
    follow(outside, db, order_id, now)
    return True


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
    if isinstance(outcome, Refused) and outcome.intent is not None and outcome.intent.status == "succeeded":
        _was_paid(session, outside, order, outcome.intent, now)
    elif not isinstance(outcome, Done):
        order.retry_at = now + PAUSE
    else:
        _let_go(session, order, attempt.target, now)


def _let_go(session: Session, order: Order, intent: str, now: datetime) -> None:
    if order.stray_intent == intent:
        order.stray_intent = None
    if order.hold_intent == intent and order.state == State.HELD:
        close(session, order, now)


def _was_paid(session: Session, outside: Outside, order: Order, intent: Intent, now: datetime) -> None:
    """The hold that was to be released has been captured, by a call whose answer was lost or by hand: refund it."""
    adopt_payment(session, outside, order, intent, now)
    if order.hold_intent == intent.id:
        paid(session, outside, order, intent, "the hold had been captured", now)


def close(session: Session, order: Order, now: datetime) -> None:
    """End an order that is leaving: access ends, the unit back, the buyer told. The card is detached by `tidy_due`."""
    if not _free_to_close(session, order):
        return
    who, why = order.cancel_who, order.cancel_why or "cancelled"
    facts = {"hold_intent": None, "capture_before": None, "serves_until": None, "preflight_at": None, "ended_at": now}
    before = [State.RESERVED, State.HELD, State.PAST_DUE]
    if move(session, order, before, State.CANCELLED, who=who, why=why, at=now, **facts):
        revoke(session, order, now)
        give_back(session, order, "cancelled", now)
        owe(session, order, "cancelled", now)
        if who == GRACE:
            owe(session, order, "grace_over", now, to=order.product.creator.email)


def _free_to_close(session: Session, order: Order) -> bool:
    """Nothing is under way: an open attempt may still secure money, so its outcome is awaited; nor is a visit open."""
    return bool(order.cancel_wished_at) and not call_open(session, order.id) and not visit_open(session, order.id)


def cancel_due(outside: Outside, db: Database, now: datetime, limit: int = 25) -> int:
    """Go on with wished cancellations, and cancel what was not repaired in its grace. Returns how many."""
    with db.write() as session:
        for order in session.scalars(_over(), {"now": now, "most": limit}):
            wish(session, order, who=GRACE, why="the card was not repaired in time", now=now)
    with db.read() as session:
        ids = session.scalars(_leaving(), {"now": now, "most": limit}).all()
    return for_each(ids, lambda order_id: follow(outside, db, order_id, now))


@cache
def _over() -> Select[Order]:
    """Whose grace is over."""
    unrepaired = (Order.state == "past_due", Order.grace_until <= NOW, Order.cancel_wished_at.is_(None))
    return select(Order).where(*unrepaired).limit(MOST)


@cache
def _leaving() -> Select[int]:
    free = (no_open_attempt, decided, not_resting(NOW))
    leaving = select(Order.id).where(Order.cancel_wished_at.is_not(None), Order.state.in_(LIVE), *free)
    return leaving.order_by(Order.id).limit(MOST)


def tidy_due(outside: Outside, db: Database, now: datetime, limit: int = 100) -> int:
    """Leave nothing open or saved without a reason: stray intents, what lost visits secured, cards of ended orders,
    and cards that a repair replaced. Where a bank or a person has not decided about its money, only its cards go.
    """
    with db.read() as session:
        ids = session.scalars(_untidy(), {"now": now, "most": limit}).all()
    return for_each(ids, lambda order_id: _tidy(outside, db, order_id, now))


@cache
def _untidy() -> Select[int]:
    done = Order.state.in_(ENDED_OR_PAID)
    lost = select(Checkout.id).where(
        Checkout.order_id == Order.id, Checkout.won.is_(False), Checkout.released_at.is_(None)
    )
    other = or_(Order.payment_method.is_(None), Checkout.payment_method != Order.payment_method)
    replaced = select(Checkout.id).where(
        Checkout.order_id == Order.id, Checkout.won.is_(True), Checkout.payment_method.is_not(None), other
    )
    untidy = or_(
        done & Order.payment_method.is_not(None),
        replaced.exists(),
        and_(or_(Order.stray_intent.is_not(None), lost.exists()), decided),
    )
    return select(Order.id).where(untidy, no_open_attempt, not_resting(NOW)).order_by(Order.id).limit(MOST)


def _tidy(outside: Outside, db: Database, order_id: int, now: datetime) -> None:
    with db.read() as session:
        free = session.scalar(select(Order.id).where(Order.id == order_id, decided))
    if free:
        _look_at_stray(outside, db, order_id, now)
    with db.write() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        attempt, record = _next_release(session, order, now) if free else _forget(session, order, now)
    if attempt is not None:
        carry_out(outside, db, attempt, record, now)


def _look_at_stray(outside: Outside, db: Database, order_id: int, now: datetime) -> None:
    """An intent that no order lives on any more may be void by now, or paid: then the money goes back."""
    with db.read() as session:
        stray = session.get_one(Order, order_id).stray_intent
    if not stray:
        return
    told = outside.stripe.intent(stray)
    with db.write() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        if order.stray_intent != stray:
            return
        if told.status == "canceled":
            order.stray_intent = None
        elif told.status == "succeeded":
            adopt_payment(session, outside, order, told, now)


def adopt_payment(session: Session, outside: Outside, order: Order, intent: Intent, now: datetime) -> bool:
    """Enter a payment into the ledger that Stripe has and we have not. False: it was there."""
    if intent.id in money.payments(session, order) or not intent.received:
        return False
    kept = Attempt(
        order_id=order.id,
        kind="capture",
        generation=0,
        key=f"found:{intent.id}",
        target=intent.id,
        stripe_id=intent.id,
        opened_at=now,
        leased_until=now,
        closed_at=now,
        outcome="done",
        moved=intent.received,
        who="stripe",
        why="found at Stripe",
    )
    session.add(kept)
    session.flush()
    session.expire(order, ["attempts"])
    note_payment(session, outside, order, intent, None, now)
    return True


def _next_release(session: Session, order: Order, now: datetime) -> Release:
    if order.stray_intent:
        return _release_intent(session, order, order.stray_intent, now)
    for visit in order.checkouts:
        if visit.won is False and visit.released_at is None:
            return _release(session, order, visit, now)
    return _forget(session, order, now)


def _forget(session: Session, order: Order, now: datetime) -> Release:
    """Detach a card that was replaced, or that an order needs no longer."""
    for visit in order.checkouts:
        if visit.won and visit.payment_method and visit.payment_method != order.payment_method:
            return begin(session, order, "detach", now, target=visit.payment_method), record_detach
    if order.payment_method and order.state in ENDED_OR_PAID:
        return begin(session, order, "detach", now, target=order.payment_method), record_detach
    return None, record_detach


def _release_intent(session: Session, order: Order, intent: str, now: datetime) -> Release:
    """Give back what an intent holds or took; (None, …) where nothing is left of it."""
    took = money.payments(session, order).get(intent)
    if took is None:
        if any(a.kind == "void" and a.target == intent and a.outcome == "done" for a in order.attempts):
            return None, record_void
        return begin(session, order, "void", now, target=intent), record_void
    kept = intent == order.paid_intent and order.cancel_wished_at is None
    if took.net > 0 and not kept and not money.lost_to_the_bank(session, order.id, intent):
        body = {"payment_intent": intent, "amount": took.net, "reason": "duplicate"}
        return begin(session, order, "refund", now, body=body, why="paid a second time"), record_refund
    if order.stray_intent == intent:
        order.stray_intent = None
    return None, record_refund


def _release(session: Session, order: Order, visit: Checkout, now: datetime) -> Release:
    """Give back what a visit secured after its order had ended: its hold or its payment, then its card."""
    if visit.intent and visit.intent not in {order.hold_intent, order.paid_intent}:
        attempt, record = _release_intent(session, order, visit.intent, now)
        if attempt is not None:
            return attempt, record
    if visit.payment_method and visit.payment_method != order.payment_method:
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
