"""The sandbox's memory: one SQLite file, one writer at a time, committed before the answer."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = 2
TABLES = ("things", "deliveries", "keys", "calls", "faults", "facts", "texts", "stopped")

# `state` is an object's status and an event's type; `due` the second (simulated)
# at which the sweep has to look at the thing; `hidden` what the API never shows.
SCHEMA = """
CREATE TABLE IF NOT EXISTS things (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    created INTEGER NOT NULL,
    customer TEXT,
    intent TEXT,
    state TEXT,
    due INTEGER,
    body TEXT NOT NULL,
    hidden TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS things_kind ON things (kind, seq);
CREATE INDEX IF NOT EXISTS things_state ON things (kind, state, seq);
CREATE INDEX IF NOT EXISTS things_customer ON things (customer, kind, seq);
CREATE INDEX IF NOT EXISTS things_intent ON things (intent, kind, seq);
CREATE INDEX IF NOT EXISTS things_due ON things (due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    subject TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'waiting',
    next_try REAL NOT NULL,
    not_before INTEGER NOT NULL DEFAULT 0,
    held TEXT NOT NULL DEFAULT '',
    answer TEXT
);
CREATE INDEX IF NOT EXISTS deliveries_event ON deliveries (event);
CREATE INDEX IF NOT EXISTS deliveries_waiting ON deliveries (next_try) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS deliveries_queue ON deliveries (id) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS keys (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    created INTEGER NOT NULL,
    request TEXT NOT NULL,
    status INTEGER NOT NULL,
    answer TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS keys_created ON keys (created);
CREATE TABLE IF NOT EXISTS calls (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    status INTEGER NOT NULL,
    idempotency_key TEXT,
    request TEXT NOT NULL,
    replayed INTEGER NOT NULL,
    answered INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    pattern TEXT NOT NULL,
    remaining INTEGER NOT NULL,
    seconds REAL NOT NULL,
    reason TEXT NOT NULL,
    chance REAL NOT NULL,
    seed INTEGER NOT NULL,
    seen INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS texts (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    sid TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS stopped (number TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Store:
    """One connection behind one lock: calls run one after the other, as briefly as they can."""

    def __init__(self, path: str) -> None:
        """Open the file, or ":memory:"."""
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        # Survives the death of the process; only a power cut could lose the last calls.
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._prepare(path)

    def _prepare(self, path: str) -> None:
        (found,) = self._db.execute("PRAGMA user_version").fetchone()
        if found not in (0, VERSION):
            self._db.close()
            message = f"{path} was written by another version of the sandbox. Delete it."
            raise SystemExit(message)
        self._db.executescript(SCHEMA)
        self._db.execute(f"PRAGMA user_version={VERSION}")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the lock and a transaction; commit at the end, roll back on an exception."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def forget(self) -> None:
        """Empty every table."""
        with self.transaction() as db:
            for table in TABLES:
                db.execute(f"DELETE FROM {table}")  # noqa: S608 - names from the tuple above

    def close(self) -> None:
        """Close the file once the call under way has ended."""
        with self._lock:
            self._db.close()
