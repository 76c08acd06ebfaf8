"""Leaving: the wish to cancel an order, noted before anything is let go (policies.md 2)."""

from datetime import datetime

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from storefront.actions.granting import suspend
from storefront.models import money
from storefront.models.db import changed
from storefront.models.grants import Grant
from storefront.models.orders import LIVE, Order

BUYER, GRACE, MOVE = "buyer", "grace", "move"


def wish(session: Session, order: Order, *, who: str, why: str, now: datetime) -> bool:
    """Note that an order is to be cancelled: from here on nothing new is charged, and its access pauses.

    False: it has ended, or its buyer has opened it, who then asks the creator (policies.md 2), or the buyer's bank has
    given the money back.
    """
    if (who == BUYER and session.scalar(_opened(order)) is not None) or money.lost_to_the_bank(session, order.id):
        return False
    change = update(Order).where(Order.id == order.id, Order.cancel_wished_at.is_(None), Order.state.in_(LIVE))
    wished = changed(session, change.values(cancel_wished_at=now, cancel_who=who, cancel_why=why[:500]))
    if wished:
        suspend(session, order, now)
    return wished


def _opened(order: Order) -> Select[int]:
    """The grant of an order, if it has been opened; locked, so that nobody opens it in this moment."""
    return select(Grant.id).where(Grant.order_id == order.id, Grant.first_opened_at.is_not(None)).with_for_update()
