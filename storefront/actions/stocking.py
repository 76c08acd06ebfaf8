"""Units: taken and given back by conditional UPDATEs, as late in the transaction as possible."""

from datetime import datetime

from sqlalchemy import or_, true, update
from sqlalchemy.orm import Session

from storefront.models.db import changed
from storefront.models.orders import Order
from storefront.models.products import Offer, Product
from storefront.models.stock import UnitMove


def take(session: Session, product_id: int, offer_id: int) -> bool:
    """Take one unit of the product and one of the offer, or neither. The caller rolls back where this is False.

    A product that left the shop a moment before gives none.
    """
    for table, limit, row_id in ((Offer, Offer.units, offer_id), (Product, Product.stock, product_id)):
        left = or_(limit.is_(None), table.taken < limit)
        sold = Product.retired_at.is_(None) if table is Product else true()
        if not changed(session, update(table).where(table.id == row_id, left, sold).values(taken=table.taken + 1)):
            return False
    return True


def note_taken(session: Session, order: Order, now: datetime) -> None:
    """Write the ledger row of the unit a new order took."""
    session.add(_row(order, 1, now, "placed"))


def give_back(session: Session, order: Order, why: str, now: datetime) -> None:
    """Give an order's unit back, once: a second call finds none to give."""
    if not changed(session, update(Order).where(Order.id == order.id, Order.unit).values(unit=False)):
        return
    session.add(_row(order, -1, now, why))
    for table, row_id in ((Offer, order.offer_id), (Product, order.product_id)):
        session.execute(update(table).where(table.id == row_id).values(taken=table.taken - 1))


def _row(order: Order, change: int, now: datetime, why: str) -> UnitMove:
    return UnitMove(
        order_id=order.id, product_id=order.product_id, offer_id=order.offer_id, change=change, at=now, why=why
    )
