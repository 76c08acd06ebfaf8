"""Pre-flight: the hold on a saved card, shortly before the launch, so that a bad card surfaces in time (design.md 3)."""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from storefront.actions.attempting import NOTHING_HAPPENED, PAUSE, begin, carry_out
from storefront.actions.declining import REPAIRED, declined, hold_lost, reserve
from storefront.actions.moving import move
from storefront.actions.owing import owe
from storefront.actions.patience import for_each
from storefront.actions.taxing import begin_taxed, note_hold
from storefront.models.db import MOST, NOW, Database
from storefront.models.orders import (
    Attempt,
    Order,
    no_open_attempt,
    no_open_visit,
    not_leaving,
    not_resting,
    product_is_out,
)
from storefront.models.products import Launch
from storefront.outside.stripe_answers import Declined, Done, Intent, Outcome, Refused
from storefront.outside.world import Outside
from storefront.rules import charge
from storefront.rules.charge import Plan
from storefront.rules.order import State


def preflight_due(outside: Outside, db: Database, now: datetime, limit: int = 25) -> int:
    """Place the holds that are due. Returns how many were tried."""
    with db.read() as session:
        ids = session.scalars(_due(), {"now": now, "most": limit}).all()
    return for_each(ids, lambda order_id: _preflight(outside, db, order_id, now))


@cache
def _due() -> Select[int]:
    due = (Order.state == "reserved", Order.preflight_at <= NOW, ~product_is_out)
    free = (Order.stray_intent.is_(None), not_leaving, no_open_attempt, no_open_visit, not_resting(NOW))
    return select(Order.id).where(*due, *free).order_by(Order.id).limit(MOST)


def _preflight(outside: Outside, db: Database, order_id: int, now: datetime) -> bool:
    with db.write() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        if order.state != State.RESERVED or order.cancel_wished_at or order.product.launch.launched_at:
            return False
        if session.scalar(select(Order.id).where(Order.id == order_id, no_open_visit)) is None:
            return False  # its buyer is at Stripe with another card: the visit's end is waited for
        body = off_session(order) | {"capture_method": "manual"}
        attempt, record = begin_taxed(session, outside, order, "hold", record_hold, now, body=body)
    if attempt is None:
        return False
    carry_out(outside, db, attempt, record, now)
    return True


def off_session(order: Order) -> dict[str, Any]:
    """The body of a payment on a saved card, without its holder."""
    return {
        "amount": order.price,
        "currency": order.currency.lower(),
        "customer": order.customer,
        "payment_method": order.payment_method,
        "off_session": True,
        "confirm": True,
        "allowed_payment_method_types": ["card"],
        "description": f"{order.product.title}, order {order.number}",
        "expand": ["latest_charge", "payment_method"],
    }


def record_hold(
    session: Session, _outside: Outside, order: Order, attempt: Attempt, outcome: Outcome, now: datetime
) -> None:
    """The hold stands, or the buyer is asked."""
    if isinstance(outcome, Done) and isinstance(outcome.value, Intent):
        _held(session, order, outcome.value, now)
    elif isinstance(outcome, Declined):
        declined(session, order, attempt, outcome, now)
    elif isinstance(outcome, Refused) and outcome.code in NOTHING_HAPPENED:
        order.retry_at = now + PAUSE
    elif isinstance(outcome, Refused):
        declined(session, order, attempt, Declined(outcome.code or "refused"), now)


def _held(session: Session, order: Order, intent: Intent, now: datetime) -> None:
    note_hold(session, order, intent, None, now)
    mended = order.state == State.PAST_DUE
    facts = holding(intent) | REPAIRED
    why = "the bank set the amount aside"
    if move(session, order, [State.RESERVED, State.PAST_DUE], State.HELD, who="worker", why=why, at=now, **facts):
        if mended:
            owe(session, order, "repaired", now, version=order.episode)
        return
    order.stray_intent = intent.id


def holding(intent: Intent) -> dict[str, Any]:
    """What an order keeps of a live hold."""
    until = intent.capture_before
    return {
        "hold_intent": intent.id,
        "capture_before": until,
        "serves_until": until - charge.HOLD_MARGIN if until else None,
        "preflight_at": None,
    }


def replan_due(outside: Outside, db: Database, now: datetime, limit: int = 25) -> int:
    """Give up holds that no longer fit their launch, after a move. Returns how many were tried."""
    with db.read() as session:
        ids = session.scalars(_misfits(), {"now": now, "most": limit}).all()
    return for_each(ids, lambda order_id: _give_up(outside, db, order_id, now))


@cache
def _misfits() -> Select[int]:
    misfit = or_(Launch.at > Order.serves_until, Launch.at.is_(None))
    ahead = (Order.state == "held", Launch.launched_at.is_(None), misfit)
    query = select(Order.id).join(Launch, Launch.product_id == Order.product_id)
    free = (not_leaving, no_open_attempt, not_resting(NOW))
    return query.where(*ahead, *free).order_by(Order.id).limit(MOST)


def _give_up(outside: Outside, db: Database, order_id: int, now: datetime) -> bool:
    with db.write() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        if order.state != State.HELD or not order.hold_intent or order.cancel_wished_at:
            return False
        attempt = begin(session, order, "void", now, target=order.hold_intent)
    if attempt is None:
        return False
    carry_out(outside, db, attempt, record_void_for_plan, now)
    return True


def record_void_for_plan(
    session: Session, _outside: Outside, order: Order, attempt: Attempt, outcome: Outcome, now: datetime
) -> None:
    """The hold is proved void: wait with the saved card, place a new hold at once, or ask for a card."""
    if not isinstance(outcome, Done):
        order.retry_at = now + PAUSE
        return
    if order.hold_intent != attempt.target or order.state != State.HELD:
        return
    if isinstance(outcome.value, Intent) and outcome.value.cancelled and not outcome.value.lapsed:
        hold_lost(session, order, now, by_hand=True)  # before we did
        return
    plan = _plan(order, now)
    if plan is Plan.ASK:
        declined(session, order, attempt, Declined("hold_lapsed"), now)
        return
    launch = order.product.launch
    at = charge.preflight_at(launch.at) if launch.at and plan is Plan.WAIT else None
    at = now if plan in {Plan.RENEW, Plan.KEEP} else at
    reserve(session, order, at, now, who="worker", why="the hold no longer fits the date")


def _plan(order: Order, now: datetime) -> Plan:
    """The plan as the launch stands now; one with no date waits, where a card is kept."""
    launch, kept = order.product.launch, bool(order.payment_method)
    if launch.at is None or order.capture_before is None:
        return Plan.WAIT if kept else Plan.ASK
    plan = charge.plan(launch.at, order.capture_before, card_kept=kept, now=now)
    return Plan.ASK if plan is Plan.KEEP and not kept else plan
