"""What must hold of questions about orders; each line that does not is one finding of `storefront check`."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from storefront.models.letters import Letter
from storefront.models.threads import BUYER, STRANGER, Message, Thread
from storefront.rules.asking import Said, open_since


def threads(session: Session, _now: datetime) -> Iterator[str]:
    """Threads whose open question is not the one their messages tell of, and messages without their letter."""
    rows = select(Thread).options(selectinload(Thread.messages)).order_by(Thread.id)
    for thread in session.scalars(rows.execution_options(yield_per=500)):
        number = thread.order.number
        if open_since([_said(each) for each in thread.messages]) != thread.open_since:
            yield f"Threads: of order {number}, the open question is not the first message that nobody answered."
        yield from (
            f"Threads: of order {number}, message {each.id} is owed to nobody." for each in _untold(session, thread)
        )


def _said(each: Message) -> Said:
    asks = each.who in {BUYER, STRANGER}
    return Said(each.at, asks, by_creator=not asks)


def _untold(session: Session, thread: Thread) -> Iterator[Message]:
    """An answer is owed to the buyer, a question to the creator; closing one is told to nobody."""
    owed = select(Letter.kind, Letter.version).where(Letter.order_id == thread.order_id)
    have = {(kind, version) for kind, version in session.execute(owed.where(Letter.kind.in_(["asked", "answered"])))}
    for each in thread.messages:
        kind = "asked" if each.who in {BUYER, STRANGER} else "answered"
        if each.text and (kind, each.id) not in have:
            yield each
