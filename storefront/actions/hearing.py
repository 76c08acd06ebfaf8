"""Stripe's events: stored once before any effect, acted on by asking Stripe afresh. An event is a hint, not a fact."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.actions.declining import brand_of, card_replaced, hold_lost
from storefront.actions.disputing import hear_dispute
from storefront.actions.patience import for_each
from storefront.actions.refunding import hear_refund
from storefront.actions.settling import settle
from storefront.models.db import MOST, NOW, Database
from storefront.models.events import StripeEvent
from storefront.models.orders import Checkout, Order, call_open
from storefront.outside.stripe_answers import Event, NotAtStripe, StripeSilent
from storefront.outside.stripe_gateway import API_VERSION
from storefront.outside.world import Outside
from storefront.rules.order import State

VISIT_EVENTS = ("checkout.session.completed", "checkout.session.expired")
HOLD_EVENTS = ("payment_intent.canceled", "charge.expired")
REFUND_EVENTS = ("refund.created", "refund.updated", "refund.failed")
DISPUTE_EVENTS = (
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
)
CARD_EVENTS = ("payment_method.automatically_updated",)
WAITS = [timedelta(seconds=s) for s in (2, 10, 60, 600, 3600)]
UNKNOWN_AFTER = timedelta(hours=24)
OTHER_VERSION = "of API version"


def store(session: Session, event: Event, *, live: bool, now: datetime) -> bool:
    """Store an event once by its id. One of another mode or API version is kept, not acted on, until it comes in ours.

    False: it was known.
    """
    note = _not_ours(event, live=live)
    known = session.get(StripeEvent, event.id, with_for_update=True)
    if known is not None:
        return not note and _come_again(known, event, now)
    row = StripeEvent(
        id=event.id,
        type=event.type,
        object_id=event.object_id,
        payload=event.payload,
        received_at=now,
        due_at=now,
        done_at=now if note else None,
        note=note,
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        return False
    return True


def _come_again(known: StripeEvent, event: Event, now: datetime) -> bool:
    """Act on an event that was listed in another version first: what comes now can be read."""
    if not known.note.startswith(OTHER_VERSION):
        return False
    known.payload, known.object_id = event.payload, event.object_id
    known.note, known.done_at, known.due_at = "", None, now
    return True


def _not_ours(event: Event, *, live: bool) -> str:
    if event.livemode != live:
        return "of the other mode, not acted on"
    if event.api_version != API_VERSION:
        return f"{OTHER_VERSION} {event.api_version or 'unknown'}, not acted on"
    return "" if event.type in HEARD else "nothing follows from it"


def hear_due(outside: Outside, db: Database, now: datetime, limit: int = 50) -> int:
    """Act on stored events. Returns how many were looked at."""
    with db.read() as session:
        told = {each.id: each for each in session.scalars(_due(), {"now": now, "most": limit})}
    return for_each(list(told), lambda event_id: _hear(outside, db, told[event_id], now))


@cache
def _due() -> Select[StripeEvent]:
    waiting = (StripeEvent.done_at.is_(None), StripeEvent.due_at <= NOW)
    return select(StripeEvent).where(*waiting).order_by(StripeEvent.received_at).limit(MOST)


def _hear(outside: Outside, db: Database, event: StripeEvent, now: datetime) -> None:
    """Act on one; where that failed, whatever the reason, it waits its turn and the others go on."""
    known, note = False, ""
    try:
        with suppress(StripeSilent):
            known = _act(outside, db, event, now)
            if not known and now - event.received_at >= UNKNOWN_AFTER and _is_anothers(event):
                known, note = True, "of something else that is sold over this account"
    finally:
        _note(db, event, now, known=known, note=note)


def _act(outside: Outside, db: Database, event: StripeEvent, now: datetime) -> bool:
    try:
        return HEARD[event.type](outside, db, event, now)
    except NotAtStripe:
        return False


def _is_anothers(event: StripeEvent) -> bool:
    """Whether what it speaks of carries no name of an attempt of ours. Holds and cards of ours are known at once: theirs wait
    for a call that is open.
    """
    waits = event.type in {*HOLD_EVENTS, *CARD_EVENTS}
    return not waits and "attempt" not in (event.payload["data"]["object"].get("metadata") or {})


def _note(db: Database, event: StripeEvent, now: datetime, *, known: bool, note: str) -> None:
    with db.write() as session:
        row = session.get_one(StripeEvent, event.id, with_for_update=True)
        if known:
            row.done_at, row.note = now, note
        else:
            row.due_at = now + WAITS[min(row.tries, len(WAITS) - 1)]
            row.tries += 1


def _visit(outside: Outside, db: Database, event: StripeEvent, now: datetime) -> bool:
    with db.read() as session:
        order_id = session.scalar(select(Checkout.order_id).where(Checkout.session_id == event.object_id))
    if order_id is None:
        return False
    settle(outside, db, order_id, now)
    return True


def _hold(outside: Outside, db: Database, event: StripeEvent, now: datetime) -> bool:
    """A hold ended, at the bank or by hand. Our own voids say so too; then no order has it any more."""
    intent_id = str(event.payload["data"]["object"].get("payment_intent") or event.object_id)
    with db.read() as session:
        order = session.scalar(select(Order).where(Order.hold_intent == intent_id))
    if order is None:
        return True
    told = outside.stripe.intent(intent_id)
    if told.status != "canceled":
        return True
    with db.write() as session:
        order = session.get_one(Order, order.id, with_for_update=True)
        if call_open(session, order.id):
            return False
        if order.hold_intent == intent_id and order.state == State.HELD and order.cancel_wished_at is None:
            hold_lost(session, order, now, by_hand=not told.lapsed)
    return True


def _refund(outside: Outside, db: Database, event: StripeEvent, now: datetime) -> bool:
    return hear_refund(outside, db, event.object_id, now)


def _dispute(outside: Outside, db: Database, event: StripeEvent, now: datetime) -> bool:
    return hear_dispute(outside, db, event.object_id, now)


def _card(outside: Outside, db: Database, event: StripeEvent, now: datetime) -> bool:
    """The network gave a saved card a new number or date: what Stripe says of it now is kept. Another brand needs a yes, and
    while a hold lives the card agreed to stays the order's.
    """
    with db.read() as session:
        order_id = session.scalar(select(Order.id).where(Order.payment_method == event.object_id))
    if order_id is None:
        return True
    card = outside.stripe.card(event.object_id)
    with db.write() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        if call_open(session, order.id):
            return False
        if order.payment_method == card.id:
            another, held = brand_of(order) not in {"", card.brand}, order.state == State.HELD
            if held:
                order.decline = ""
            if not (another and held):
                order.card, order.card_print, order.card_until = card.name, card.print, card.until
            if another and order.cancel_wished_at is None:
                card_replaced(session, order, now)
    return True


HEARD: dict[str, Callable[[Outside, Database, StripeEvent, datetime], bool]] = {
    **dict.fromkeys(VISIT_EVENTS, _visit),
    **dict.fromkeys(HOLD_EVENTS, _hold),
    **dict.fromkeys(REFUND_EVENTS, _refund),
    **dict.fromkeys(DISPUTE_EVENTS, _dispute),
    **dict.fromkeys(CARD_EVENTS, _card),
}
