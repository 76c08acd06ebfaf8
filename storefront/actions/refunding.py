"""Refunds: everything the buyer paid, to the means they paid with."""

from datetime import datetime

from sqlalchemy.orm import Session

from storefront.actions.attempting import begin, carry_out
from storefront.actions.granting import revoke
from storefront.actions.moving import move
from storefront.actions.owing import owe
from storefront.actions.stocking import give_back
from storefront.models import orders
from storefront.models.db import Database
from storefront.models.orders import Attempt, Order
from storefront.outside.stripe_gateway import Done, Outcome, Refund
from storefront.outside.world import Outside
from storefront.rules.order import State


def refund(outside: Outside, db: Database, order_id: int, now: datetime) -> None:
    """Give back everything captured for an order that is leaving."""
    with db.write() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        captured, refunded = orders.moved(session, order_id)
        if order.state != State.PAID or not order.cancel_wished_at or captured <= refunded:
            return
        body = {"payment_intent": order.paid_intent, "amount": captured - refunded, "reason": "requested_by_customer"}
        attempt = begin(session, order, "refund", now, body=body)
    if attempt is not None:
        carry_out(outside, db, attempt, record_refund, now)


def record_refund(
    session: Session, outside: Outside, order: Order, attempt: Attempt, outcome: Outcome, now: datetime
) -> None:
    """The refund is accepted: access ends, the unit returns, the buyer is told, all in one transaction."""
    del outside
    if not isinstance(outcome, Done) or not isinstance(outcome.value, Refund):
        return
    if outcome.value.status in {"failed", "canceled"}:
        attempt.detail = f"the refund is {outcome.value.status}"
        return
    attempt.moved = outcome.value.amount
    session.flush()
    captured, refunded = orders.moved(session, order.id)
    if order.state != State.PAID or refunded < captured:
        return
    who, why = order.cancel_who or "worker", order.cancel_why or "refunded in full"
    if move(session, order, [State.PAID], State.REFUNDED, who=who, why=why, at=now, ended_at=now):
        revoke(session, order, now)
        give_back(session, order, "refunded", now)
        owe(session, order, "refunded", now)
