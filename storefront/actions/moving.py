"""The one way an order's state changes: a conditional UPDATE, its row count, and a log row."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storefront.models.log import LogRow
from storefront.models.orders import Order
from storefront.rules.order import TRANSITIONS, State


def move(
    session: Session,
    order: Order,
    before: Collection[State],
    after: State,
    *,
    who: str,
    why: str,
    at: datetime,
    **facts: Any,  # noqa: ANN401 (columns of Order)
) -> bool:
    """Move an order to `after` and set `facts`, where it stands in one of `before`. False: it stood elsewhere."""
    query = select(Order.state).where(Order.id == order.id).with_for_update()
    state = session.execute(query).scalar_one()
    if state not in before or after not in TRANSITIONS[State(state)]:
        return False
    change = update(Order).where(Order.id == order.id, Order.state == state).values(state=after, **facts)
    session.execute(change)
    session.add(LogRow(order_id=order.id, at=at, who=who, why=why, before=state, after=after))
    session.flush()
    session.refresh(order)
    return True
