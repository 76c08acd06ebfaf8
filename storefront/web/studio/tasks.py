"""What needs you: tasks that only a person can do, the most urgent first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from flask import abort, flash, g, redirect, render_template, url_for
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront.actions import tasking
from storefront.models.money import Dispute, Task
from storefront.models.orders import Order
from storefront.models.products import Product
from storefront.models.threads import Thread
from storefront.rules import standing_words
from storefront.rules.launch_words import number as counted_word
from storefront.rules.standing_words import TASKS, TIED_TASKS
from storefront.web.context import now, shop
from storefront.web.studio.ledger import exactly, names
from storefront.web.studio.room import OWNER, me, open_threads, pages, signature

T = TypeVar("T", int, Task)
MOST_DONE = 20
UTC_ZONE = "UTC"


@dataclass(frozen=True)
class Open:
    """A task that waits; `act` leads to where it is done, `by_hand` whether a person may close it."""

    id: int
    title: str
    sentence: str
    due: str
    late: bool
    order: str
    url: str
    act: str
    by_hand: bool


@dataclass(frozen=True)
class Closed:
    """A task that is done."""

    title: str
    sentence: str
    when: str
    who: str
    order: str


@pages.before_request
def _count() -> None:
    """How many wait: the menu of every room of the studio says so."""
    with shop().db.read() as session:
        query = _mine(select(func.count(Task.id))).where(Task.closed_at.is_(None))
        g.tasks_open = session.scalar(query) or 0
        g.questions_open = session.scalar(open_threads(select(func.count(Thread.id)))) or 0


@pages.context_processor
def _counted() -> dict[str, int]:
    return {name: g.get(name, 0) for name in ("tasks_open", "questions_open")}


def _mine(query: Select[T]) -> Select[T]:
    """Only the tasks about this creator's orders; for the owner all, also those about no order."""
    if me().role == OWNER:
        return query
    joined = query.join(Order, Order.id == Task.order_id).join(Product, Product.id == Order.product_id)
    return joined.where(Product.creator_id == me().id)


@pages.get("/tasks")
def tasks() -> str:
    """Open ones first, by the day they are due; then what was done lately."""
    with shop().db.read() as session:
        waiting = session.scalars(
            _mine(select(Task)).where(Task.closed_at.is_(None)).order_by(Task.due_by.is_(None), Task.due_by, Task.id)
        ).all()
        done = session.scalars(
            _mine(select(Task)).where(Task.closed_at.is_not(None)).order_by(Task.closed_at.desc()).limit(MOST_DONE)
        ).all()
        known = names(session, (each.closed_by for each in done))
        return render_template(
            "studio/tasks.html",
            sentence=_sentence(len(waiting)),
            waiting=[task_row(session, each, now()) for each in waiting],
            done=[_closed(each, known) for each in done],
        )


def _sentence(count: int) -> str:
    if not count:
        return "Nothing waits for you."
    return f"{counted_word(count).capitalize()} {'thing needs' if count == 1 else 'things need'} you."


def task_row(session: Session, task: Task, moment: datetime) -> Open:
    """A task as its room and its order's page show it."""
    url, act = _way(session, task)
    return Open(
        id=task.id,
        title=TASKS.get(task.kind, "Look at it"),
        sentence=task.sentence,
        due=standing_words.due_words(task.due_by, _zone(task), moment),
        late=task.due_by is not None and task.due_by <= moment,
        order=task.order.number if task.order else "",
        url=url,
        act=act,
        by_hand=task.kind not in TIED_TASKS,
    )


def _way(session: Session, task: Task) -> tuple[str, str]:
    """Where it is done, and the word on the button."""
    if task.kind == "dispute":
        found = session.scalar(select(Dispute.id).where(Dispute.stripe_id == task.subject))
        if found is not None:
            return url_for("studio.dispute", dispute_id=found), "Answer the bank"
    if task.order is None:
        return "", ""
    anchor, act = {"refund": ("owed", "Pay it back"), "part_refund": ("refund", "Refund it again")}.get(
        task.kind, (None, "To the order")
    )
    return url_for("studio.order", number=task.order.number, _anchor=anchor), act


def _zone(task: Task) -> str:
    return task.order.promise.zone if task.order else UTC_ZONE


def _closed(task: Task, known: Mapping[int, str]) -> Closed:
    return Closed(
        title=TASKS.get(task.kind, "Look at it"),
        sentence=task.sentence,
        when=exactly(task.closed_at or task.opened_at, _zone(task)),
        who=standing_words.who(task.closed_by, known),
        order=task.order.number if task.order else "",
    )


@pages.post("/tasks/<int:task_id>/close")
def close_task(task_id: int) -> Response:
    """Close what no fact closes: somebody has seen to it."""
    with shop().db.write() as session:
        task = session.scalar(_mine(select(Task)).where(Task.id == task_id)) or abort(404)
        if task.kind in TIED_TASKS:
            flash("This one closes by itself, when what it is about is settled.", "news")
        elif tasking.close_task(session, task.id, signature(), now()):
            flash("Closed. It stands below, with your name.", "done")
        else:
            flash("Somebody closed it a moment before.", "news")
    return redirect(url_for("studio.tasks"), code=303)
