"""Tasks: what only a person can do, raised once with what to do about it, closed by the fact or by hand."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.actions.owing import owe
from storefront.models.db import changed
from storefront.models.money import Task
from storefront.models.orders import Order


def raise_task(
    session: Session,
    kind: str,
    subject: str,
    sentence: str,
    now: datetime,
    *,
    order_id: int | None = None,
    due_by: datetime | None = None,
) -> Task | None:
    """Raise a task. None: one for the same subject is open already."""
    same = (Task.kind == kind, Task.subject == subject, Task.closed_at.is_(None))
    if session.scalar(select(Task.id).where(*same)) is not None:
        return None
    task = Task(kind=kind, subject=subject, sentence=sentence, opened_at=now, order_id=order_id, due_by=due_by)
    try:
        with session.begin_nested():
            session.add(task)
            session.flush()
    except IntegrityError:
        return None
    return task


def ask_creator(
    session: Session,
    order: Order,
    kind: str,
    subject: str,
    sentence: str,
    now: datetime,
    *,
    due_by: datetime | None = None,
) -> None:
    """Raise a task about an order, and write to its creator; nothing, where one for the same subject is open already."""
    task = raise_task(session, kind, subject, sentence, now, order_id=order.id, due_by=due_by)
    if task is not None:
        owe(session, order, "task", now, version=task.id, to=order.product.creator.email)


def close_tasks(session: Session, kind: str, subject: str, who: str, now: datetime) -> None:
    """Close what is open for a subject: the fact has settled it."""
    same = (Task.kind == kind, Task.subject == subject, Task.closed_at.is_(None))
    session.execute(update(Task).where(*same).values(closed_at=now, closed_by=who))


def close_task(session: Session, task_id: int, who: str, now: datetime) -> bool:
    """Close one task by hand. False: it was closed a moment before."""
    change = update(Task).where(Task.id == task_id, Task.closed_at.is_(None))
    return changed(session, change.values(closed_at=now, closed_by=who))
