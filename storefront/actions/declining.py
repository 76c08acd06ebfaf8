"""What a decline causes, whichever call it answered (design.md 3)."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from storefront.actions.granting import suspend
from storefront.actions.moving import move
from storefront.actions.owing import owe
from storefront.models.orders import Attempt, Order
from storefront.outside.stripe_gateway import Declined
from storefront.rules import charge
from storefront.rules.order import State


def declined(session: Session, order: Order, attempt: Attempt, answer: Declined, now: datetime) -> None:
    """The bank said no: access pauses, price and place are kept for the grace, the buyer is told how to repair it."""
    first = order.declined_at or now
    facts = {
        "declined_at": first,
        "decline": answer.reason[:80],
        "grace_until": charge.grace_until(first, order.product.launch.at or order.promise.by),
        "hold_intent": None,
        "capture_before": None,
        "preflight_at": None,
        "stray_intent": answer.intent or order.hold_intent,
    }
    why = f"the bank said no ({answer.reason}) to {attempt.kind} {attempt.generation}"
    if move(session, order, [State.RESERVED, State.HELD], State.PAST_DUE, who="stripe", why=why, at=now, **facts):
        suspend(session, order, now)
        owe(session, order, "past_due", now, version=attempt.id)


def hold_lost(session: Session, order: Order, attempt_id: int, now: datetime) -> None:
    """A hold ended at the bank before it was captured: charge the saved card instead, or ask for a card."""
    suspend(session, order, now)
    if order.payment_method:
        facts = {"hold_intent": None, "capture_before": None, "preflight_at": now}
        move(session, order, [State.HELD], State.RESERVED, who="stripe", why="the hold lapsed", at=now, **facts)
        return
    first = order.declined_at or now
    lost: dict[str, Any] = {
        "hold_intent": None,
        "capture_before": None,
        "declined_at": first,
        "decline": "hold_lapsed",
        "grace_until": charge.grace_until(first, order.product.launch.at or order.promise.by),
    }
    why = "the hold lapsed and no card is kept"
    if move(session, order, [State.HELD], State.PAST_DUE, who="stripe", why=why, at=now, **lost):
        owe(session, order, "past_due", now, version=attempt_id)
