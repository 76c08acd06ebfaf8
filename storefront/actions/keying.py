"""Licence keys: derived for each grant, or given from the pool that their creator imported."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storefront.models.db import claim
from storefront.models.grants import Grant
from storefront.models.keys import PoolKey
from storefront.models.letters import Letter
from storefront.models.orders import Order


def next_key(session: Session, product_id: int, grant_id: int, now: datetime) -> str | None:
    """Give a grant the next free key of its product's pool, the oldest first; None: the pool is empty."""
    free = (PoolKey.product_id == product_id, PoolKey.grant_id.is_(None), PoolKey.retired_at.is_(None))
    first = claim(select(PoolKey.id).where(*free).order_by(PoolKey.id).limit(1), session).scalar_subquery()
    given = update(PoolKey).where(PoolKey.id == first).values(grant_id=grant_id, given_at=now)
    return session.scalar(given.returning(PoolKey.key), execution_options={"synchronize_session": False})


def return_key(session: Session, order: Order, now: datetime) -> bool:
    """An order that has ended gives its pool key back, unless somebody may have seen it: then it is retired.

    Returns whether it is retired, and the stock has one unit fewer.
    """
    grant = session.scalar(select(Grant).where(Grant.order_id == order.id))
    if grant is None:
        return False
    key = session.scalar(select(PoolKey).where(PoolKey.grant_id == grant.id).with_for_update())
    if key is None or key.retired_at is not None:
        return False
    if _may_be_seen(session, grant):
        key.retired_at = now
    else:
        key.grant_id = key.given_at = grant.licence_key = None
    session.flush()
    return key.retired_at is not None


def _may_be_seen(session: Session, grant: Grant) -> bool:
    """Opened, or in a letter that has left, stands in an inbox or is being written: these are locked, so that none leaves meanwhile."""
    if grant.first_opened_at or grant.link_redeemed_at:
        return True
    told = select(Letter).where(Letter.order_id == grant.order_id, Letter.kind.in_(("access", "repaired")))
    letters = session.scalars(
        told.order_by(Letter.id).with_for_update().execution_options(populate_existing=True)
    ).all()
    return any(each.sent_at or each.shown_at or each.leased_until or each.tries for each in letters)
