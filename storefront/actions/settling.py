"""Settling: ask Stripe how a visit stands, and let the order follow. The one verb for the return page, stored events,
the expiry tick, cancelling and repair (design.md 3).
"""

from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, or_, select, update
from sqlalchemy.orm import Session

from storefront.actions import delaying
from storefront.actions.declining import REPAIRED
from storefront.actions.granting import grant
from storefront.actions.leaving import MOVE, wish
from storefront.actions.moving import move
from storefront.actions.owing import owe
from storefront.actions.patience import for_each
from storefront.actions.preflighting import holding
from storefront.actions.promising import promise_again, promise_later
from storefront.actions.stocking import give_back
from storefront.actions.taxing import address_of, note_hold, note_payment
from storefront.models.db import MOST, NOW, Database, changed
from storefront.models.delays import Notice
from storefront.models.orders import Attempt, Checkout, Order, is_out, no_open_attempt
from storefront.models.products import Launch
from storefront.models.rehearsals import open_holdup
from storefront.outside.stripe_answers import Card, CheckoutSession
from storefront.outside.world import Outside
from storefront.rules import charge, declining, delay
from storefront.rules import launch as rule
from storefront.rules.order import State


def settle(
    outside: Outside, db: Database, order_id: int, now: datetime, *, end: bool = False, brisk: bool = False
) -> bool:
    """Settle every visit of an order that is not closed; `end` has Stripe expire an open one first.

    `brisk`: somebody waits at a browser, for 3 s at most.

    Returns whether none is open any more. Raises StripeSilent; then nothing has changed.
    """
    with db.read() as session:
        query = select(Checkout).where(Checkout.order_id == order_id, Checkout.closed_at.is_(None))
        visits = session.scalars(query).all()
    settled = [_settle_visit(outside, db, visit, now, end=end, brisk=brisk) for visit in visits]
    return all(settled)


def _settle_visit(outside: Outside, db: Database, visit: Checkout, now: datetime, *, end: bool, brisk: bool) -> bool:
    if end:
        outside.stripe.expire(visit.session_id)
    told = outside.stripe.checkout(visit.session_id, brisk=brisk)
    if told.status == "open":
        return False
    with db.write() as session:
        _hold_still(session, visit.order_id)
        order = session.get_one(Order, visit.order_id, with_for_update=True)
        return _record(session, outside, order, visit.id, told, now)


def _hold_still(session: Session, order_id: int) -> None:
    """Nobody moves the launch meanwhile: a mover locks it first, then its orders, and would pass this one over."""
    product = select(Order.product_id).where(Order.id == order_id).scalar_subquery()
    session.scalars(select(Launch.id).where(Launch.product_id == product).with_for_update(read=True)).all()


def _record(
    session: Session, outside: Outside, order: Order, visit_id: int, told: CheckoutSession, now: datetime
) -> bool:
    secured = _secured(told)
    lapsed = told.intent is not None and told.intent.status == "canceled"
    if told.status == "complete" and secured is None and not lapsed:
        return False
    closing = update(Checkout).where(Checkout.id == visit_id, Checkout.closed_at.is_(None)).values(closed_at=now)
    if not changed(session, closing):
        return True
    visit = session.get_one(Checkout, visit_id, populate_existing=True)
    if secured is None:
        visit.won, visit.released_at = False, now
        _expired(session, order, visit, now)
    else:
        _complete(session, outside, order, visit, told, secured, now)
    return True


def _secured(told: CheckoutSession) -> State | None:
    """What a complete visit secured: a hold, a payment, or a saved card, which is left of a hold that lapsed unseen."""
    if told.intent is None:
        return State.RESERVED if told.setup_status == "succeeded" else None
    if told.status == "complete" and told.intent.status == "canceled":
        return State.RESERVED if told.card and told.card.customer else None
    return {"requires_capture": State.HELD, "succeeded": State.PAID}.get(told.intent.status)


