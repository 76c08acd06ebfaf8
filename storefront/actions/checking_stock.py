"""Checking stock: units, the queue, restocks, key pools and waiting lists (reliability.md S1 to S7)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from storefront.models import queues
from storefront.models.grants import Grant
from storefront.models.keys import PoolKey
from storefront.models.orders import LIVE, Order
from storefront.models.products import Launch, Product
from storefront.models.stock import StockMove
from storefront.models.tickets import Ticket

PATIENCE = timedelta(minutes=10)


def stock(session: Session, now: datetime) -> Iterator[str]:
    """What does not add up, a sentence each."""
    yield from _counters(session)
    yield from _limits(session)
    yield from _queue(session)
    yield from _restocks(session)
    yield from _keys(session)
    yield from _late(session, now)


def _count(condition: ColumnElement[bool], column: Any) -> ColumnElement[int]:  # noqa: ANN401 (an id)
    return select(func.count(column)).where(condition).correlate(Product).scalar_subquery()


def _counters(session: Session) -> Iterator[str]:
    unserved = and_(
        Order.product_id == Product.id, Order.unit, Order.kind == "back_order", Order.allocated_at.is_(None)
    )
    counted = {
        "queued": (Product.queued, _count(unserved, Order.id)),
        "kept": (Product.kept, _count(_tickets("offered"), Ticket.id)),
        "waiting": (Product.waiting, _count(_tickets("waiting"), Ticket.id)),
    }
    for name, (kept, rows) in counted.items():
        for slug, says, there in session.execute(select(Product.slug, kept, rows).where(kept != rows)):
            yield f"Stock: {slug} counts {says} {name}, and there are {there}."


def _tickets(state: str) -> ColumnElement[bool]:
    return and_(Ticket.product_id == Product.id, Ticket.state == state)


def _limits(session: Session) -> Iterator[str]:
    """S1: more units given than there are only where the stock was lowered since, or began as a limit later (S7)."""
    lowered = exists().where(StockMove.product_id == Product.id, StockMove.change < 0)
    over = select(Product.slug, queues.free).where(Product.stock.is_not(None), queues.free < 0, ~lowered)
    for slug, free in session.execute(over):
        yield f"Stock: {slug} has sold {-free} more units than it has."


def _queue(session: Session) -> Iterator[str]:
    """S5: nobody has a unit while somebody who queued earlier waits; S6: only allocated orders are charged."""
    ahead = Order.__table__.alias("ahead")
    waits = and_(
        ahead.c.product_id == Order.product_id,
        ahead.c.kind == "back_order",
        ahead.c.state == "reserved",
        ahead.c.allocated_at.is_(None),
        ahead.c.cancel_wished_at.is_(None),
        or_(
            ahead.c.queued_at < Order.queued_at,
            and_(ahead.c.queued_at == Order.queued_at, ahead.c.id < Order.id),
        ),
    )
    passed = select(Order.number, ahead.c.number).join(ahead, waits).where(Order.allocated_at.is_not(None))
    for number, earlier in session.execute(passed):
        yield f"Stock: order {number} has its unit, and order {earlier} waits, which queued earlier."
    early = (Order.kind == "back_order", Order.allocated_at.is_(None), Order.paid_intent.is_not(None))
    for number in session.scalars(select(Order.number).where(*early)):
        yield f"Stock: back-order {number} was charged, and has no unit."


def _restocks(session: Session) -> Iterator[str]:
    """S6: a restock serves at most as many orders as units came back."""
    served = select(func.count(Order.id)).where(Order.restock_id == Launch.id).correlate(Launch).scalar_subquery()
    for row, count in session.execute(select(Launch, served).where(Launch.kind == "restock", served > Launch.units)):
        yield f"Stock: restock {row.id} of {row.product.slug} brought {row.units} units, and {count} orders have one."
    half = (Order.allocated_at.is_(None)) != (Order.restock_id.is_(None))
    for number in session.scalars(select(Order.number).where(half)):
        yield f"Stock: order {number} has a unit of no restock."


def _keys(session: Session) -> Iterator[str]:
    there = select(func.count(PoolKey.id)).where(PoolKey.product_id == Product.id, PoolKey.retired_at.is_(None))
    keys = there.correlate(Product).scalar_subquery()
    for slug, says, count in session.execute(select(Product.slug, Product.stock, keys).where(Product.pool)):
        if says != count:
            yield f"Stock: {slug} counts {says} units, and its pool has {count} licence keys."
    twice = select(Grant.licence_key, Grant.product_id).where(Grant.licence_key.is_not(None))
    for key in session.execute(twice.group_by(Grant.licence_key, Grant.product_id).having(func.count(Grant.id) > 1)):
        yield f"Stock: a licence key of product {key.product_id} was given twice."
    other = select(Grant).join(PoolKey, PoolKey.grant_id == Grant.id).where(PoolKey.key != Grant.licence_key)
    for grant in session.scalars(other):
        yield f"Stock: order {grant.order.number} has another licence key than its pool says."


def _late(session: Session, now: datetime) -> Iterator[str]:
    """What the worker has not done for ten minutes."""
    head = select(func.min(Order.queued_at)).where(Order.product_id == Product.id, queues.in_queue)
    idle = head.correlate(Product).scalar_subquery() <= now - PATIENCE
    lately = exists().where(
        Launch.product_id == Product.id, Launch.kind == "restock", Launch.launched_at > now - PATIENCE
    )
    for slug in session.scalars(select(Product.slug).where(queues.free > 0, idle, ~lately, _freed_long_ago(now))):
        yield f"Stock: {slug} has a free unit, and its queue waits. Does the worker run?"
    over = (Ticket.state == "offered", Ticket.offer_until <= now - PATIENCE)
    for ticket in session.scalars(select(Ticket).where(*over)):
        yield f"Stock: the offer of ticket {ticket.id} is over, and its unit is kept still."
    gone = (Order.unit, Order.state.not_in(LIVE))
    for number in session.scalars(select(Order.number).where(*gone)):
        yield f"Stock: order {number} has ended, and has a unit."


def _freed_long_ago(now: datetime) -> ColumnElement[bool]:
    """Nobody has given a unit back a moment ago."""
    return ~exists().where(Order.product_id == Product.id, Order.ended_at > now - PATIENCE)
