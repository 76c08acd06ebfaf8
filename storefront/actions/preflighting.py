"""Pre-flight: the hold on a saved card, shortly before the launch, so that a bad card surfaces in time (design.md 3)."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.actions.attempting import NOTHING_HAPPENED, PAUSE, begin, carry_out
from storefront.actions.declining import declined
from storefront.actions.moving import move
from storefront.actions.patience import for_each
from storefront.models.db import Database
from storefront.models.orders import Attempt, Order, no_open_attempt, not_leaving, not_resting
from storefront.models.products import Launch
from storefront.outside.stripe_gateway import Declined, Done, Intent, Outcome, Refused
from storefront.outside.world import Outside
from storefront.rules import charge
from storefront.rules.charge import Plan
from storefront.rules.order import State

out = select(Launch.id).where(Launch.product_id == Order.product_id, Launch.launched_at.is_not(None))
not_out = ~out.correlate(Order).exists()


def preflight_due(outside: Outside, db: Database, now: datetime, limit: int = 25) -> int:
    """Place the holds that are due. Returns how many were tried."""
    due = select(Order.id).where(
        Order.state == "reserved", Order.preflight_at <= now, not_out, not_leaving, no_open_attempt, not_resting(now)
    )
    with db.read() as session:
        ids = session.scalars(due.order_by(Order.id).limit(limit)).all()
    return for_each(ids, lambda order_id: _preflight(outside, db, order_id, now))


def _preflight(outside: Outside, db: Database, order_id: int, now: datetime) -> bool:
    with db.write() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        if order.state != State.RESERVED or order.cancel_wished_at or order.product.launch.launched_at:
            return False
        attempt = begin(session, order, "hold", now, body=off_session(order) | {"capture_method": "manual"})
    if attempt is None:
        return False
    carry_out(outside, db, attempt, record_hold, now)
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
    if isinstance(outcome, Refused) and outcome.code in NOTHING_HAPPENED:
        order.retry_at = now + PAUSE
        return
    if isinstance(outcome, Refused):
        outcome = Declined(outcome.code or "refused", final=True, authentication=False, intent=None)
    if isinstance(outcome, Done) and isinstance(outcome.value, Intent):
        facts = {"hold_intent": outcome.value.id, "capture_before": outcome.value.capture_before, "preflight_at": None}
        why = "the bank set the amount aside"
        move(session, order, [State.RESERVED], State.HELD, who="worker", why=why, at=now, **facts)
    elif isinstance(outcome, Declined):
        declined(session, order, attempt, outcome, now)


def replan_due(outside: Outside, db: Database, now: datetime, limit: int = 25) -> int:
    """Give up holds that no longer fit their launch, after a move. Returns how many were tried."""
    misfit = (
        select(Order.id)
        .join(Launch, Launch.product_id == Order.product_id)
        .where(
            Order.state == "held",
            Launch.launched_at.is_(None),
            not_leaving,
            no_open_attempt,
        )
    )
    with db.read() as session:
        held = session.execute(
            misfit.with_only_columns(Order.id, Launch.at, Order.capture_before, Order.payment_method)
        ).all()
    ids = [
        order_id
        for order_id, at, before, card in held
        if at and before and charge.plan(at, before, card_kept=bool(card), now=now) is not Plan.KEEP
    ]
    return for_each(ids[:limit], lambda order_id: _give_up(outside, db, order_id, now))


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
    launch = order.product.launch
    if not isinstance(outcome, Done) or launch.at is None or order.capture_before is None:
        return
    plan = charge.plan(launch.at, order.capture_before, card_kept=bool(order.payment_method), now=now)
    if plan is Plan.ASK:
        answer = Declined("hold_lapsed", final=False, authentication=False, intent=None)
        declined(session, order, attempt, answer, now)
        return
    at = charge.preflight_at(launch.at) if plan is Plan.WAIT else now
    facts = {"hold_intent": None, "capture_before": None, "preflight_at": at}
    why = "the hold no longer fits the date"
    move(session, order, [State.HELD], State.RESERVED, who="worker", why=why, at=now, **facts)
