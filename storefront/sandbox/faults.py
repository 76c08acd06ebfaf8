"""Fault switches: what the sandbox was told to do wrong, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

# Answers that are lost (after the call, or before it was begun), that say no (500 stays under its key, the others are
# forgotten), and that come late. `hang`: seconds.
ANSWERS = ("timeout_after_commit", "timeout_before", "error_500", "error_429", "error_409", "lock_timeout", "slow")
# Webhooks that never leave, leave twice, leave `hang` seconds later, are overtaken by the next, carry a signature by
# somebody else, or speak of another version of the API.
WEBHOOKS = (
    "webhook_dropped",
    "webhook_duplicate",
    "webhook_delay",
    "webhook_reorder",
    "webhook_bad_signature",
    "webhook_old_version",
)
KINDS = (*ANSWERS, *WEBHOOKS)


@dataclass(frozen=True)
class Fault:
    """One switch that is on."""

    kind: str
    hang: float


def add(db: sqlite3.Connection, kind: str, pattern: str, count: int, hang: float) -> None:
    """Turn a switch on for the next `count` matches; -1 means until reset."""
    db.execute(
        "INSERT INTO faults (kind, pattern, remaining, hang) VALUES (?, ?, ?, ?)",
        (kind, pattern, count, hang),
    )


def take(db: sqlite3.Connection, kind: str, subject: str) -> Fault | None:
    """Use up one match of "POST /v1/…", or of an event's type; None when no switch is on."""
    rows = db.execute("SELECT * FROM faults WHERE kind = ? ORDER BY id", (kind,)).fetchall()
    for row in rows:
        if fnmatchcase(subject, row["pattern"]):
            _count_down(db, row)
            return Fault(kind, row["hang"])
    return None


def _count_down(db: sqlite3.Connection, row: sqlite3.Row) -> None:
    if row["remaining"] == 1:
        db.execute("DELETE FROM faults WHERE id = ?", (row["id"],))
    elif row["remaining"] > 1:
        db.execute("UPDATE faults SET remaining = remaining - 1 WHERE id = ?", (row["id"],))
