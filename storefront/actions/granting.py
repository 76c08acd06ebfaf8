"""Access: a launched order whose money is secured gets one grant and one letter (design.md 7)."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, exists, insert, or_, select, update
from sqlalchemy.orm import Session, load_only

from storefront.actions.keying import next_key
from storefront.actions.owing import owe, owe_all
from storefront.models import money
from storefront.models.db import NOW, Database, claim, one_by_one
from storefront.models.grants import Grant
from storefront.models.orders import Order, launched, not_leaving
from storefront.outside.world import Outside
from storefront.rules import licence
from storefront.rules.order import State

BATCH = 500
NEEDED = (Order.id, Order.product_id, Order.email)


def grant_due(outside: Outside, db: Database, now: datetime) -> int:
    """Grant, without network, every launched order with secured money that has no grant. Returns how many."""
    total, last = 0, 0
    while batch := _grant_batch(outside, db, now, last):
        total, last = total + len(batch), batch[-1]
    return total


def _grant_batch(outside: Outside, db: Database, now: datetime, after: int) -> list[int]:
    """Grant the next orders behind `after`, so that none is looked at twice; the ids, in order."""
    with db.write() as session:
        due = claim(_due(outside.grant_on), session)
        orders = session.scalars(due, {"now": now, "after": after}).all()
        grant_all(session, outside, orders, now)
        return [each.id for each in orders]


@cache
def _due(grant_on: str) -> Select[Order]:
    paid = Order.state == "paid"
    live_hold = and_(Order.state == "held", Order.capture_before > NOW)
    secured = paid if grant_on == "capture" else or_(paid, live_hold)
    none_yet = ~exists().where(Grant.order_id == Order.id)
    due = (secured, launched(NOW), not_leaving, none_yet, money.not_disputed)
    query = select(Order).where(*due, Order.id > bindparam("after")).order_by(Order.id).limit(BATCH)
    return query.options(load_only(*NEEDED))


def grant_all(session: Session, outside: Outside, orders: Sequence[Order], now: datetime) -> None:
    """Give access to many, in a few statements. An order that has a grant, or a dispute, is passed over.

    A key from a pool is given one by one.
    """
    if not orders:
        return
    ids = [each.id for each in orders]
    have = set(session.scalars(select(Grant.order_id).where(Grant.order_id.in_(ids)))) | money.disputed_of(session, ids)
    for each in orders:
        if each.id not in have and each.product.pool:
            grant(session, outside, each, now)
    made = {each.id: each for each in orders if each.id not in have and not each.product.pool}
    rows = [{"order_id": each.id, "product_id": each.product_id, "granted_at": now} for each in made.values()]
    if not rows:
        return
    granted = session.execute(insert(Grant).returning(Grant.id, Grant.order_id), rows).all()
    table = Grant.__table__
    links = update(Grant.__table__).where(table.c.id == bindparam("its_id"))  # type: ignore[arg-type]
    links = links.values(link_sha256=bindparam("link"), licence_key=bindparam("licence"))
    one_by_one(session, links, [_opened(outside, grant_id, made[order_id]) for grant_id, order_id in granted])
    owe_all(session, list(made.values()), "access", now)


def _opened(outside: Outside, grant_id: int, order: Order) -> dict[str, Any]:
    software = order.product.kind == "software"
    key = licence.key(outside.links.keys[0], grant_id) if software else None
    return {"its_id": grant_id, "link": outside.links.fresh("access", grant_id, 1), "licence": key}


def grant(session: Session, outside: Outside, order: Order, now: datetime) -> None:
    """Give access and owe the letter that opens it; a suspended grant comes back, a revoked one never.

    Where a key is to come from a pool and none is left, there is no access until one is.
    """
    if session.scalar(select(Grant.id).where(Grant.order_id == order.id)) is not None:
        restore(session, order, now)
        return
    if money.disputed(session, order.id):
        return
    made = Grant(order_id=order.id, product_id=order.product_id, granted_at=now)
    session.add(made)
    session.flush()
    made.link_sha256 = outside.links.fresh("access", made.id, 1)
    if order.product.kind == "software":
        made.licence_key = _key(session, outside, order, made, now)
    if order.product.pool and made.licence_key is None:
        session.delete(made)
        session.flush()
        return
    owe(session, order, "access", now)


def _key(session: Session, outside: Outside, order: Order, made: Grant, now: datetime) -> str | None:
    if order.product.pool:
        return next_key(session, order.product_id, made.id, now)
    return licence.key(outside.links.keys[0], made.id)


def restore(session: Session, order: Order, now: datetime) -> None:
    """Bring suspended access back, where the money is there again and nobody disputes it; a revoked one never."""
    secured = order.state == State.PAID or (order.state == State.HELD and (order.capture_before or now) > now)
    if not secured or order.cancel_wished_at or money.disputed(session, order.id):
        return
    change = update(Grant).where(Grant.order_id == order.id, Grant.revoked_at.is_(None))
    session.execute(change.values(suspended_at=None))


def suspend(session: Session, order: Order, now: datetime) -> None:
    """Pause access: the money behind it failed."""
    change = update(Grant).where(Grant.order_id == order.id, Grant.suspended_at.is_(None), Grant.revoked_at.is_(None))
    session.execute(change.values(suspended_at=now))


def revoke(session: Session, order: Order, now: datetime) -> None:
    """End access for good."""
    session.execute(update(Grant).where(Grant.order_id == order.id, Grant.revoked_at.is_(None)).values(revoked_at=now))
