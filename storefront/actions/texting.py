"""Texting: claim, look once more, begin, hand over, note. No transaction is open while Twilio is asked.

Twilio knows no idempotency and cannot be asked what it took. So each call is counted before it is made: one whose outcome
is unknown (a time-out, a crash) is repeated once, and no more. A text that was surely not taken is tried again after 1 min,
5 min, 30 min, 2 h, then given up; between 21:00 and 8:00 at its reader it waits for the morning.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from storefront.actions.patience import for_each
from storefront.actions.reaching import CODE_LASTS, stop
from storefront.actions.writing import Early, Outdated, way_on, write
from storefront.models.db import Database, changed, claim
from storefront.models.letters import Letter
from storefront.models.orders import Order
from storefront.models.phones import Phone, TextMessage, owed
from storefront.outside.sms import NotTexted, Texter
from storefront.outside.world import Outside
from storefront.rules import channels, phone, text_words

LEASE = timedelta(seconds=120)
BATCH = 20
MOST_BEGUN = 2
WAITS = [timedelta(minutes=m) for m in (1, 5, 30, 120)]
A_MINUTE = timedelta(minutes=1)
OF_NO_USE = CODE_LASTS


@dataclass(frozen=True)
class _Ready:
    """A text as it goes out."""

    to: str
    words: str


@dataclass(frozen=True)
class _Later:
    """It waits until then."""

    until: datetime
    why: str


def text_due(outside: Outside, db: Database, now: datetime, limit: int = BATCH) -> int:
    """Send the texts that are due, where Twilio is set up. Returns how many were looked at."""
    texter = outside.sms
    if texter is None:
        return 0
    due = _claim(db, now, limit)
    return for_each(due, lambda text_id: _text(outside, db, texter, text_id, now))


def _claim(db: Database, now: datetime, limit: int) -> list[int]:
    with db.write() as session:
        free = or_(TextMessage.leased_until.is_(None), TextMessage.leased_until <= now)
        query = select(TextMessage.id).where(owed, TextMessage.due_at <= now, free)
        due = claim(query.order_by(TextMessage.due_at, TextMessage.id).limit(limit), session)
        lease = update(TextMessage).where(TextMessage.id.in_(due.scalar_subquery())).values(leased_until=now + LEASE)
        found = session.scalars(lease.returning(TextMessage.id), execution_options={"synchronize_session": False})
        return sorted(found)


def _text(outside: Outside, db: Database, texter: Texter, text_id: int, now: datetime) -> None:
    note = _noter(db, text_id, now)
    with db.read() as session:
        written = _written(session, outside, session.get_one(TextMessage, text_id), now)
    if isinstance(written, Outdated):
        note(dropped_at=now, trouble=written.why)
    elif isinstance(written, _Later):
        note(due_at=written.until, trouble=written.why)
    elif not _begin(db, text_id, now):
        note(failed_at=now, trouble="Twilio did not say whether it took it, twice.")
    else:
        _send(db, texter, text_id, written, note, now)


def _written(session: Session, outside: Outside, row: TextMessage, now: datetime) -> _Ready | _Later | Outdated:
    """What it says now, or why it is not sent: its buyer ended the texts, its fact is over, it is night there."""
    to = row.phone
    if to.ended_at is not None:
        return Outdated(to.ended_why)
    kind = row.letter.kind if row.letter else "code"
    rings = channels.may_ring(kind, to.zones, now)
    if rings > now:
        return _Later(rings, "It is night there.")
    if row.letter is None:
        return _code(outside, row, now)
    return _letter(session, outside, row.letter, to, now)


def _code(outside: Outside, row: TextMessage, now: datetime) -> _Ready | Outdated:
    if row.code != row.phone.codes or now - row.owed_at > OF_NO_USE:
        return Outdated("a newer code was asked for")
    digits = phone.code(outside.links.keys[0], row.phone_id, row.code or 0)
    return _Ready(row.phone.number, text_words.code(outside.shop_name, digits))


def _letter(session: Session, outside: Outside, letter: Letter, to: Phone, now: datetime) -> _Ready | _Later | Outdated:
    if to.confirmed_at is None:
        return Outdated("the number was not confirmed")
    written = write(session, outside, letter, now)
    if isinstance(written, Outdated):
        return written
    if isinstance(written, Early):
        return _Later(now + A_MINUTE, written.why)
    until = letter.facts.get("deadline") if letter.facts.get("silence") == "cancels" else None
    last = text_words.by(datetime.fromisoformat(until), letter.order.promise.zone) if until else ""
    url = way_on(session, outside, letter)
    return _Ready(to.number, text_words.letter(outside.shop_name, letter.kind, written.subject, url, last))


def _begin(db: Database, text_id: int, now: datetime) -> bool:
    """Count the call before it is made. False: two were made, and nobody knows what became of them."""
    mine = (TextMessage.id == text_id, TextMessage.leased_until == now + LEASE, TextMessage.begun < MOST_BEGUN)
    with db.write() as session:
        return changed(session, update(TextMessage).where(*mine).values(begun=TextMessage.begun + 1))


def _send(db: Database, texter: Texter, text_id: int, ready: _Ready, note: Callable[..., None], now: datetime) -> None:
    try:
        carrier_id = texter.text(ready.to, ready.words)
    except NotTexted as refusal:
        _not_taken(db, text_id, refusal, note, now)
    else:
        note(sent_at=now, carrier_id=carrier_id, trouble="")


def _not_taken(db: Database, text_id: int, refusal: NotTexted, note: Callable[..., None], now: datetime) -> None:
    """STOP, and a number that takes no texts, end the consent; what is unknown keeps its count."""
    said = str(refusal)[:300]
    if refusal.stopped or refusal.number:
        note(failed_at=now, trouble=said)
        with db.write() as session:
            order_id = session.scalars(select(Phone.order_id).join(TextMessage).where(TextMessage.id == text_id)).one()
            order = session.get_one(Order, order_id, with_for_update=True)
            stop(session, order, "STOP was answered" if refusal.stopped else "the number takes no texts", now)
        return
    with db.read() as session:
        tries = session.get_one(TextMessage, text_id).tries
    if tries >= len(WAITS):
        note(failed_at=now, trouble=said)
    elif refusal.unknown:
        note(due_at=now + A_MINUTE, tries=tries + 1, trouble=said)
    else:
        note(due_at=now + WAITS[tries], tries=tries + 1, trouble=said, begun=0)


def _noter(db: Database, text_id: int, now: datetime) -> Callable[..., None]:
    """Notes what became of one text and gives it free; what another worker has taken over is its own."""

    def note(**values: Any) -> None:  # noqa: ANN401 (columns of TextMessage)
        change = update(TextMessage).where(TextMessage.id == text_id, TextMessage.sent_at.is_(None))
        if "sent_at" not in values:  # what was sent, was sent
            change = change.where(TextMessage.leased_until == now + LEASE)
        with db.write() as session:
            session.execute(change.values(leased_until=None, **values))

    return note
