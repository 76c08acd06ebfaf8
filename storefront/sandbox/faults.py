"""Fault switches: what the sandbox was told to do wrong, and how often.

Of a call, matched by its method and path ("POST /v1/refunds", with * as in a shell):

    timeout_before          the connection ends after `seconds`; nothing was done
    error_409               a request with the same key is said to be under way
    error_429               too many requests; `reason` goes into Stripe-Rate-Limited-Reason
    lock_timeout            429: the object is said to be locked
    error_500               nothing was done, and the answer is kept under the key
    error_500_after_commit  all was done, and the answer is kept under the key
    timeout_after_commit    all was done; the connection ends after `seconds` without the answer
    slow                    all was done; the answer comes after `seconds`
    refund_pending          a refund is pending for a `reason`, and succeeds after an hour
    refund_requires_action  a refund asks its customer, and fails after 30 days
    refund_fails            a refund has succeeded, and fails after an hour

Of a webhook, matched by its event's type ("charge.dispute.*"):

    webhook_dropped         it never leaves
    webhook_delay           it leaves after `seconds` of sandbox time
    webhook_reorder         it leaves after a later one has arrived, or after `seconds` (60) of wall time
    webhook_duplicate       it arrives twice
    webhook_twin            it arrives again under another id
    webhook_bad_signature   it is signed with another secret
    webhook_stale           it is signed `seconds` (600) ago
    webhook_old_version     it says that it speaks the API version `reason`
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection

# Before the call is looked at: nothing of it is done, nothing is kept under its key.
BEFORE = ("timeout_before", "error_409", "error_429", "lock_timeout")
# Instead of the call, or after it; the 500 is kept under the key.
DURING = ("error_500", "error_500_after_commit")
# To the answer of a call that is done.
AFTER = ("timeout_after_commit", "slow")
# To refunds, whatever the card: how they begin, or that they fail later.
REFUNDS = ("refund_pending", "refund_requires_action", "refund_fails")
# To a webhook on its first try; matched by the event's type.
HELD = ("webhook_dropped", "webhook_delay", "webhook_reorder")
SENT = ("webhook_duplicate", "webhook_twin", "webhook_bad_signature", "webhook_stale", "webhook_old_version")
KINDS = (*BEFORE, *DURING, *AFTER, *REFUNDS, *HELD, *SENT)


@dataclass(frozen=True)
class Fault:
    """One switch.

    `seconds` is how long an answer hangs or comes late, or a webhook is held or behind.
    `reason` is a word that goes with the kind. Of the matches, `chance` (0 to 1) are hit: the
    same ones for the same `seed`.
    """

    kind: str
    pattern: str = "*"
    count: int = 1
    seconds: float = 0.0
    reason: str = ""
    chance: float = 1.0
    seed: int = 0


def add(db: sqlite3.Connection, fault: Fault) -> None:
    """Turn a switch on for its next `count` hits; -1 means until reset."""
    db.execute(
        "INSERT INTO faults (kind, pattern, remaining, seconds, reason, chance, seed) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (fault.kind, fault.pattern, fault.count, fault.seconds, fault.reason, fault.chance, fault.seed),
    )


def listed(db: sqlite3.Connection) -> list[Fault]:
    """Give the switches that are on, oldest first."""
    return [_fault(row) for row in db.execute("SELECT * FROM faults ORDER BY id")]


def clear(db: sqlite3.Connection) -> None:
    """Turn every switch off."""
    db.execute("DELETE FROM faults")


def take(db: sqlite3.Connection, kinds: Collection[str], subject: str) -> Fault | None:
    """Use up one hit of "POST /v1/…", or of an event's type; None when no switch of these is on."""
    for row in db.execute("SELECT * FROM faults ORDER BY id").fetchall():
        if row["kind"] in kinds and fnmatchcase(subject, row["pattern"]) and _hits(db, row):
            _count_down(db, row)
            return _fault(row)
    return None


def take_all(db: sqlite3.Connection, kinds: Collection[str], subject: str) -> dict[str, Fault]:
    """Use up one hit of each kind."""
    if db.execute("SELECT 1 FROM faults LIMIT 1").fetchone() is None:
        return {}
    taken = {kind: take(db, (kind,), subject) for kind in kinds}
    return {kind: fault for kind, fault in taken.items() if fault}


def _hits(db: sqlite3.Connection, row: sqlite3.Row) -> bool:
    if row["chance"] >= 1:
        return True
    # The draw depends on seed and place alone: a restart does not change the story.
    db.execute("UPDATE faults SET seen = seen + 1 WHERE id = ?", (row["id"],))
    digest = hashlib.sha256(f"{row['seed']}:{row['seen']}".encode()).digest()
    return int.from_bytes(digest[:4], "big") < float(row["chance"]) * 2**32


def _count_down(db: sqlite3.Connection, row: sqlite3.Row) -> None:
    if row["remaining"] == 1:
        db.execute("DELETE FROM faults WHERE id = ?", (row["id"],))
    elif row["remaining"] > 1:
        db.execute("UPDATE faults SET remaining = remaining - 1 WHERE id = ?", (row["id"],))


def _fault(row: sqlite3.Row) -> Fault:
    return Fault(
        kind=row["kind"],
        pattern=row["pattern"],
        count=row["remaining"],
        seconds=row["seconds"],
        reason=row["reason"],
        chance=row["chance"],
        seed=row["seed"],
    )
