"""Posting letters: claim, look once more, hand over, note. No transaction is open while the mail server is asked.

A letter that was not taken is tried again after 1 min, 5 min, 30 min, 2 h, then every 6 h. One whose address is refused
for good (5xx) goes over the next channel (actions/bouncing); one refused for another reason (our name, its words) is tried
once a day for a week, then once a week: it stays in sight, in the studio and for `storefront check`. While the server
itself is silent all wait a minute, and none of their tries is spent. What was written is shown in its reader's inbox from
the first try on.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from sqlalchemy import or_, select, update

from storefront.actions import bouncing
from storefront.actions.writing import TO_CREATOR, Early, Outdated, write
from storefront.models.db import Database, claim
from storefront.models.letters import Letter, unsent
from storefront.outside.postman import Envelope, NotAccepted, Postman
from storefront.outside.world import Outside
from storefront.rules import inbox

LEASE = timedelta(seconds=120)
# Four answers of a slow server, at 15 s each, still fit between this and the end of the lease.
TURN_SECONDS = 45
BATCH = 50
WAITS = [timedelta(minutes=m) for m in (1, 5, 30, 120, 360)]
REFUSED_WAITS = [timedelta(days=d) for d in (1, 1, 1, 1, 1, 1, 1, 7)]
SERVER_WAIT = timedelta(minutes=1)
FRUITLESS = 2
LONGEST_SUBJECT = 300


@dataclass(frozen=True)
class Unmailed:
    """A letter that is true and is not mailed: what goes to that address comes back."""

    envelope: Envelope


Written = Envelope | Unmailed | Outdated | Early | None


@dataclass
class _Turn:
    """One worker's turn: the letters it has claimed, and until when it goes on."""

    outside: Outside
    db: Database
    now: datetime
    ends: float
    queue: deque[int]
    sent: int = 0
    dropped: int = 0
    trouble: list[str] = field(default_factory=list)

    @property
    def lease(self) -> datetime:
        """What marks a letter as this turn's own."""
        return self.now + LEASE

    @property
    def goes_on(self) -> bool:
        """Whether there is a letter left, time for it, and a server that took one of the last two."""
        return bool(self.queue) and monotonic() < self.ends and len(self.trouble) < FRUITLESS


def post_due(outside: Outside, db: Database, now: datetime, limit: int = BATCH) -> int:
    """Post what is owed, over one connection. Returns how many letters were sent or dropped."""
    turn = _Turn(outside, db, now, monotonic() + TURN_SECONDS, deque(_claim(db, now, limit)))
    while turn.goes_on:
        _over_one_connection(turn)
    if turn.queue:
        _put_back(turn)
    return turn.sent + turn.dropped


def _claim(db: Database, now: datetime, limit: int) -> list[int]:
    with db.write() as session:
        free = or_(Letter.leased_until.is_(None), Letter.leased_until <= now)
        due = claim(
            select(Letter.id).where(unsent, Letter.due_at <= now, free).order_by(Letter.due_at, Letter.id).limit(limit),
            session,
        )
        lease = update(Letter).where(Letter.id.in_(due.scalar_subquery())).values(leased_until=now + LEASE)
        return sorted(session.scalars(lease.returning(Letter.id), execution_options={"synchronize_session": False}))


def _over_one_connection(turn: _Turn) -> None:
    """Post until the connection breaks. A silent server ends the turn; a letter that broke it is passed over."""
    try:
        with turn.outside.postman as postman:
            while turn.goes_on:
                _post(turn, postman, turn.queue.popleft())
    except NotAccepted as trouble:
        turn.trouble.append(str(trouble))
        if trouble.silent:
            turn.trouble *= FRUITLESS


def _post(turn: _Turn, postman: Postman, letter_id: int) -> None:
    """One letter, which never stops the rest unless the connection is gone."""
    written: Written = None
    try:
        written = _write(turn, letter_id)
        if isinstance(written, Envelope):
            postman.post(written)
    except NotAccepted as refusal:
        _refused(turn, letter_id, refusal, written)
        if refusal.broken:
            raise
    except Exception as error:  # noqa: BLE001 (told in its row; the others have their turn)
        _later(turn, letter_id, f"It could not be written: {type(error).__name__}: {error}", WAITS)
    else:
        _note(turn, letter_id, written)


