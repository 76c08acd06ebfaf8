"""Rehearsing: look at everything a launch needs as if it were now, keep what was found, and write to the creator.

A week and a day ahead by the worker, once for each version of a launch; by a button whenever it is asked for.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.actions import readying, writing
from storefront.actions.owing import owe
from storefront.models.cancellations import given_up
from storefront.models.db import Database
from storefront.models.letters import Letter, in_trouble
from storefront.models.orders import LIVE, Attempt, Order, not_leaving
from storefront.models.products import Launch, Product
from storefront.models.rehearsals import Rehearsal
from storefront.outside.world import Outside
from storefront.rules import rehearsal
from storefront.rules.rehearsal import STOPS, Broken, Cards, Content, Facts, Finding, Letters, Money

WEEK, DAY, HOUR = timedelta(days=7), timedelta(days=1), timedelta(hours=1)
SETTLED = tuple(state for state in LIVE if state != "placed")
KINDS = {"past_due": "past_due_out"}
MOST_TRIALS, MOST_TOLD = 20, 8


def rehearse_due(outside: Outside, db: Database, now: datetime) -> int:
    """Rehearse each launch that is a week or a day ahead and has not been. Returns how many."""
    due = select(Launch.id, Launch.at, Launch.generation).where(
        Launch.launched_at.is_(None), Launch.at > now, Launch.at <= now + WEEK, ~given_up
    )
    with db.read() as session:
        ahead = [
            (launch_id, occasion)
            for launch_id, at, generation in session.execute(due.order_by(Launch.at))
            if at and not _was(session, launch_id, generation, occasion := "day" if at <= now + DAY else "week")
        ]
    return sum(rehearse(outside, db, launch_id, occasion, "", now) is not None for launch_id, occasion in ahead)


def _was(session: Session, launch_id: int, generation: int, occasion: str) -> bool:
    same = (Rehearsal.launch_id == launch_id, Rehearsal.generation == generation, Rehearsal.occasion == occasion)
    return session.scalar(select(Rehearsal.id).where(*same).limit(1)) is not None


def rehearse(
    outside: Outside, db: Database, launch_id: int, occasion: str, asked_by: str, now: datetime
) -> Rehearsal | None:
    """Look at a launch and keep what was found. None: it is not ahead any more, or another worker has just done it.

    Letters are written, so an application context is needed; none is sent but the one that tells the creator.
    """
    facts = gather(outside, db, launch_id, now)
    if facts is None:
        return None
    found = rehearsal.findings(facts)
    with db.write() as session:
        launch = session.get_one(Launch, launch_id)
        made = Rehearsal(
            launch_id=launch_id,
            generation=launch.generation,
            occasion=occasion,
            asked_by=asked_by,
            at=now,
            launch_at=facts.at,
            findings=[each._asdict() for each in found],
            money={"rows": rehearsal.money_rows(facts.money)},
        )
        return made if _kept(session, made) and _told(session, made, launch, found, now) else None


def _kept(session: Session, made: Rehearsal) -> bool:
    """Whether it is the first of its kind: the database allows one."""
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:
        return False
    return True


def _told(session: Session, made: Rehearsal, launch: Launch, found: list[Finding], now: datetime) -> bool:
    """Write to the creator what was found by itself; who asked sees it. Where nobody has ordered it stands in the studio."""
    query = select(Order).where(Order.product_id == launch.product_id, Order.state.in_(SETTLED)).order_by(Order.id)
    first = session.scalars(query.limit(1)).first()
    if made.occasion == "asked" or first is None:
        return True
    ahead = "In a week" if made.occasion == "week" else "Tomorrow"
    stops = any(each.severity == STOPS for each in found)
    told = {
        "subject": f"{ahead}, and something stops it" if stops else f"{ahead}, rehearsed",
        "sentence": rehearsal.sentence(found, launch.product.title),
        "findings": [{"sentence": each.sentence, "to_do": each.to_do} for each in found[:MOST_TOLD]],
    }
    owe(session, first, "rehearsed", now, version=made.id, to=launch.product.creator.email, **told)
    return True


def gather(outside: Outside, db: Database, launch_id: int, now: datetime) -> Facts | None:
    """Everything a rehearsal looks at. None: the launch has no day, or has come. Files and the mail server are asked
    with no transaction open.
    """
    with db.read() as session:
        launch = session.get_one(Launch, launch_id)
        if launch.at is None or launch.launched_at is not None:
            return None
    inside = readying.content(outside, db, launch.product_id)
    door = outside.postman.knock()
    with db.read() as session:
        return _facts(session, outside, session.get_one(Launch, launch_id), inside, door, now)


def _facts(
    session: Session, outside: Outside, launch: Launch, inside: Content, door: str, now: datetime
) -> Facts | None:
    product, at = launch.product, launch.at
    if at is None:
        return None
    promised = select(func.count(Order.id)).where(Order.product_id == product.id, Order.state.in_(LIVE))
    return Facts(
        slug=product.slug,
        at=at,
        zone=launch.zone,
        content=inside,
        cards=_cards(session, product.id, at, now),
        letters=_letters(session, outside, product, door, now),
        money=_money(session, product),
        stock=product.stock,
        promised=session.scalar(promised) or 0,
        public=product.retired_at is None,
    )


def _cards(session: Session, product_id: int, at: datetime, now: datetime) -> Cards:
    late = now - HOUR
    failing = Order.state == "past_due"
    ending = (Order.state == "reserved") & (Order.card_until <= at)
    lapsing = (Order.state == "held") & (Order.capture_before <= at)
    overdue = (Order.state == "reserved") & (Order.preflight_at <= late)

    def sums(condition: ColumnElement[bool], amount: object = 1) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, amount), else_=0)), 0)

    query = select(
        sums(failing), sums(ending), sums(lapsing), sums(overdue), sums(failing, Order.price), sums(ending, Order.price)
    ).where(Order.product_id == product_id, not_leaving)
    row = [int(each) for each in session.execute(query).one()]
    stuck = select(func.count(Attempt.id)).join(Order, Order.id == Attempt.order_id)
    open_long = (Order.product_id == product_id, Attempt.outcome.is_(None), Attempt.opened_at <= late)
    return Cards(
        failing=row[0],
        ending=row[1],
        short_holds=row[2],
        overdue=row[3],
        stuck=session.scalar(stuck.where(*open_long)) or 0,
        failing_sum=row[4],
        ending_sum=row[5],
    )


def _letters(session: Session, outside: Outside, product: Product, door: str, now: datetime) -> Letters:
    orders = _samples(session, product.id)
    stuck = select(func.count(Letter.id)).join(Order, Order.id == Letter.order_id)
    tried = [_tried(session, outside, order, now) for order in orders]
    return Letters(
        tried=len(orders),
        broken=tuple(each for each in tried if each is not None),
        door=door,
        stuck=session.scalar(stuck.where(Order.product_id == product.id, in_trouble)) or 0,
    )


def _samples(session: Session, product_id: int) -> list[Order]:
    """Real orders, the newest and the oldest of them: the letters of the day are written for each."""

    def some(order_by: ColumnElement[int]) -> Select[Order]:
        mine = select(Order).where(Order.product_id == product_id, Order.state.in_(SETTLED), not_leaving)
        return mine.order_by(order_by).limit(MOST_TRIALS // 2)

    found = {each.id: each for way in (Order.id.asc(), Order.id.desc()) for each in session.scalars(some(way))}
    return list(found.values())


def _tried(session: Session, outside: Outside, order: Order, now: datetime) -> Broken | None:
    try:
        letter = writing.trial(session, outside, order, KINDS.get(order.state, "access"), now)
    except Exception as error:  # noqa: BLE001 (told by the order's number; the others have their turn)
        return Broken(order.number, f"{type(error).__name__}: {error}")
    return None if letter.text.strip() and letter.html.strip() else Broken(order.number, "it is empty")


def _money(session: Session, product: Product) -> Money:
    mine = select(Order.state, func.coalesce(func.sum(Order.price), 0)).where(
        Order.product_id == product.id, Order.state.in_(SETTLED), not_leaving
    )
    sums = {state: int(total) for state, total in session.execute(mine.group_by(Order.state))}
    asked, declined = _declines(session, product.id)
    return Money(
        currency=product.currency,
        ordered=sum(sums.values()),
        secured=sums.get("held", 0) + sums.get("paid", 0),
        waiting=sums.get("past_due", 0),
        asked=asked,
        declined=declined,
    )


def _declines(session: Session, product_id: int) -> tuple[int, int]:
    """Of how many orders of this product a bank was asked off-session, and how many it refused at the first try."""
    first = (
        select(func.min(Attempt.id))
        .join(Order, Order.id == Attempt.order_id)
        .where(Order.product_id == product_id, Attempt.kind.in_(("hold", "charge")), Attempt.outcome.is_not(None))
        .group_by(Attempt.order_id)
    )
    refused = func.coalesce(func.sum(case((Attempt.outcome == "declined", 1), else_=0)), 0)
    row = session.execute(select(func.count(Attempt.id), refused).where(Attempt.id.in_(first))).one()
    return int(row[0]), int(row[1])
