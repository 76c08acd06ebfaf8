"""Launching: setting the moment, moving it, and letting it come (design.md 6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from storefront.actions.delaying import end_overdue
from storefront.actions.settling import follow_move
from storefront.models import cancellations
from storefront.models.cancellations import given_up
from storefront.models.db import NOW, Database, changed
from storefront.models.delays import Notice
from storefront.models.orders import LIVE, Checkout, Order, Promise
from storefront.models.products import Launch
from storefront.models.rehearsals import held_up, open_holdup
from storefront.rules import launch as rule
from storefront.rules.launch import Moment, Refused

GIVEN_UP = Refused("given_up", "This product has been cancelled. It opens no more.")
SETTLED = tuple(state for state in LIVE if state != "placed")


def launch_due(db: Database, now: datetime) -> int:
    """Release every launch whose moment has come: a conditional UPDATE each. What is due follows from it by asking."""
    with db.write() as session:
        due = session.scalars(_due(), {"now": now})
        return sum(_release(session, each, "the clock", now) for each in due)


@cache
def _due() -> Select[Launch]:
    moment = (Launch.launched_at.is_(None), Launch.at <= NOW)
    return select(Launch).where(*moment, ~held_up, ~given_up).order_by(Launch.at)


def _release(session: Session, launch: Launch, who: str, now: datetime) -> bool:
    """Whose order has ended by the delay rules, because it is later than they agreed to, is not among those it opens for."""
    end_overdue(session, launch, now)
    same = (Launch.id == launch.id, Launch.generation == launch.generation, Launch.launched_at.is_(None))
    return changed(session, update(Launch).where(*same, ~given_up).values(launched_at=now, launched_by=who))


@dataclass(frozen=True)
class Offered:
    """What whoever waits gets: "bonus" with its id, "amount" in minor units, "percent" of the price; "" is nothing."""

    kind: str = ""
    size: int = 0
    bonus_id: int | None = None


NOTHING = Offered()


def schedule(
    session: Session,
    launch: Launch,
    moment: Moment | None,
    reason: str,
    now: datetime,
    *,
    who: str = "creator",
    offered: Offered = NOTHING,
) -> Refused | None:
    """Set the moment, or move it where somebody has ordered; None takes the day away. Returns why not."""
    session.refresh(launch, with_for_update=True)
    if launch.launched_at is not None:
        return Refused("launched", "This product is out. Its launch cannot be set again.")
    if cancellations.of_product(session, launch.product_id) is not None:
        return GIVEN_UP
    if live_orders(session, launch):
        return _move(session, launch, moment, reason, now, who, offered)
    if moment is None:
        return Refused("no_date", "Nobody has ordered, so there is nobody to tell. Set a day instead.")
    before, refused = launch.at, rule.refuse_first_date(moment.at, now)
    if refused is None:
        _set(session, launch, moment, "", None)
        _keep_notice(session, launch, before, now, who, NOTHING)
        _end_visits(session, launch, now)
    return refused


def live_orders(session: Session, launch: Launch) -> int:
    """How many orders were promised this launch; those still at Stripe or leaving are not counted."""
    query = select(func.count(Order.id)).where(Order.product_id == launch.product_id, Order.state.in_(SETTLED))
    return session.scalar(query.where(Order.kind == "pre_order", Order.cancel_wished_at.is_(None))) or 0


def _move(
    session: Session,
    launch: Launch,
    moment: Moment | None,
    reason: str,
    now: datetime,
    who: str,
    offered: Offered,
) -> Refused | None:
    before = launch.at
    held = open_holdup(session, launch)
    refused = rule.refuse_move(before, moment.at if moment else None, now=now, held_up=held is not None)
    if refused is None and not reason.strip():
        refused = Refused("no_reason", "Give your buyers the reason, in your own words.")
    if refused is None and not _set(session, launch, moment, reason.strip(), now):
        refused = Refused("raced", "The launch was changed in the meantime. Look at it again.")
    if refused is not None:
        return refused
    if held is not None:
        held.over_at = now  # its moment is another one; what is missing is looked at again then
    _keep_notice(session, launch, before, now, who, offered)
    for order in session.scalars(_promised(launch)):
        follow_move(session, order, launch, now)
    _end_visits(session, launch, now)
    return None


def _keep_notice(
    session: Session, launch: Launch, before: datetime | None, now: datetime, who: str, offered: Offered
) -> None:
    kept = Notice(
        launch_id=launch.id,
        generation=launch.generation,
        at=now,
        who=who[:80],
        reason=launch.reason,
        before=before,
        after=launch.at,
        zone=launch.zone,
        gift=offered.kind,
        gift_size=offered.size,
        bonus_id=offered.bonus_id,
    )
    session.add(kept)
    session.flush()


def _promised(launch: Launch) -> Select[Order]:
    query = select(Order).where(Order.product_id == launch.product_id, Order.kind == "pre_order")
    return query.where(Order.state.in_(SETTLED), Order.cancel_wished_at.is_(None)).order_by(Order.id).with_for_update()


def _set(session: Session, launch: Launch, moment: Moment | None, reason: str, moved_at: datetime | None) -> bool:
    same = (Launch.id == launch.id, Launch.generation == launch.generation, Launch.launched_at.is_(None))
    values = {
        "at": moment.at if moment else None,
        "wall": moment.wall.isoformat(timespec="minutes") if moment else "",
        "zone": moment.zone if moment else launch.zone,
        "generation": launch.generation + 1,
        "reason": reason[:500],
        "moved_at": moved_at,
    }
    done = changed(session, update(Launch).where(*same).values(**values))
    session.refresh(launch)
    return done


def _end_visits(session: Session, launch: Launch, now: datetime) -> None:
    """Visits under way speak of the old day: the expiry tick has Stripe end them, and looks how they ended."""
    placed = select(Order.id).where(Order.product_id == launch.product_id, Order.state == "placed")
    visits = update(Checkout).where(Checkout.order_id.in_(placed), Checkout.closed_at.is_(None))
    session.execute(visits.values(expires_at=now), execution_options={"synchronize_session": "fetch"})


def launch_now(session: Session, launch: Launch, who: str, now: datetime) -> Refused | None:
    """Release at once, where nobody was promised a later charge. Returns why not."""
    session.refresh(launch, with_for_update=True)
    if launch.launched_at is not None:
        return Refused("launched", "This product is out already.")
    if cancellations.of_product(session, launch.product_id) is not None:
        return GIVEN_UP
    promised = select(func.max(Promise.not_before)).join(Order, Order.id == Promise.order_id)
    latest = session.scalar(
        promised.where(
            Order.product_id == launch.product_id, Order.state.in_(LIVE), Promise.version == Order.promise_version
        )
    )
    if latest is not None and latest > now:
        return Refused(
            "promised_later",
            "Buyers were promised that nobody is charged before the day. The earliest moment is 24 hours from now: they are told first.",
        )
    held = open_holdup(session, launch)
    if held is not None:
        held.over_at = now  # whoever opens by hand has seen that it is complete
    if launch.at is None or launch.at > now:
        before = launch.at
        _set(session, launch, rule.moment_at(now, launch.zone), launch.reason, launch.moved_at)
        _keep_notice(session, launch, before, now, who, NOTHING)
    return None if _release(session, launch, who, now) else Refused("raced", "The launch was changed in the meantime.")


def soonest_move(now: datetime) -> datetime:
    """The earliest moment a launch can be moved to: 24 hours' notice, rounded up to the next five minutes."""
    at = now + rule.NOTICE + timedelta(minutes=5)
    return at - timedelta(minutes=at.minute % 5, seconds=at.second, microseconds=at.microsecond)