def _write(turn: _Turn, letter_id: int) -> Written:
    """The letter as its facts stand now; None where another worker has taken it over meanwhile."""
    with turn.db.read() as session:
        letter = session.get_one(Letter, letter_id)
        if letter.sent_at is not None or letter.leased_until != turn.lease:
            return None
        written = write(session, turn.outside, letter, turn.now)
        return Unmailed(written) if isinstance(written, Envelope) and _rests(letter) else written


def _rests(letter: Letter) -> bool:
    """Whether letters to this address come back, so that none is mailed."""
    mine = letter.order_id is not None and letter.kind not in TO_CREATOR and letter.kind != bouncing.OLD_ADDRESS
    return mine and letter.order.bounced_at is not None


def _refused(turn: _Turn, letter_id: int, refusal: NotAccepted, written: Written) -> None:
    """Not taken: for now, for a reason of ours, or never for this address, which switches the channel."""
    shown = _shown(turn, written)
    if not refusal.address:
        _later(turn, letter_id, str(refusal), REFUSED_WAITS if refusal.final else WAITS, **shown)
        return
    with turn.db.write() as session:
        letter = session.get_one(Letter, letter_id)
        if letter.leased_until != turn.lease:
            return
        _show(letter, shown)
        bouncing.bounce(session, letter, str(refusal), turn.now)
    turn.dropped += 1


def _pass_over(turn: _Turn, letter_id: int, envelope: Envelope) -> None:
    with turn.db.write() as session:
        letter = session.get_one(Letter, letter_id)
        if letter.leased_until == turn.lease:
            _show(letter, _shown(turn, envelope))
            bouncing.passed_over(session, letter, turn.now)


def _shown(turn: _Turn, written: Written) -> dict[str, Any]:
    """What its reader's inbox shows of a letter that was written, and to whom."""
    if not isinstance(written, Envelope):
        return {}
    facts = {"recipient": written.to, "subject": written.subject.strip()[:LONGEST_SUBJECT]}
    return facts | {"body": inbox.kept(written.text), "shown_at": turn.now}


def _show(letter: Letter, shown: dict[str, Any]) -> None:
    for name, value in shown.items():
        setattr(letter, name, value)


def _note(turn: _Turn, letter_id: int, written: Written) -> None:
    if isinstance(written, Envelope):
        _change(turn, [letter_id], sent_at=turn.now, trouble="", **_shown(turn, written))
        turn.sent += 1
        turn.trouble.clear()
    elif isinstance(written, Unmailed):
        _pass_over(turn, letter_id, written.envelope)
        turn.dropped += 1
    elif isinstance(written, Outdated):
        _change(turn, [letter_id], dropped_at=turn.now, trouble=written.why)
        turn.dropped += 1
    elif isinstance(written, Early):
        _change(turn, [letter_id], due_at=turn.now + SERVER_WAIT, trouble=written.why)


def _later(turn: _Turn, letter_id: int, trouble: str, waits: list[timedelta], **shown: Any) -> None:  # noqa: ANN401 (columns of Letter)
    with turn.db.read() as session:
        tries = session.get_one(Letter, letter_id).tries
    wait = waits[min(tries, len(waits) - 1)]
    _change(turn, [letter_id], tries=tries + 1, due_at=turn.now + wait, trouble=trouble[:300], **shown)


def _put_back(turn: _Turn) -> None:
    """What was claimed and not tried is free again: at once after a long turn, in a minute if the server is silent."""
    if turn.trouble:
        _change(turn, turn.queue, due_at=turn.now + SERVER_WAIT, trouble=turn.trouble[0][:300])
    else:
        _change(turn, turn.queue)


def _change(turn: _Turn, letter_ids: Iterable[int], **values: Any) -> None:  # noqa: ANN401 (columns of Letter)
    """Note what became of letters and give them free, in a transaction of its own; a sent one stays sent."""
    change = update(Letter).where(Letter.id.in_(list(letter_ids)), Letter.sent_at.is_(None), Letter.failed_at.is_(None))
    if "sent_at" not in values:  # what another worker has taken over meanwhile is its own; what was sent, was sent
        change = change.where(Letter.leased_until == turn.lease)
    with turn.db.write() as session:
        session.execute(change.values(leased_until=None, **values))
