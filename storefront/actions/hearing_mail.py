"""The mail server's reports: stored once before any effect, and marked done in the transaction of the effect."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.actions.asking import hear_received
from storefront.actions.bouncing import hear_bounced, hear_complained
from storefront.actions.patience import for_each
from storefront.models.db import Database, insert_new
from storefront.models.mail_events import MailEvent
from storefront.outside.world import Outside
from storefront.rules.links import Links
from storefront.rules.mail_news import News

Heard = Callable[[Session, Links, MailEvent, datetime], str]
WAITS = [timedelta(seconds=s) for s in (2, 10, 60, 600, 3600)]


def store(session: Session, news: News, now: datetime) -> None:
    """Store an event once by its id; one of a type that nobody acts on is kept, and done."""
    heard = news.type in HEARD
    row = {
        "id": news.id,
        "type": news.type,
        "payload": news.payload,
        "received_at": now,
        "due_at": now,
        "tries": 0,
        "done_at": None if heard else now,
        "note": "" if heard else "nothing follows from it",
    }
    session.execute(insert_new(session, MailEvent), [row])


def hear_due(outside: Outside, db: Database, now: datetime, limit: int = 50) -> int:
    """Act on stored events, in the order they came. Returns how many were looked at."""
    due = select(MailEvent.id).where(MailEvent.done_at.is_(None), MailEvent.due_at <= now)
    with db.read() as session:
        found = session.scalars(due.order_by(MailEvent.received_at, MailEvent.id).limit(limit)).all()
    return for_each(found, lambda event_id: _hear(outside.links, db, event_id, now))


def _hear(links: Links, db: Database, event_id: str, now: datetime) -> None:
    """Effect and mark in one transaction; where that failed, the event waits its turn and the others go on."""
    try:
        with db.write() as session:
            event = session.get_one(MailEvent, event_id, with_for_update=True)
            if event.done_at is None:
                event.note = HEARD[event.type](session, links, event, now)[:200]
                event.done_at = now
    except Exception:
        _later(db, event_id, now)
        raise


def _later(db: Database, event_id: str, now: datetime) -> None:
    with db.write() as session:
        event = session.get_one(MailEvent, event_id, with_for_update=True)
        event.due_at = now + WAITS[min(event.tries, len(WAITS) - 1)]
        event.tries += 1


# What follows from each type: database only, and a note of what was done.
HEARD: dict[str, Heard] = {"bounced": hear_bounced, "complained": hear_complained, "received": hear_received}