def _expired(session: Session, order: Order, visit: Checkout, now: datetime) -> None:
    if visit.purpose != "place":
        return
    if order.cancel_wished_at:
        who, why = order.cancel_who, order.cancel_why or "cancelled"
        ended = move(session, order, [State.PLACED], State.CANCELLED, who=who, why=why, at=now, ended_at=now)
    else:
        why = "the visit to Stripe ended without a card"
        ended = move(session, order, [State.PLACED], State.EXPIRED, who="stripe", why=why, at=now, ended_at=now)
    if ended:
        give_back(session, order, "visit ended", now)


def _complete(
    session: Session,
    outside: Outside,
    order: Order,
    visit: Checkout,
    told: CheckoutSession,
    secured: State,
    now: datetime,
) -> None:
    intent, card = told.intent, told.card
    visit.intent = intent.id if intent else None
    visit.payment_method = card.id if card and card.customer else None
    if intent and intent.received:
        session.get_one(Attempt, visit.attempt_id).moved = intent.received
        note_payment(session, outside, order, intent, told.tax, now)
    elif intent and secured is State.HELD:
        note_hold(session, order, intent, told.tax, now)
    facts = _card(visit, card)
    if visit.purpose != "place" and order.state == State.RESERVED:
        visit.won = secured is State.RESERVED and _swap(session, order, facts)
        return
    facts |= REPAIRED | {"preflight_at": None, "hold_intent": None, "capture_before": None, "serves_until": None}
    if intent and secured is State.HELD:
        facts |= holding(intent)
    elif intent and secured is State.PAID:
        facts["paid_intent"] = intent.id
    elif order.kind == "back_order":
        facts["queued_at"] = now
    else:
        facts["preflight_at"] = charge.preflight_at(order.product.launch.at) if order.product.launch.at else None
    why = "came back from Stripe" if visit.purpose == "place" else "repaired"
    before = [State.PLACED] if visit.purpose == "place" else [State.PAST_DUE]
    visit.won = move(session, order, before, secured, who="buyer", why=why, at=now, **facts)
    if visit.won:
        _won(session, outside, order, visit, now)


def _card(visit: Checkout, card: Card | None) -> dict[str, Any]:
    """What an order keeps of the card."""
    return {
        "payment_method": visit.payment_method,
        "card": card.name if card else "",
        "card_print": card.print if card else "",
        "card_until": card.until if card else None,
        "address": address_of(card),
    }


def _swap(session: Session, order: Order, facts: dict[str, Any]) -> bool:
    """Another card for an order whose card is only saved; the old one is detached by `cancelling.tidy_due`."""
    for name, value in facts.items():
        setattr(order, name, value)
    session.flush()
    return True


def _won(session: Session, outside: Outside, order: Order, visit: Checkout, now: datetime) -> None:
    launch = order.product.launch
    if visit.purpose == "place":
        owe(session, order, "confirmed", now, version=visit.id)
    else:
        owe(session, order, "repaired", now, version=order.episode)
    if order.kind == "pre_order":
        if launch.launched_at is None and order.promise.launch_generation != launch.generation:
            _moved_meanwhile(session, order, launch, now)
        _late_meanwhile(session, order, launch, now)
    if order.kind == "back_order" and visit.purpose == "place":
        _postponed_meanwhile(session, order, launch, now)
    if order.cancel_wished_at is None and order.state in _secured_states(outside) and is_out(session, order, now):
        grant(session, outside, order, now)


def _moved_meanwhile(session: Session, order: Order, launch: Launch, now: datetime) -> None:
    """The day moved while its buyer was at Stripe: within the limits of any move the order follows, else it ends."""
    if launch.at is None or _is_too_far(order.promise.by, launch.at, now):
        wish(session, order, who=MOVE, why="the day moved while the card was being given", now=now)
    else:
        follow_move(session, order, launch, now)


def _late_meanwhile(session: Session, order: Order, launch: Launch, now: datetime) -> None:
    """Its launch came without its content while its buyer was at Stripe: they are told so, as those who wait already."""
    waits = launch.launched_at is None and order.cancel_wished_at is None
    if waits and open_holdup(session, launch) is not None:
        owe(session, order, "launch_late", now, version=order.promise_version)


def _is_too_far(told: datetime, new: datetime, now: datetime) -> bool:
    """Beyond what silence agrees to, or so soon that nobody can be told ahead (policies.md 1)."""
    return new > told + delay.SILENCE_AGREES_WITHIN or new < min(told, now + rule.NOTICE)


