"""Readying: a launch whose content is missing does not start. Nothing is granted or charged, both sides are told, and
it opens by itself when the content is there (design.md 6; policies.md 1: up to 24 h a launch runs late).
"""

from datetime import datetime, timedelta

from sqlalchemy import Select, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.actions.owing import owe
from storefront.models import cancellations, rehearsals
from storefront.models.cancellations import given_up
from storefront.models.db import Database, changed
from storefront.models.orders import Order
from storefront.models.products import File, Launch, Lesson
from storefront.models.rehearsals import Holdup
from storefront.outside.world import Outside
from storefront.rules import markdown, rehearsal
from storefront.rules.rehearsal import Broken, Content

LOOKS_AGAIN = timedelta(seconds=20)
TOLD = ("reserved", "held", "past_due", "paid")


def content(outside: Outside, db: Database, product_id: int) -> Content:
    """What lies in a product, with every file opened and compared with its checksum, and every lesson shown once."""
    with db.read() as session:
        lessons = session.scalars(select(Lesson).where(Lesson.product_id == product_id).order_by(Lesson.position)).all()
        files = session.scalars(select(File).where(File.product_id == product_id).order_by(File.id)).all()
    looks = {each.name: outside.shelf.looks(each.sha256) for each in files if each.role == "download"}
    pictures = {each.name: outside.shelf.looks(each.sha256) for each in files if each.role == "asset"}
    shown = [_shown(each) for each in lessons]
    named = {path for each in lessons for _, path in markdown.images(each.source)}
    return Content(
        lessons=len(lessons),
        files=len(looks),
        missing=tuple(name for name, how in looks.items() if how == "missing"),
        changed=tuple(name for name, how in looks.items() if how == "changed"),
        unreadable=tuple(each for each in shown if each is not None),
        pictures=tuple(sorted(each for each in named if pictures.get(f"img/{each.rsplit('/', 1)[-1]}", "missing"))),
    )


def _shown(lesson: Lesson) -> Broken | None:
    """Why a lesson cannot be shown to a reader; None where it can."""
    if not lesson.source.strip():
        return Broken(lesson.title, "it is empty")
    try:
        html = markdown.render(lesson.source, lambda path: path)
    except Exception as error:  # noqa: BLE001 (told by its name; the others have their turn)
        return Broken(lesson.title, f"{type(error).__name__}: {error}")
    return None if html.strip() else Broken(lesson.title, "nothing of its text can be seen")


def hold_up_due(outside: Outside, db: Database, now: datetime) -> int:
    """Look at what every launch brings whose moment has come: hold up what is not complete, free what is again.

    Returns how many changed. One that is held up already is looked at every twenty seconds.
    """
    lately = select(Holdup.id).where(
        Holdup.launch_id == Launch.id, Holdup.over_at.is_(None), Holdup.looked_at > now - LOOKS_AGAIN
    )
    due = select(Launch.id, Launch.product_id).where(Launch.launched_at.is_(None), Launch.at <= now, ~given_up)
    with db.read() as session:
        rows = session.execute(due.where(~lately.exists()).order_by(Launch.at)).all()
    return sum(_judge(db, launch_id, content(outside, db, product_id), now) for launch_id, product_id in rows)


def _judge(db: Database, launch_id: int, found: Content, now: datetime) -> bool:
    why = rehearsal.why_not_ready(found)
    with db.write() as session:
        launch = session.get_one(Launch, launch_id, with_for_update=True)
        if launch.launched_at is not None or launch.at is None or launch.at > now:
            return False
        if cancellations.of_product(session, launch.product_id) is not None:  # a moment ago: nothing is waited for
            return free(session, launch, now)
        return _hold_up(session, launch, why, now) if why else free(session, launch, now)


def free(session: Session, launch: Launch, now: datetime) -> bool:
    """Nothing is waited for any more: it is complete, or it was given up. False: nothing was."""
    over = update(Holdup).where(Holdup.launch_id == launch.id, Holdup.over_at.is_(None))
    return changed(session, over.values(over_at=now, looked_at=now))


def _hold_up(session: Session, launch: Launch, why: str, now: datetime) -> bool:
    """The row, and a letter to each buyer and to the creator, in one transaction. False: it was held up before."""
    before = rehearsals.open_holdup(session, launch)
    if before is not None:
        before.looked_at, before.why = now, why
        return False
    made = Holdup(launch_id=launch.id, generation=launch.generation, at=now, why=why, looked_at=now)
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:
        return False
    orders = session.scalars(_waiting(launch)).all()
    for order in orders:
        owe(session, order, "launch_late", now, version=order.promise_version)
    if orders:
        owe(session, orders[0], "launch_stopped", now, version=made.id, to=launch.product.creator.email, why=why)
    return True


def _waiting(launch: Launch) -> Select[Order]:
    mine = (Order.product_id == launch.product_id, Order.kind == "pre_order", Order.state.in_(TOLD))
    return select(Order).where(*mine, Order.cancel_wished_at.is_(None)).order_by(Order.id)
