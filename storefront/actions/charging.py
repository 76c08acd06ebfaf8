"""Charging what is due: captures of live holds, and one off-session charge where there is none (design.md 3)."""

from datetime import datetime

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import Session

from storefront.actions.attempting import NOTHING_HAPPENED, PAUSE, Record, carry_out
from storefront.actions.declining import REPAIRED, declined, hold_lost
from storefront.actions.granting import grant
from storefront.actions.moving import move
from storefront.actions.owing import owe
from storefront.actions.preflighting import off_session
from storefront.actions.taxing import begin_taxed, note_payment
from storefront.models.db import Database, claim
from storefront.models.grants import Grant
from storefront.models.orders import (
    Attempt,
    Order,
    is_out,
    launched,
    no_open_attempt,
    no_open_visit,
    not_leaving,
    not_resting,
)
from storefront.outside.stripe_answers import Declined, Done, Intent, Outcome, Refused
from storefront.outside.world import Outside
from storefront.rules.order import State

BATCH = 64


def charge_due(outside: Outside, db: Database, now: datetime) -> int:
    """Charge one batch of due orders, first come first served. Returns how many were tried."""
    with db.write() as session:
        orders = session.scalars(claim(_due(outside, now), session)).all()
        made = [_begin(session, outside, order, now) for order in orders]
    begun = [(attempt, record) for attempt, record in made if attempt is not None]
    outside.together(lambda each: carry_out(outside, db, each[0], each[1], now), begun)
    return len(begun)


def _due(outside: Outside, now: datetime) -> Select[Order]:
    """Access comes first: a held order is captured once it has its grant, unless GRANT_ON=capture."""
    granted = exists().where(Grant.order_id == Order.id, Grant.revoked_at.is_(None))
    no_live_hold = or_(Order.state == "reserved", Order.capture_before <= now)
    ready = or_(no_live_hold, granted) if outside.grant_on == "hold" else Order.id.is_not(None)
    alone = or_(Order.state == "held", no_open_visit)  # whose buyer is at Stripe with another card is waited for
    free = (Order.stray_intent.is_(None), not_leaving, no_open_attempt, alone, not_resting(now))
    due = (Order.state.in_(["held", "reserved"]), ready, launched(now), *free)
    return select(Order).where(*due).order_by(Order.id).limit(BATCH)


def _begin(session: Session, outside: Outside, order: Order, now: datetime) -> tuple[Attempt | None, Record]:
    if order.state == State.HELD:
        body = {"amount_to_capture": order.price, "expand": ["latest_charge", "payment_method"]}
        hold = order.hold_intent or ""
        return begin_taxed(session, outside, order, "capture", record_charge, now, body=body, target=hold)
    return begin_taxed(session, outside, order, "charge", record_charge, now, body=off_session(order))


def record_charge(
    session: Session, outside: Outside, order: Order, attempt: Attempt, outcome: Outcome, now: datetime
) -> None:
    """The money came, or it did not: what either causes stands here, line by line."""
    if isinstance(outcome, Done) and isinstance(outcome.value, Intent):
        _paid(session, outside, order, attempt, outcome.value, now)
    elif isinstance(outcome, Declined) and outcome.reason == "hold_lapsed":
        hold_lost(session, order, now)
    elif isinstance(outcome, Declined):
        declined(session, order, attempt, outcome, now)
    elif isinstance(outcome, Refused) and outcome.code in NOTHING_HAPPENED:
        order.retry_at = now + PAUSE
    elif isinstance(outcome, Refused):
        declined(session, order, attempt, Declined(outcome.code or "refused"), now)


def _paid(session: Session, outside: Outside, order: Order, attempt: Attempt, intent: Intent, now: datetime) -> None:
    attempt.moved = intent.received
    note_payment(session, outside, order, intent, None, now)
    why = f"{attempt.kind} {attempt.generation} succeeded"
    paid(session, outside, order, intent, why, now)


def paid(session: Session, outside: Outside, order: Order, intent: Intent, why: str, now: datetime) -> bool:
    """What follows when an order's money has come; the ledger has it already. False: the order stands elsewhere."""
    mended = order.state == State.PAST_DUE
    facts = {
        "paid_intent": intent.id,
        "hold_intent": None,
        "capture_before": None,
        "serves_until": None,
        "preflight_at": None,
        "card": intent.card.name if intent.card else order.card,
        **REPAIRED,
    }
    before = [State.HELD, State.RESERVED, State.PAST_DUE]
    if not move(session, order, before, State.PAID, who="worker", why=why, at=now, **facts):
        return False
    if order.cancel_wished_at:
        return True
    if mended:
        owe(session, order, "repaired", now, version=order.episode)
    if is_out(session, order, now):
        grant(session, outside, order, now)
    return True
