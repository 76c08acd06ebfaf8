"""Compensation for a delay: a bonus, or a part of the price; the creator's to offer, per move (policies.md 1)."""

from datetime import datetime
from functools import cache

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from storefront.actions import refunding
from storefront.actions.owing import owe
from storefront.actions.patience import for_each
from storefront.actions.promising import promise_better
from storefront.models.db import MOST, Database
from storefront.models.delays import Notice, Reply, notice_of
from storefront.models.money import not_disputed
from storefront.models.orders import Attempt, Order, no_open_attempt, no_open_visit, not_leaving
from storefront.outside.world import Outside
from storefront.rules import gift
from storefront.rules.gift import Gift
from storefront.rules.money import exact


def offered(session: Session, order: Order) -> Gift | None:
    """What this order's buyer gets for waiting; None where the creator offers nothing, or nothing that fits."""
    notice = notice_of(session, order, order.promise)
    return as_gift(notice, order) if notice else None


def as_gift(notice: Notice, order: Order) -> Gift | None:
    """A notice's offer for one order: a bonus it has already is none, and the price stays one that can be charged."""
    if notice.gift == "bonus" and notice.bonus is not None:
        title = notice.bonus.title
        return None if title in order.promise.bonuses else Gift(bonus=title)
    return gift.part(notice.gift, notice.gift_size, order.price, order.currency)


def give(session: Session, order: Order, reply: Reply, now: datetime) -> None:
    """Better the promise: with a bonus, or a lower price; of what was paid already, a part goes back."""
    notice, found = notice_of(session, order, order.promise), offered(session, order)
    if notice is None or found is None:
        return
    reply.gift = gift.words(found, order.currency)
    if found.bonus:
        reply.bonus_id = notice.bonus_id
    elif order.state == "paid" or not _at_rest(session, order):
        reply.owed = found.amount
        return
    else:
        order.price -= found.amount
    fresh = promise_better(session, order, found, now)
    owe(session, order, "bettered", now, version=fresh.version, gift=reply.gift)


def _at_rest(session: Session, order: Order) -> bool:
    """No payment is under way at the old price; one that is goes on, and the part comes back of it."""
    return session.scalar(select(Order.id).where(Order.id == order.id, no_open_attempt, no_open_visit)) is not None


def give_due(outside: Outside, db: Database, now: datetime, limit: int = 25) -> int:
    """Send back the parts that are owed for waiting. Returns how many were tried."""
    with db.read() as session:
        ids = session.scalars(_due(), {"most": limit}).all()
    return for_each(ids, lambda reply_id: _send_back(outside, db, reply_id, now))


@cache
def _due() -> Select[int]:
    query = select(Reply.id).join(Order, Order.id == Reply.order_id)
    free = (Order.state == "paid", not_leaving, not_disputed, no_open_attempt)
    return query.where(Reply.owed > 0, Reply.given_at.is_(None), *free).order_by(Reply.id).limit(MOST)


def _send_back(outside: Outside, db: Database, reply_id: int, now: datetime) -> bool:
    """One part, once: the refund's own reason tells whether it was begun before."""
    with db.read() as session:
        reply = session.get_one(Reply, reply_id)
        order_id, amount, why = reply.order_id, reply.owed, gift.reason(reply.version)
        who = f"creator:{reply.order.product.creator_id}"
        begun = select(Attempt.id).where(Attempt.order_id == order_id, Attempt.kind == "refund", Attempt.why == why)
        known = session.scalar(begun.limit(1)) is not None
    refused = None if known else refunding.refund_part(outside, db, order_id, amount, who=who, why=why, now=now)
    if refused is not None and refused.code in {"busy", "disputed", "changed"}:
        return False
    with db.write() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        session.get_one(Reply, reply_id, with_for_update=True).given_at = now
        if refused is not None and order.state == "paid":
            refunding.ask_for_part(session, order, _promised(order, amount, refused.sentence), now)
    return True


def _promised(order: Order, amount: int, why_not: str) -> str:
    return f"{exact(amount, order.currency)} were promised for waiting to the buyer of order {order.number}. {why_not}"
