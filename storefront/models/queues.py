"""The queue of a product's back-orders, and its restocks: questions only."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from storefront.models.orders import LIVE, Order
from storefront.models.products import Launch, Product
from storefront.rules.queue import Restocked

OPEN = ("reserved", "held", "past_due")

in_queue = and_(
    Order.kind == "back_order",
    Order.state == "reserved",
    Order.queued_at.is_not(None),
    Order.allocated_at.is_(None),
    Order.cancel_wished_at.is_(None),
)
# What no order, offer or place in the queue has; negative where a product is overbooked.
free: ColumnElement[Any] = Product.stock - (Product.taken - Product.queued) - Product.kept


def waiting(product_id: int) -> Select[Order]:
    """The queue, its head first."""
    return select(Order).where(Order.product_id == product_id, in_queue).order_by(Order.queued_at, Order.id)


def length(session: Session, product_id: int) -> int:
    """How many wait for a unit."""
    return session.scalar(select(func.count(Order.id)).where(Order.product_id == product_id, in_queue)) or 0


def place_of(session: Session, order: Order) -> int:
    """An order's place in its queue, from 1."""
    same = and_(Order.queued_at == order.queued_at, Order.id < order.id)
    ahead = (Order.product_id == order.product_id, in_queue, or_(Order.queued_at < order.queued_at, same))
    return (session.scalar(select(func.count(Order.id)).where(*ahead)) or 0) + 1


def restocks(product_id: int) -> Select[Launch]:
    """A product's restocks, the newest first."""
    return select(Launch).where(Launch.product_id == product_id, Launch.kind == "restock").order_by(Launch.id.desc())


def past(session: Session, product_id: int) -> list[Restocked]:
    """When units came back, and how many, the oldest first."""
    rows = select(Launch.launched_at, Launch.units).where(Launch.product_id == product_id, Launch.kind == "restock")
    return [Restocked(at, units) for at, units in session.execute(rows.order_by(Launch.launched_at)) if at]


def served(session: Session, restock_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """How the orders of each restock stand: how many in each state."""
    rows = select(Order.restock_id, Order.state, func.count(Order.id)).where(Order.restock_id.in_(restock_ids))
    found: dict[int, dict[str, int]] = {each: {} for each in restock_ids}
    for restock_id, state, count in session.execute(rows.group_by(Order.restock_id, Order.state)):
        found.setdefault(restock_id or 0, {})[state] = count
    return found


def open_orders(restock: type[Launch]) -> ColumnElement[int]:
    """How many orders of a restock have not come to rest."""
    mine = (Order.restock_id == restock.id, Order.state.in_(OPEN))
    return select(func.count(Order.id)).where(*mine).correlate(restock).scalar_subquery()


def by_state(session: Session, product_id: int) -> dict[str, int]:
    """The live orders of a product that have a unit, and those that wait: "sold", "queued", "visiting"."""
    what = case(
        (Order.kind != "back_order", "sold"),
        (Order.allocated_at.is_not(None), "sold"),
        (Order.queued_at.is_not(None), "queued"),
        else_="visiting",
    )
    rows = select(what, func.count(Order.id)).where(Order.product_id == product_id, Order.unit, Order.state.in_(LIVE))
    counted = session.execute(rows.group_by(what)).all()
    return dict(counted)


def is_queued(order: Order) -> bool:
    """Whether an order waits in the queue for its unit."""
    mine = order.kind == "back_order" and order.state == "reserved" and order.cancel_wished_at is None
    return mine and order.queued_at is not None and order.allocated_at is None
