"""Access: a launched order whose money is secured gets one grant and one letter (design.md 7)."""

from datetime import datetime

from sqlalchemy import Select, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from storefront.actions.owing import owe
from storefront.models import money
from storefront.models.db import Database, claim
from storefront.models.grants import Grant
from storefront.models.orders import Order, launched, not_leaving
from storefront.outside.world import Outside
from storefront.rules import licence
from storefront.rules.order import State

BATCH = 200


def grant_due(outside: Outside, db: Database, now: datetime) -> int:
    """Grant, without network, every launched order with secured money that has no grant. Returns how many."""
    total = 0
    while batch := _grant_batch(outside, db, now):
        total += batch
    return total


def _grant_batch(outside: Outside, db: Database, now: datetime) -> int:
    with db.write() as session:
        orders = session.scalars(claim(_due(outside, now), session)).all()
        for order in orders:
            grant(session, outside, order, now)
        return len(orders)


def _due(outside: Outside, now: datetime) -> Select[Order]:
    paid = Order.state == "paid"
    live_hold = and_(Order.state == "held", Order.capture_before > now)
    secured = paid if outside.grant_on == "capture" else or_(paid, live_hold)
    none_yet = ~exists().where(Grant.order_id == Order.id)
    return (
        select(Order)
        .where(secured, launched(now), not_leaving, none_yet, money.not_disputed)
        .order_by(Order.id)
        .limit(BATCH)
    )


def grant(session: Session, outside: Outside, order: Order, now: datetime) -> None:
    """Give access and owe the letter that opens it; a suspended grant comes back, a revoked one never."""
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
        made.licence_key = licence.key(outside.links.keys[0], made.id)
    owe(session, order, "access", now)


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
