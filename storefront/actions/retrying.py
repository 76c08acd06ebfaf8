"""Our own next tries of a card that was declined, and the letters of the grace (design.md 3)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from storefront.actions.attempting import Record, carry_out
from storefront.actions.charging import record_charge
from storefront.actions.owing import owe
from storefront.actions.patience import for_each
from storefront.actions.preflighting import off_session, record_hold
from storefront.actions.taxing import begin_taxed
from storefront.models.db import Database, claim
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


def retry_due(outside: Outside, db: Database, now: datetime, limit: int = 25) -> int:
    """Ask the banks again whose time has come; not while a buyer is at Stripe with another card."""
    due = (Order.state == "past_due", Order.next_try_at <= now, Order.grace_until > now)
    free = (Order.stray_intent.is_(None), not_leaving, no_open_attempt, no_open_visit, not_resting(now))
    with db.read() as session:
        ids = session.scalars(select(Order.id).where(*due, *free).order_by(Order.id).limit(limit)).all()
    return for_each(ids, lambda order_id: _retry(outside, db, order_id, now))


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
        out = _untold(session, "past_due_out", Order.episode, _was_declined_before_the_launch(now))
        for order in out:
            owe(session, order, "past_due_out", now, version=order.episode)
        ending = _untold(session, "grace_ending", Order.episode, _is_nearly_over(now))
        for order in ending:
            owe(session, order, "grace_ending", now, version=order.episode)
        ends = or_(_card_ends_before_the_launch(now), _card_ends_in_the_queue(now))
        expiring = _untold(session, "card_expiring", Order.promise_version, ends)
        for order in expiring:
            owe(session, order, "card_expiring", now, version=order.promise_version)
    return len(out) + len(ending) + len(expiring)


def _untold(
    session: Session, kind: str, version: InstrumentedAttribute[int], condition: ColumnElement[bool]
) -> Sequence[Order]:
    """A batch of the orders of which it is so and who have not had the letter that says so."""
    told = exists().where(Letter.order_id == Order.id, Letter.kind == kind, Letter.version == version)
    query = select(Order).where(condition, not_leaving, ~told).order_by(Order.id).limit(BATCH)
    return session.scalars(claim(query, session)).all()


def _was_declined_before_the_launch(now: datetime) -> ColumnElement[bool]:
    launch = (Launch.product_id == Order.product_id, Launch.kind == "product")
    out = exists().where(*launch, Launch.launched_at > Order.declined_at)
    return and_(Order.state == "past_due", Order.grace_until > now, out)


def _is_nearly_over(now: datetime) -> ColumnElement[bool]:
    return and_(Order.state == "past_due", Order.grace_until > now, Order.grace_until <= now + LAST_WORD)


def _card_ends_before_the_launch(now: datetime) -> ColumnElement[bool]:
    soon = exists().where(
        Launch.product_id == Order.product_id,
        Launch.launched_at.is_(None),
        Launch.at <= now + charge.CARD_ENDS_WITHIN,
        Launch.at >= Order.card_until,
    )
    return and_(Order.state == "reserved", soon)


def _card_ends_in_the_queue(now: datetime) -> ColumnElement[bool]:
    """Nobody knows the day of a unit: `rules.queue.card_ends`."""
    told = (Promise.order_id == Order.id, Promise.version == Order.promise_version)
    in_doubt = exists().where(*told, or_(Promise.undated, Promise.by >= Order.card_until))
    return and_(in_queue, Order.card_until <= now + charge.CARD_ENDS_WITHIN, in_doubt)
