"""Checking that money, holds and cards are where the ledger and the state of each order say (reliability.md M1 to M7)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from storefront.models.log import LogRow
from storefront.models.money import Refund, no_open_dispute, no_refund_task
from storefront.models.orders import ENDED, Attempt, Checkout, Order, Promise, no_open_attempt, not_resting

PATIENCE = timedelta(minutes=10)
CARDS_TAKE = timedelta(hours=1)  # the cards of a large launch are let go at Stripe's pace
CHARGES = ("capture", "charge")
BY_HAND = "stripe"  # who captured in Stripe's own dashboard


def ledger(session: Session, now: datetime) -> Iterator[str]:
    """What is broken, a sentence each."""
    yield from _payments(session)
    yield from _charges(session)
    yield from _holds(session, now)
    yield from _cards(session, now)


def _took(intent: Any) -> ColumnElement[bool]:  # noqa: ANN401 (a column)
    """The ledger of the order at hand has a payment with this intent: by a charge of ours, or by a visit."""
    mine = (Attempt.order_id == Order.id, Attempt.moved > 0)
    visit = and_(Checkout.attempt_id == Attempt.id, Checkout.intent == intent)
    return exists().where(*mine, or_(Attempt.stripe_id == intent, exists().where(visit)))


def _payments(session: Session) -> Iterator[str]:
    """M2: one payment is entered once; what an order is paid with, and what is given back, is a payment of its own."""
    twice = select(Order.number, Attempt.stripe_id).join(Attempt, Attempt.order_id == Order.id)
    twice = twice.where(Attempt.kind.in_(CHARGES), Attempt.moved > 0)
    for number, intent in session.execute(twice.group_by(Order.number, Attempt.stripe_id).having(func.count() > 1)):
        yield f"Money: order {number} has the payment {intent} in its ledger twice."
    unknown = or_(Order.paid_intent.is_(None), ~_took(Order.paid_intent))
    for number, intent in session.execute(
        select(Order.number, Order.paid_intent).where(Order.state == "paid", unknown)
    ):
        yield f"Money: order {number} is paid with {intent or 'nothing'}, and its ledger has no such payment."
    astray = select(Order.number, Refund.id, Refund.intent).join(Refund, Refund.order_id == Order.id)
    for number, ident, intent in session.execute(astray.where(~_took(Refund.intent))):
        yield f"Refunds: {ident} of order {number} returns the payment {intent or 'of nobody'}, which its ledger has not."


def _charges(session: Session) -> Iterator[str]:
    """Nobody is charged before the day that was promised, or after the order has ended."""
    charges = select(Order.number, Attempt.key).join(Attempt, Attempt.order_id == Order.id)
    charges = charges.where(Attempt.kind.in_(CHARGES), Attempt.moved > 0, Attempt.who != BY_HAND)
    stands = and_(Promise.order_id == Order.id, Promise.version == Order.promise_version)
    before = or_(Attempt.opened_at < Promise.not_before, Attempt.closed_at < Promise.not_before)
    for number, _ in session.execute(charges.join(Promise, stands).where(before)):
        yield f"Money: order {number} was charged before the day it was promised."
    for number, key in session.execute(charges.where(Attempt.opened_at > Order.ended_at)):
        yield f"Money: order {number} was charged after it had ended, by {key}."


def _holds(session: Session, now: datetime) -> Iterator[str]:
    """No hold is left open on an ended order, and a held one says which hold it is and until when."""
    for order in session.scalars(select(Order).where(Order.state.in_(ENDED), Order.hold_intent.is_not(None))):
        yield f"Ends: order {order.number} has ended, and its hold {order.hold_intent} is open."
    other = (Order.state.not_in((*ENDED, "held")), Order.hold_intent.is_not(None))
    for order in session.scalars(select(Order).where(*other)):
        yield f"Ends: order {order.number} is {order.state}, and its hold {order.hold_intent} is open."
    vague = or_(Order.hold_intent.is_(None), Order.capture_before.is_(None))
    for number in session.scalars(select(Order.number).where(Order.state == "held", vague)):
        yield f"Waiting: order {number} is held, and nobody knows by what, or until when."
    stray = (Order.stray_intent.is_not(None), no_open_dispute, no_refund_task, *_at_rest(now))
    for order in session.scalars(select(Order).where(*stray)):
        yield f"Ends: order {order.number} no longer lives on {order.stray_intent}, and it has not been released."
    lost = and_(Checkout.won.is_(False), Checkout.released_at.is_(None), Checkout.closed_at <= now - PATIENCE)
    for visit in session.scalars(select(Checkout).where(lost)):
        yield f"Ends: visit {visit.session_id} secured money for an order that had ended, and holds it still."


def _cards(session: Session, now: datetime) -> Iterator[str]:
    """No card stays saved without a reason: for nothing more to charge, or beside another one."""
    at_rest = _at_rest(now, CARDS_TAKE)
    done = (Order.state.in_(("paid", *ENDED)), Order.payment_method.is_not(None), *at_rest)
    for order in session.scalars(select(Order).where(*done)):
        stands = "is paid" if order.state == "paid" else "has ended"
        yield f"Ends: order {order.number} {stands}, and its card is still saved."
    other = or_(Order.payment_method.is_(None), Order.payment_method != Checkout.payment_method)
    replaced = select(Order.number, Checkout.payment_method).join(Checkout, Checkout.order_id == Order.id)
    replaced = replaced.where(Checkout.won.is_(True), Checkout.payment_method.is_not(None), other, *at_rest)
    for number, card in session.execute(replaced):
        yield f"Ends: order {number} no longer needs the card {card}, and it is still saved."


def _at_rest(now: datetime, patience: timedelta = PATIENCE) -> tuple[Any, ...]:
    """Nothing is under way for an order, and nothing was a while ago: what the worker has to let go of is gone."""
    lately = now - patience
    visit = aliased(Checkout)
    moments = (
        exists().where(LogRow.order_id == Order.id, LogRow.at > lately),
        exists().where(Attempt.order_id == Order.id, Attempt.closed_at > lately),
        exists().where(visit.order_id == Order.id, visit.closed_at > lately),
    )
    return no_open_attempt, not_resting(now), ~or_(*moments)
