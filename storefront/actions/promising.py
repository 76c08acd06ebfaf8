"""Promises: what a buyer was told, versioned and never edited."""

from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from storefront.actions import stocking
from storefront.models import products
from storefront.models.orders import Order, Promise
from storefront.models.products import Launch
from storefront.rules import charge, promise, stock
from storefront.rules.delay import RUNS_LATE
from storefront.rules.gift import Gift
from storefront.rules.policy import Terms

KEPT = [each.name for each in Promise.__table__.columns if each.name != "id"]


class Told(NamedTuple):
    """The two instants of a promise (design.md 2): nobody is charged before the first; the second is the delay clock."""

    not_before: datetime | None
    by: datetime


def instants(order: Order, launch: Launch) -> Told:
    """A pre-order promises its launch, a purchase now, a back-order the latest date it was told.

    Raises ValueError without a date: not sold.
    """
    if order.kind == "back_order":
        return Told(None, stock.latest(stocking.of_product(order.product), order.placed_at))
    if order.kind == "purchase":
        return Told(None, order.placed_at)
    if launch.at is None:
        raise ValueError("An order with no date is not sold.")
    return Told(None if order.mode == "pay_now" else launch.at, launch.at)


def promise_first(session: Session, order: Order, launch: Launch, consent: str, terms: Terms, policy: str) -> Promise:
    """What the buyer saw when they ordered, for the caller to keep; `policy` is the version it was ordered under."""
    product = order.product
    told, inside = instants(order, launch), products.inside(session, product.id, order.offer_id)
    order.delay_due_at = told.by + RUNS_LATE if order.kind != "purchase" else None
    return Promise(
        order_id=order.id,
        version=1,
        made_at=order.placed_at,
        cause="ordered",
        launch_generation=launch.generation,
        not_before=told.not_before,
        by=told.by,
        wall=_wall(order, told, launch),
        zone=launch.zone,
        content=promise.content(product.title, inside.lessons, inside.files),
        bonuses=inside.bonuses,
        price=order.price,
        currency=order.currency,
        policy=promise.policy_text(
            charge.Mode(order.mode), policy, terms, out=order.kind == "purchase", queue=order.kind == "back_order"
        ),
        policy_version=policy,
        withdraw_days=terms.withdraw_days,
        consent=consent,
    )


def _wall(order: Order, told: Told, launch: Launch) -> str:
    """The wall time that was meant: the launch's, or the end of the latest day of a back-order."""
    if order.kind != "back_order":
        return launch.wall
    return told.by.astimezone(ZoneInfo(launch.zone)).replace(tzinfo=None).isoformat(timespec="minutes")


def promise_again(session: Session, order: Order, launch: Launch, cause: str, now: datetime) -> Promise:
    """The next version, for a launch that moved: a new day or none, everything else as it was."""
    last = order.promise
    told = instants(order, launch) if launch.at else Told(last.not_before, last.by)
    return _next(
        session,
        order,
        made_at=now,
        cause=cause[:500],
        launch_generation=launch.generation,
        not_before=told.not_before,
        by=told.by,
        undated=launch.at is None,
        wall=launch.wall if launch.at else last.wall,
        zone=launch.zone,
    )


def promise_later(
    session: Session, order: Order, by: datetime | None, wall: str, cause: str, generation: int, now: datetime
) -> Promise:
    """The next version, for a back-order whose latest date moves: another one or none, everything else as it was."""
    last = order.promise
    facts = {"by": by or last.by, "undated": by is None, "wall": wall or last.wall}
    return _next(session, order, made_at=now, cause=cause[:500], launch_generation=generation, **facts)


def promise_better(session: Session, order: Order, gift: Gift, now: datetime) -> Promise:
    """The next version, for a buyer who waits and gets something for it: the same day, more inside or a lower price."""
    bonuses = [*order.promise.bonuses, gift.bonus] if gift.bonus else order.promise.bonuses
    return _next(session, order, made_at=now, cause=promise.FOR_WAITING, bonuses=bonuses, price=order.price)


def _next(session: Session, order: Order, **facts: Any) -> Promise:  # noqa: ANN401 (columns of Promise)
    """Add a version: the last one, with what has changed."""
    last = order.promise
    fresh = Promise(**{name: getattr(last, name) for name in KEPT} | {"version": last.version + 1} | facts)
    session.add(fresh)
    order.promise_version = fresh.version
    session.flush()
    session.refresh(order)
    return fresh
