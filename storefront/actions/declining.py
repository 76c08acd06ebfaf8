"""What a decline causes, whichever call it answered, and our own next tries (design.md 3, rules/declining.py)."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from storefront.actions.granting import suspend
from storefront.actions.moving import move
from storefront.actions.owing import owe
from storefront.actions.tasking import ask_creator
from storefront.models.orders import Attempt, Order
from storefront.outside.stripe_answers import Declined
from storefront.rules import charge
from storefront.rules.declining import Answer, classify, next_try
from storefront.rules.money import exact
from storefront.rules.order import State

LOOK_BACK = timedelta(days=30)
REPAIRED: dict[str, Any] = {
    "declined_at": None,
    "decline": "",
    "decline_class": "",
    "next_try_at": None,
    "grace_until": None,
}
ASKING = ("hold", "charge")
REPLACED = "card_replaced"


def declined(session: Session, order: Order, attempt: Attempt, answer: Declined, now: datetime) -> None:
    """The bank said no: access pauses, price and place are kept for the grace, the buyer is told how to repair it."""
    who = "Stripe" if attempt.kind == "tax" else "the bank"
    why = f"{who} said no ({answer.reason}) to {attempt.kind} {attempt.generation}"
    facts = _said(session, order, answer, now) | {"stray_intent": answer.intent or order.hold_intent}
    if order.state == State.PAST_DUE:
        _again(order, facts)
    else:
        _past_due(session, order, facts, why, now)


def _said(session: Session, order: Order, answer: Declined, now: datetime) -> dict[str, Any]:
    """The decline as the order keeps it, and when the card is asked again; one that nobody agreed to never is."""
    answer = Declined(REPLACED) if order.decline == REPLACED else answer
    said = Answer(answer.reason, answer.advice, answer.network_advice)
    first = (order.state == State.PAST_DUE and order.declined_at) or now
    ends = charge.grace_until(first, order.product.launch.at or order.promise.by)
    return {
        "declined_at": first,
        "decline": answer.reason[:80],
        "decline_class": classify(said),
        "next_try_at": next_try(said, brand_of(order), _tried(session, order, now), first, now, ends),
        "grace_until": ends,
    }


def brand_of(order: Order) -> str:
    """The network of the order's card, as Stripe names it; "" where no card is known."""
    return order.card.split(" ", 1)[0].lower()


def _tried(session: Session, order: Order, now: datetime) -> list[datetime]:
    """When this card was asked in the last 30 days, for this order or, by its fingerprint, for any other."""
    same = Attempt.order_id == order.id
    if order.card_print:
        same = or_(same, Attempt.card_print == order.card_print)
    query = select(Attempt.opened_at).where(same, Attempt.kind.in_(ASKING), Attempt.opened_at > now - LOOK_BACK)
    return list(session.scalars(query))


def _again(order: Order, facts: dict[str, Any]) -> None:
    """One of our own tries was declined too: no state changes, the next try or the grace's end follows."""
    for name, value in facts.items():
        setattr(order, name, value)


def _past_due(session: Session, order: Order, facts: dict[str, Any], why: str, now: datetime) -> None:
    gone = {"hold_intent": None, "capture_before": None, "serves_until": None, "preflight_at": None}
    episode = order.episode + 1
    before = [State.RESERVED, State.HELD]
    if move(session, order, before, State.PAST_DUE, who="stripe", why=why, at=now, episode=episode, **gone, **facts):
        suspend(session, order, now)
        owe(session, order, "past_due", now, version=episode)


def card_replaced(session: Session, order: Order, now: datetime) -> None:
    """The network put a card of another brand in its place: its owner agreed to the old one only (stripe.md 1.3).

    What is set aside already was agreed to, so that a hold is kept; what stands on the order says that the card behind
    it is not to be asked. Whoever waits in the queue keeps the place, which no grace may end.
    """
    if order.kind == "back_order" and order.allocated_at is None:
        return
    if order.state == State.HELD:
        order.decline = REPLACED
        return
    facts = _said(session, order, Declined(REPLACED), now)
    if order.state == State.PAST_DUE:
        _again(order, facts)
    elif order.state == State.RESERVED:
        _past_due(session, order, facts, "another card took its place, which nobody agreed to", now)


def hold_lost(session: Session, order: Order, now: datetime, *, by_hand: bool) -> None:
    """A hold ended before it was captured. At the bank: charge the saved card instead, or ask for a card. By hand, in
    Stripe's dashboard: somebody meant it, so no card is asked anew, and its creator says what is to become of the order.
    """
    if by_hand:
        _hold_voided(session, order, now)
        return
    if order.payment_method:
        suspend(session, order, now)
        reserve(session, order, now, now, who="stripe", why="the hold lapsed")
        return
    facts = _said(session, order, Declined("hold_lapsed"), now)
    _past_due(session, order, facts, "the hold lapsed and no card is kept", now)


def _hold_voided(session: Session, order: Order, now: datetime) -> None:
    subject, amount = order.hold_intent or order.number, exact(order.price, order.currency)
    facts = _said(session, order, Declined("hold_voided"), now)
    _past_due(session, order, facts, "the hold was cancelled by hand", now)
    if order.cancel_wished_at:
        return
    sentence = (
        f"Somebody cancelled the hold of {amount} for order {order.number} at Stripe. Its card is not asked again; the buyer "
        "was told, and may give a card until the grace ends. If the order is to end, cancel it; if not, leave it to the buyer."
    )
    ask_creator(session, order, "hold_voided", subject, sentence, now)


def reserve(session: Session, order: Order, asked_at: datetime | None, now: datetime, *, who: str, why: str) -> None:
    """A hold has ended, and its saved card is asked at `asked_at`; not one that took the place of the card agreed to."""
    facts = {"hold_intent": None, "capture_before": None, "serves_until": None, "preflight_at": asked_at}
    if (
        move(session, order, [State.HELD], State.RESERVED, who=who, why=why, at=now, **facts)
        and order.decline == REPLACED
    ):
        card_replaced(session, order, now)
