"""Webhooks: signed events on their way to endpoints, tried again when one does not answer 2xx."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from . import webhook_faults

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from .machine import Machine

    # Posts a body with headers to an address; gives the status, or raises OSError.
    Sender = Callable[[str, bytes, dict[str, str]], int]

SENDERS = 4
TIMEOUT = 10
PATIENCE = 10
# News of a call leaves a moment after its answer, as from Stripe.
HEAD_START = 0.1
# How often the clock is looked at, for what falls due by itself.
TICK = 1.0

DUE = """
SELECT id, event, endpoint, subject, tries, held
FROM deliveries WHERE state = 'waiting' AND next_try <= ? AND not_before <= ? AND subject NOT IN ({})
ORDER BY id LIMIT 1
"""


@dataclass(frozen=True)
class Delivery:
    """One try that is due. `subject` is what it is about: one at a time, so that its story arrives in order."""

    id: int
    event: str
    endpoint: str
    subject: str
    url: str
    secret: str
    body: bytes
    tries: int
    age: float


class Deliverer:
    """Sends what is owed, from threads of its own or when asked."""

    def __init__(self, machine: Machine, send: Sender, pauses: tuple[float, ...]) -> None:
        """Keep the machine, the way out, and the seconds of wall time between the tries."""
        self._machine = machine
        self._send = send
        self._pauses = pauses
        self._busy: set[str] = set()
        self._change = threading.Condition()
        self._news = 0
        self._stopping = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to deliver in the background, and to look at the clock."""
        works = [self._watch, *[self._work] * SENDERS]
        self._threads = [threading.Thread(target=work, daemon=True) for work in works]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the background threads; what is still owed is sent after the next start."""
        self._stopping = True
        self.wake()
        for thread in self._threads:
            thread.join(TIMEOUT)

    def wake(self) -> None:
        """Say that something may be due."""
        with self._change:
            self._news += 1
            self._change.notify_all()

    def first_try(self, *, answering: bool) -> float:
        """Give the second (wall time) from which news of a change may leave."""
        ahead = HEAD_START if answering and self._threads else 0.0
        return self._machine.clock.wall() + ahead

    def deliver_due(self) -> int:
        """Send everything that is due now, here and now. Gives how many tries were made."""
        tries = 0
        while delivery := self._claim():
            self._try(delivery)
            tries += 1
        return tries

    def wait_for(self, event: str) -> None:
        """Wait until each endpoint has answered the event's first try, 10 s at the longest."""
        if self._threads:
            with self._change:
                self._change.wait_for(lambda: self._stopping or not self._untried(event), PATIENCE)

    def settle(self) -> None:
        """Wait until the tries under way have ended."""
        with self._change:
            self._change.wait_for(lambda: not self._busy, PATIENCE)

    def _watch(self) -> None:
        while not self._stopping:
            seen = self._news
            self._machine.tick()
            if not self._rest(seen, self._pause()):
                self.wake()

    def _work(self) -> None:
        while not self._stopping:
            seen = self._news
            if self.deliver_due() == 0:
                self._rest(seen, None)

    def _rest(self, seen: int, seconds: float | None) -> bool:
        with self._change:
            return self._change.wait_for(lambda: self._stopping or self._news != seen, seconds)

    def _pause(self) -> float:
        # Tries that are due already wait for a sender, not for the clock.
        now = self._machine.clock.wall()
        with self._machine.store.transaction() as db:
            row = db.execute(
                "SELECT min(next_try) AS next FROM deliveries WHERE state = 'waiting' AND next_try > ?", (now,)
            ).fetchone()
        return TICK if row["next"] is None else float(min(row["next"] - now, TICK))

    def _untried(self, event: str) -> bool:
        with self._machine.store.transaction() as db:
            row = db.execute(
                "SELECT 1 FROM deliveries WHERE event = ? AND tries = 0 AND state = 'waiting' AND held = ''",
                (event,),
            ).fetchone()
        return row is not None

    def _claim(self) -> Delivery | None:
        held = False
        with self._machine.store.transaction() as db:
            while row := self._due(db):
                event = json.loads(_thing(db, row["event"])["body"])
                if not webhook_faults.hold_back(db, row, event["type"], self._machine.clock):
                    break
                held = True
            delivery = self._delivery(db, row, event) if row else None
        if held:
            self.wake()
        return delivery

    def _delivery(self, db: sqlite3.Connection, row: sqlite3.Row, event: dict[str, Any]) -> Delivery:
        self._busy.add(row["subject"])
        now = self._machine.clock.wall()
        webhook_faults.multiply(db, row, event["type"], self._machine.ids, now)
        return _delivery(db, row, event)

    def _due(self, db: sqlite3.Connection) -> sqlite3.Row | None:
        busy = tuple(self._busy)
        query = DUE.format(", ".join("?" * len(busy)))
        clock = self._machine.clock
        row: sqlite3.Row | None = db.execute(query, (clock.wall(), clock.now(), *busy)).fetchone()
        return row

    def _try(self, delivery: Delivery) -> None:
        signed_at = int(self._machine.clock.wall() - delivery.age)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(delivery.body, delivery.secret, signed_at),
            "User-Agent": "Stripe/1.0 (sandbox)",
        }
        try:
            answer = str(self._send(delivery.url, delivery.body, headers))
        except (OSError, HTTPException, ValueError) as error:
            answer = type(error).__name__
        self._record(delivery, answer)

    def _record(self, delivery: Delivery, answer: str) -> None:
        arrived = answer.startswith("2")
        last = delivery.tries >= len(self._pauses)
        state = "delivered" if arrived else "given up" if last else "waiting"
        pause = 0 if arrived or last else self._pauses[delivery.tries]
        now = self._machine.clock.wall()
        with self._machine.store.transaction() as db:
            db.execute(
                "UPDATE deliveries SET tries = tries + 1, state = ?, next_try = ?, answer = ?"
                " WHERE id = ? AND state = 'waiting'",
                (state, now + pause, answer, delivery.id),
            )
            if arrived:
                webhook_faults.release_overtaken(db, delivery.endpoint, delivery.id, now)
                _count_down(db, delivery.event)
        self._busy.discard(delivery.subject)
        self.wake()


