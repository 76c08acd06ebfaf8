"""Our own next tries of a card that was declined, and the letters of the grace (design.md 3)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from storefront.actions.attempting import Record, carry_out
from storefront.actions.charging import record_charge
from storefront.actions.owing import owe
from storefront.actions.patience import for_each
from storefront.actions.preflighting import off_session, record_hold
from storefront.actions.taxing import begin_taxed
from storefront.models.db import MOST, NOW, Database, Instant, claim
from storefront.models.letters import Letter
from storefront.models.orders import (
    Attempt,
    Order,
    Promise,
    is_out,
    no_open_attempt,
    no_open_visit,
    not_leaving,
    not_resting,
)
from storefront.models.products import Launch
from storefront.models.queues import in_queue
from storefront.outside.world import Outside
from storefront.rules import charge
from storefront.rules.order import State

LAST_WORD = timedelta(hours=24)
BATCH = 100
SOON = bindparam("soon", type_=Instant())


def retry_due(outside: Outside, db: Database, now: datetime, limit: int = 25) -> int:
    """Ask the banks again whose time has come; not while a buyer is at Stripe with another card."""
    with db.read() as session:
        ids = session.scalars(_due(), {"now": now, "most": limit}).all()
    return for_each(ids, lambda order_id: _retry(outside, db, order_id, now))


@cache
def _due() -> Select[int]:
    due = (Order.state == "past_due", Order.next_try_at <= NOW, Order.grace_until > NOW)
    free = (Order.stray_intent.is_(None), not_leaving, no_open_attempt, no_open_visit, not_resting(NOW))
    return select(Order.id).where(*due, *free).order_by(Order.id).limit(MOST)


def _retry(outside: Outside, db: Database, order_id: int, now: datetime) -> None:
    with db.write() as session:
        free = select(Order.id).where(Order.id == order_id, no_open_visit, Order.next_try_at <= now, not_leaving)
        if session.scalar(free.with_for_update()) is None:
            return
        order = session.get_one(Order, order_id)
        attempt, record = _begin(session, outside, order, now)
    if attempt is not None:
        carry_out(outside, db, attempt, record, now)


def _begin(session: Session, outside: Outside, order: Order, now: datetime) -> tuple[Attempt | None, Record]:
    """After the launch the money itself, in the last 48 hours before it a hold; earlier the day is waited for."""
    if order.state != State.PAST_DUE or not order.payment_method:
        order.next_try_at = None
        return None, record_charge
    if is_out(session, order, now):
        return begin_taxed(session, outside, order, "charge", record_charge, now, body=off_session(order))
    day = order.product.launch.at
    if day is None or charge.preflight_at(day) > now:
        order.next_try_at = day and charge.preflight_at(day)
        return None, record_hold
    body = off_session(order) | {"capture_method": "manual"}
    return begin_taxed(session, outside, order, "hold", record_hold, now, body=body)


def remind_due(_outside: Outside, db: Database, now: datetime) -> int:
    """Owe the letters of the grace, at the launch and 24 hours before its end, and ask whose card will be too old."""
    with db.write() as session:
        out = _untold(session, _out(), now)
        for order in out:
            owe(session, order, "past_due_out", now, version=order.episode)
        ending = _untold(session, _ending(), now, soon=now + LAST_WORD)
        for order in ending:
            owe(session, order, "grace_ending", now, version=order.episode)
        expiring = _untold(session, _expiring(), now, soon=now + charge.CARD_ENDS_WITHIN)
        for order in expiring:
            owe(session, order, "card_expiring", now, version=order.promise_version)
    return len(out) + len(ending) + len(expiring)


def _untold(session: Session, query: Select[Order], now: datetime, **instants: datetime) -> Sequence[Order]:
    """A batch of the orders of which it is so and who have not had the letter that says so."""
    return session.scalars(claim(query, session), {"now": now, **instants}).all()


@cache
def _out() -> Select[Order]:
    return _without("past_due_out", Order.episode, _was_declined_before_the_launch())


@cache
def _ending() -> Select[Order]:
    return _without("grace_ending", Order.episode, _is_nearly_over())


@cache
def _expiring() -> Select[Order]:
    ends = or_(_card_ends_before_the_launch(), _card_ends_in_the_queue())
    return _without("card_expiring", Order.promise_version, ends)


def _without(kind: str, version: InstrumentedAttribute[int], condition: ColumnElement[bool]) -> Select[Order]:
    told = exists().where(Letter.order_id == Order.id, Letter.kind == kind, Letter.version == version)
    return select(Order).where(condition, not_leaving, ~told).order_by(Order.id).limit(BATCH)


def _was_declined_before_the_launch() -> ColumnElement[bool]:
    launch = (Launch.product_id == Order.product_id, Launch.kind == "product")
    out = exists().where(*launch, Launch.launched_at > Order.declined_at)
    return and_(Order.state == "past_due", Order.grace_until > NOW, out)


def _is_nearly_over() -> ColumnElement[bool]:
    return and_(Order.state == "past_due", Order.grace_until > NOW, Order.grace_until <= SOON)


def _card_ends_before_the_launch() -> ColumnElement[bool]:
    soon = exists().where(
        Launch.product_id == Order.product_id,
        Launch.launched_at.is_(None),
        Launch.at <= SOON,
        Launch.at >= Order.card_until,
    )
    return and_(Order.state == "reserved", soon)


def _card_ends_in_the_queue() -> ColumnElement[bool]:
    """Nobody knows the day of a unit: `rules.queue.card_ends`."""
    told = (Promise.order_id == Order.id, Promise.version == Order.promise_version)
    in_doubt = exists().where(*told, or_(Promise.undated, Promise.by >= Order.card_until))
    return and_(in_queue, Order.card_until <= SOON, in_doubt)
