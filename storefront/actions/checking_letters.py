"""Checking that each letter is owed, once (reliability.md N1): the log and the grants say which ones there must be."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from storefront.models.grants import Grant
from storefront.models.letters import Letter, unsent
from storefront.models.log import LogRow
from storefront.models.orders import Order

LATE = timedelta(hours=24)
SECURED = ("reserved", "held", "paid")
# What a change of state is told by: from where, to where, the kind of its letter.
TOLD = (
    (("placed",), SECURED, "confirmed"),
    (("reserved", "held"), ("past_due",), "past_due"),
    (("reserved", "held", "past_due"), ("cancelled",), "cancelled"),
    (("paid",), ("refunded",), "refunded"),
)


def letters(session: Session, now: datetime) -> Iterator[str]:
    """What is broken, a sentence each."""
    yield from _late(session, now)
    yield from _missing(session)
    yield from _moved(session)
    yield from _access(session)
    yield from _twice(session)


def _late(session: Session, now: datetime) -> Iterator[str]:
    for letter in session.scalars(select(Letter).where(unsent, Letter.owed_at <= now - LATE)):
        whom = (
            f"order {letter.order.number}"
            if letter.order_id
            else f"ticket {letter.ticket_id}"
            if letter.ticket_id
            else f"watcher {letter.watcher_id}"
        )
        yield f"Letters: {letter.kind} for {whom} has been owed since {letter.owed_at:%Y-%m-%d %H:%M} UTC: {letter.trouble or 'not tried'}."


def _missing(session: Session) -> Iterator[str]:
    """Each change of state that is somebody's to know has its letter."""
    for before, after, kind in TOLD:
        told = exists().where(Letter.order_id == Order.id, Letter.kind == kind)
        changed = select(Order.number, LogRow.after).join(LogRow, LogRow.order_id == Order.id)
        query = changed.where(LogRow.before.in_(before), LogRow.after.in_(after), ~told).distinct()
        for number, state in session.execute(query):
            yield f"Letters: order {number} became {state}, and no letter says so."


def _moved(session: Session) -> Iterator[str]:
    kinds = Letter.kind.in_(("moved", "bettered"))
    told = exists().where(Letter.order_id == Order.id, kinds, Letter.version == Order.promise_version)
    for order in session.scalars(select(Order).where(Order.promise_version > 1, ~told)):
        yield f"Letters: order {order.number} was moved, and no letter says so."


def _access(session: Session) -> Iterator[str]:
    """Whoever has access was told; a letter that was put aside tells nobody."""
    live = and_(Grant.suspended_at.is_(None), Grant.revoked_at.is_(None))
    kept = or_(Letter.dropped_at.is_(None), ~live)
    opened = exists().where(Letter.order_id == Grant.order_id, Letter.kind == "access", kept)
    for grant in session.scalars(select(Grant).where(~opened)):
        yield f"Letters: order {grant.order.number} has access, and no letter says so."


def _twice(session: Session) -> Iterator[str]:
    """Once for each order, kind and version, whoever it goes to; an access letter once for each link."""
    same = (Order.number, Letter.kind, Letter.version)
    query = select(*same).join(Letter, Letter.order_id == Order.id).group_by(*same).having(func.count() > 1)
    for number, kind, version in session.execute(query):
        yield f"Letters: {kind} {version} of order {number} is owed twice."
    further = select(Order.number, Letter.version).join(Letter, Letter.order_id == Order.id)
    further = further.join(Grant, Grant.order_id == Order.id).where(Letter.kind == "access")
    for number, version in session.execute(further.where(Letter.version > Grant.link_generation)):
        yield f"Letters: access {version} of order {number} is owed for a link that was never made."