def signature(body: bytes, secret: str, second: int) -> str:
    """Give the Stripe-Signature of a body at a second of wall time."""
    mac = hmac.new(secret.encode(), f"{second}.".encode() + body, hashlib.sha256)
    return f"t={second},v1={mac.hexdigest()}"


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """Post a body over a connection of its own; a redirect is not followed, it counts as a failure."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    with closing(kind(parts.netloc, timeout=TIMEOUT)) as connection:
        path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        connection.request("POST", path, body, {**headers, "Connection": "close"})
        answer = connection.getresponse()
        answer.read()
        return answer.status


def _delivery(db: sqlite3.Connection, row: sqlite3.Row, event: dict[str, Any]) -> Delivery:
    endpoint = _thing(db, row["endpoint"])
    shown = json.loads(endpoint["body"])
    spoilt = webhook_faults.spoil(db, event["type"])
    event["api_version"] = webhook_faults.version(shown, spoilt)
    return Delivery(
        id=row["id"],
        event=row["event"],
        endpoint=row["endpoint"],
        subject=row["subject"],
        url=shown["url"],
        secret=webhook_faults.secret(json.loads(endpoint["hidden"])["secret"], spoilt),
        body=json.dumps(event, separators=(",", ":")).encode(),
        tries=row["tries"],
        age=webhook_faults.age(spoilt),
    )


def _thing(db: sqlite3.Connection, ident: str) -> sqlite3.Row:
    row: sqlite3.Row = db.execute("SELECT body, hidden FROM things WHERE id = ?", (ident,)).fetchone()
    return row


def _count_down(db: sqlite3.Connection, event: str) -> None:
    db.execute(
        "UPDATE things SET body = json_set(body, '$.pending_webhooks',"
        " max(json_extract(body, '$.pending_webhooks') - 1, 0)) WHERE id = ?",
        (event,),
    )