def _secured_states(outside: Outside) -> set[str]:
    return {"paid"} if outside.grant_on == "capture" else {"paid", "held"}


def follow_move(session: Session, order: Order, launch: Launch, now: datetime) -> None:
    """Tell one live order that its launch moved: a new promise, a new plan, a letter, in the mover's transaction."""
    before = order.promise
    fresh = promise_again(session, order, launch, launch.reason or "the launch moved", now)
    if order.state == State.RESERVED:
        order.preflight_at = charge.preflight_at(launch.at) if launch.at else None
    if launch.at is not None and order.declined_at:
        order.grace_until = charge.grace_until(order.declined_at, launch.at)
    if launch.at is not None and order.next_try_at:
        days = charge.preflight_at(before.by), charge.preflight_at(launch.at)
        order.next_try_at = declining.after_move(order.next_try_at, *days)
    moved = {"before": before.by.isoformat(), "before_zone": before.zone, "reason": launch.reason}
    moved |= delaying.told(session, order, now)
    owe(session, order, "moved", now, version=fresh.version, **moved)


def _postponed_meanwhile(session: Session, order: Order, launch: Launch, now: datetime) -> None:
    """The queue was told a later date while its buyer was at Stripe: they are told it, too, and asked as the others."""
    since = select(Notice).where(Notice.launch_id == launch.id, Notice.at >= order.placed_at)
    last = session.scalars(since.order_by(Notice.generation.desc()).limit(1)).first()
    if last is not None and (last.after is None or last.after > order.promise.by):
        follow_later(session, order, last, now)


def follow_later(session: Session, order: Order, notice: Notice, now: datetime) -> None:
    """Tell one order in the queue that its latest date moved: a version of the promise, a letter and a deadline."""
    before, to, zone = order.promise, notice.after, order.product.launch.zone
    wall = to.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(timespec="minutes") if to else ""
    fresh = promise_later(session, order, to, wall, notice.reason, notice.generation, now)
    moved = {"before": before.by.isoformat(), "before_zone": before.zone, "reason": notice.reason}
    owe(session, order, "moved", now, version=fresh.version, **moved, **delaying.told(session, order, now))


def settle_ended(outside: Outside, db: Database, now: datetime, limit: int = 50) -> int:
    """The expiry tick: visits past their end, and orders that never got a visit. Returns how many were asked about."""
    with db.read() as session:
        ended = session.scalars(_ended(), {"now": now, "most": limit}).all()
        never = session.scalars(_never(), _before(now) | {"most": limit}).all()

    def end(order_id: int) -> None:
        settle(outside, db, order_id, now, end=True)
        _expire_unvisited(db, order_id, now)

    return for_each([*ended, *never], end)


def _before(now: datetime) -> dict[str, Any]:
    """When an order was placed whose visit would be over."""
    return {"now": now - charge.SESSION_LIFE}


@cache
def _ended() -> Select[int]:
    return select(Checkout.order_id).where(Checkout.closed_at.is_(None), Checkout.expires_at <= NOW).limit(MOST)


@cache
def _never() -> Select[int]:
    return _never_visited().limit(MOST)


def _never_visited() -> Select[int]:
    old = or_(Order.placed_at <= NOW, Order.cancel_wished_at.is_not(None))
    no_visit = ~select(Checkout.id).where(Checkout.order_id == Order.id).exists()
    return select(Order.id).where(and_(Order.state == "placed", old, no_visit, no_open_attempt))


def _expire_unvisited(db: Database, order_id: int, now: datetime) -> None:
    with db.write() as session:
        this = _never_visited().where(Order.id == order_id).with_for_update()
        if session.scalar(this, _before(now)) is None:
            return
        order = session.get_one(Order, order_id)
        after = State.CANCELLED if order.cancel_wished_at else State.EXPIRED
        who, why = order.cancel_who or "worker", "no visit to Stripe was made"
        if move(session, order, [State.PLACED], after, who=who, why=why, at=now, ended_at=now):
            give_back(session, order, "never visited", now)
