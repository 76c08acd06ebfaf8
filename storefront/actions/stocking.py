"""Units: taken and given back by conditional UPDATEs, as late in the transaction as possible.

Whoever waits for a unit comes first: while somebody does, a free one is sold to nobody else. It is handed on by
`restocking` and `listing`, each in a transaction of its own that locks an order or a ticket first, its product last.
"""

from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, Update, and_, bindparam, case, or_, select, update
from sqlalchemy.orm import Session

from storefront.actions.keying import return_key
from storefront.models import queues
from storefront.models.db import changed, hits
from storefront.models.orders import Order
from storefront.models.products import Offer, Product
from storefront.models.stock import StockMove, UnitMove
from storefront.rules.stock import Kind, Stock

no_one_waits = and_(Product.queued == 0, Product.waiting == 0)
in_stock = or_(Product.stock.is_(None), and_(queues.free > 0, no_one_waits))


def of_product(product: Product) -> Stock:
    """A product's counters and days, as the rules read them."""
    launch = product.launch
    return Stock(
        out=launch.launched_at is not None,
        stock=product.stock,
        taken=product.taken,
        queued=product.queued,
        kept=product.kept,
        waiting=product.waiting,
        cap=product.backorders,
        launch_at=launch.at,
        expected_at=product.expected_at,
        latest_at=product.latest_at,
        zone=launch.zone,
    )


def take(
    session: Session, product_id: int, offer_id: int, kind: Kind = Kind.PURCHASE, *, offered: bool = False
) -> bool:
    """Take one unit of the product and one of the offer, or neither: False.

    A back-order takes a place below the cap, where nothing is in stock. `offered`: the unit that an offer to the waiting
    list has kept. A product that left the shop a moment before gives none.
    """
    if not hits(session, _offer_change(1), its_id=offer_id):
        return False
    if hits(session, _product_change(kind, offered=offered), its_id=product_id):
        return True
    hits(session, _offer_change(-1), its_id=offer_id)
    return False


@cache
def _offer_change(change: int) -> Update:
    left = or_(Offer.units.is_(None), Offer.taken + change <= Offer.units)
    return update(Offer).where(Offer.id == bindparam("its_id"), left).values(taken=Offer.taken + change)


@cache
def _product_change(kind: Kind, *, offered: bool) -> Update:
    here = update(Product).where(Product.id == bindparam("its_id"), Product.retired_at.is_(None))
    if offered:
        return here.where(Product.kept > 0).values(taken=Product.taken + 1, kept=Product.kept - 1)
    if kind is Kind.BACK_ORDER:
        below = (Product.stock.is_not(None), Product.queued < Product.backorders, ~in_stock)
        return here.where(*below).values(taken=Product.taken + 1, queued=Product.queued + 1)
    return here.where(in_stock).values(taken=Product.taken + 1)


def taken(order: Order, now: datetime) -> UnitMove:
    """The ledger row of the unit a new order took."""
    return _row(order, 1, now, "placed")


def give_back(session: Session, order: Order, why: str, now: datetime) -> None:
    """Give an order's unit back, once: a second call finds none to give. The order is locked.

    One that was still in the queue leaves its place. A licence key that somebody has seen leaves the stock with it.
    """
    if not changed(session, update(Order).where(Order.id == order.id, Order.unit).values(unit=False)):
        return
    session.add(_row(order, -1, now, why))
    session.execute(update(Offer).where(Offer.id == order.offer_id).values(taken=Offer.taken - 1))
    seen = return_key(session, order, now)
    queued = case((_waits(order), Product.queued - 1), else_=Product.queued)
    back = update(Product).where(Product.id == order.product_id)
    session.execute(back.values(taken=Product.taken - 1, queued=queued))
    if seen:
        change_stock(session, order.product_id, -1, "worker", "licence key seen", now)


def _waits(order: Order) -> ColumnElement[bool]:
    """Whether the order has its place in the queue still, as the database has it now."""
    here = (Order.id == order.id, Order.kind == "back_order", Order.allocated_at.is_(None))
    return select(Order.id).where(*here).exists()


def change_stock(session: Session, product_id: int, change: int, who: str, why: str, now: datetime) -> int | None:
    """Add to a limited stock, or take out of it, never below nothing. Returns what it is then; None: it cannot be."""
    fits = (Product.stock.is_not(None), Product.stock + change >= 0)
    moved = update(Product).where(Product.id == product_id, *fits).values(stock=Product.stock + change)
    after: int | None = session.scalar(moved.returning(Product.stock), execution_options={"synchronize_session": False})
    if after is None or not change:
        return after
    session.add(StockMove(product_id=product_id, at=now, who=who[:80], why=why[:80], change=change, after=after))
    session.flush()
    return after


def _row(order: Order, change: int, now: datetime, why: str) -> UnitMove:
    return UnitMove(
        order_id=order.id, product_id=order.product_id, offer_id=order.offer_id, change=change, at=now, why=why
    )
