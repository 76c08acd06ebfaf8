"""The one way an order's state changes: a conditional UPDATE, its row count, and a log row."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from storefront.models.db import one_by_one, put_all
from storefront.models.log import LogRow
from storefront.models.orders import Order
from storefront.rules.order import TRANSITIONS, State


@dataclass(frozen=True)
class Move:
    """A change of one order among many; `facts` are columns of Order, the same ones in each of them."""

    order: Order
    why: str
    facts: dict[str, Any]


class Raced(Exception):
    """An order stood elsewhere than when it was read."""


def move_all(session: Session, moves: Sequence[Move], after: State, *, who: str, at: datetime) -> None:
    """Move many orders that the caller has locked, in two statements. Raises Raced, and then nothing may be kept."""
    if any(after not in TRANSITIONS[State(each.order.state)] for each in moves):
        raise Raced
    table = Order.__table__
    same = (table.c.id == bindparam("its_id"), table.c.state == bindparam("its_state"))
    given: dict[str, Any] = {name: bindparam(f"new_{name}") for name in (moves[0].facts if moves else ())}
    change = update(Order.__table__).where(*same).values(state=after, **given)  # type: ignore[arg-type]
    if one_by_one(session, change, [_bound(each) for each in moves]) != len(moves):
        raise Raced
    put_all(session, LogRow, [_log_row(each, after, who, at) for each in moves])


def _bound(each: Move) -> dict[str, Any]:
    new = {f"new_{name}": value for name, value in each.facts.items()}
    return {"its_id": each.order.id, "its_state": each.order.state, **new}


def _log_row(each: Move, after: State, who: str, at: datetime) -> dict[str, Any]:
    order = each.order
    return {"order_id": order.id, "at": at, "who": who, "why": each.why, "before": order.state, "after": after}


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
