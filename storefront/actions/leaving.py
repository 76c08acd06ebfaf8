"""Leaving: the wish to cancel an order, noted before anything is let go (policies.md 2)."""

from datetime import datetime

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from storefront.actions.granting import suspend
from storefront.actions.owing import owe
from storefront.models import money
from storefront.models.db import changed
from storefront.models.grants import Grant
from storefront.models.orders import LIVE, Order

BUYER, GRACE, MOVE = "buyer", "grace", "move"
SECURED = ("held", "paid")


def wish(session: Session, order: Order, *, who: str, why: str, now: datetime) -> bool:
    """Note that an order is to be cancelled: from here on nothing new is charged, and its access pauses.

    False: it has ended, or its buyer has opened what is secured, who then asks the creator (policies.md 2), or the
    buyer's bank has given the money back. A buyer who withdraws is told at once that it has arrived.
    """
    opened = who == BUYER and order.state in SECURED and session.scalar(_opened(order)) is not None
    if opened or money.lost_to_the_bank(session, order.id):
        return False
    change = update(Order).where(Order.id == order.id, Order.cancel_wished_at.is_(None), Order.state.in_(LIVE))
    wished = changed(session, change.values(cancel_wished_at=now, cancel_who=who, cancel_why=why[:500]))
    if wished:
        suspend(session, order, now)
        if who == BUYER and order.state in SECURED and session.scalar(_granted(order)) is not None:
            owe(session, order, "withdrawn", now)
    return wished


def wish_all(session: Session, product_id: int, *, who: str, why: str, now: datetime) -> None:
    """The same for every live order of a product, in one stroke: nobody is charged from this moment on."""
    mine = (Order.product_id == product_id, Order.state.in_(LIVE), Order.cancel_wished_at.is_(None), money.not_lost)
    stay = {"synchronize_session": False}
    values = {"cancel_wished_at": now, "cancel_who": who, "cancel_why": why[:500]}
    session.execute(update(Order).where(*mine).values(**values), execution_options=stay)
    theirs = select(Order.id).where(Order.product_id == product_id, Order.cancel_wished_at == now)
    open_ones = (Grant.order_id.in_(theirs), Grant.suspended_at.is_(None), Grant.revoked_at.is_(None))
    session.execute(update(Grant).where(*open_ones).values(suspended_at=now), execution_options=stay)


def _granted(order: Order) -> Select[int]:
    return select(Grant.id).where(Grant.order_id == order.id)


def _opened(order: Order) -> Select[int]:
    """The grant of an order, if it has been opened; locked, so that nobody opens it in this moment."""
    return select(Grant.id).where(Grant.order_id == order.id, Grant.first_opened_at.is_not(None)).with_for_update()
