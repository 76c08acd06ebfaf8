"""Checking delays: none without its notice, no deadline passed over, no version of a promise lost (policies.md 1)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from storefront.models.delays import Notice, Reply
from storefront.models.letters import Letter
from storefront.models.orders import LIVE, Order, Promise, not_leaving
from storefront.models.products import Launch
from storefront.models.queues import in_queue

PATIENCE = timedelta(minutes=10)
GIVING_TAKES = timedelta(hours=24)
DECIDED = tuple(each for each in LIVE if each != "placed")


def delays(session: Session, now: datetime) -> Iterator[str]:
    """What is broken about promises that moved, as sentences."""
    yield from _told(session)
    yield from _acted(session, now)
    yield from _kept(session)
    yield from _given(session, now)


def _told(session: Session) -> Iterator[str]:
    """Silence never spoke where no notice was written; one that finds no way is told by the letters' own check."""
    told = (Letter.order_id == Reply.order_id, Letter.kind == "moved")
    heard = exists().where(*told, Letter.version <= Reply.version)
    silent = (Reply.how == "silence", Reply.rule != "missed")
    query = select(Order.number, Reply.version).join(Order, Order.id == Reply.order_id).where(*silent, ~heard)
    for number, version in session.execute(query):
        yield f"Delays: silence spoke for order {number}, and no notice of version {version} was written."


def _acted(session: Session, now: datetime) -> Iterator[str]:
    """A deadline that has passed is acted on, and every order that waits has its next one."""
    ahead = exists().where(
        Launch.product_id == Order.product_id, Launch.kind == "product", Launch.launched_at.is_(None)
    )
    waits = or_(and_(Order.kind == "pre_order", ahead), in_queue)
    mine = (Order.state.in_(DECIDED), not_leaving, waits)
    for order in session.scalars(select(Order).where(*mine, Order.delay_due_at <= now - PATIENCE)):
        yield f"Delays: order {order.number} was to be decided at {order.delay_due_at:%Y-%m-%d %H:%M} UTC, and was not."
    dated = exists().where(Promise.order_id == Order.id, Promise.version == Order.promise_version, Promise.version == 1)
    for number in session.scalars(select(Order.number).where(*mine, dated, Order.delay_due_at.is_(None))):
        yield f"Delays: order {number} waits for a day, and nothing happens when it is missed."


def _kept(session: Session) -> Iterator[str]:
    """Versions are numbered from 1 without a gap, each moved one has its notice, and the last one is the order's."""
    count = func.count(Promise.id)
    query = select(Order.number, Order.promise_version, count, func.min(Promise.version), func.max(Promise.version))
    grouped = query.join(Promise, Promise.order_id == Order.id).group_by(Order.id, Order.number, Order.promise_version)
    for number, stands, there, least, most in session.execute(grouped):
        if (least, most, there) != (1, stands, stands):
            yield f"Promises: order {number} stands at version {stands}, and has {there} of them, {least} to {most}."
    before = aliased(Promise)
    moved = and_(before.order_id == Promise.order_id, before.version == Promise.version - 1)
    noticed = exists().where(Notice.launch_id == Launch.id, Notice.generation == Promise.launch_generation)
    changed = select(Order.number, Promise.version).join(Promise, Promise.order_id == Order.id).join(before, moved)
    changed = changed.join(Launch, and_(Launch.product_id == Order.product_id, Launch.kind == "product"))
    later = Promise.made_at < before.made_at
    for number, version in session.execute(changed.where(later)):
        yield f"Promises: version {version} of order {number} is older than the one before it."
    since = select(func.min(Notice.at)).scalar_subquery()
    for number, version in session.execute(
        changed.where(before.launch_generation != Promise.launch_generation, ~noticed, Promise.made_at >= since)
    ):
        yield f"Promises: version {version} of order {number} moved, and no notice says why."


def _given(session: Session, now: datetime) -> Iterator[str]:
    """What was taken for waiting was given."""
    owed = (Reply.owed > 0, Reply.given_at.is_(None), Reply.at <= now - GIVING_TAKES, Order.state == "paid")
    query = select(Order.number).join(Reply, Reply.order_id == Order.id).where(*owed, not_leaving)
    for number in session.scalars(query):
        yield f"Delays: order {number} waits for its part of the price for over 24 hours."
