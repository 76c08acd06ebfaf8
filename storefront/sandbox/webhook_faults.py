"""Webhooks that go wrong on their way: never sent, late, out of order, twice, or not to be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import faults

if TYPE_CHECKING:
    import sqlite3

    from .clock import Clock
    from .faults import Fault
    from .ids import Ids

# How long a webhook waits to be overtaken, in seconds of wall time, when the switch does not say.
PATIENCE = 60.0
# How old a stale signature is, in seconds; receivers allow 300.
STALE = 600.0
OLD_VERSION = "2025-09-30.clover"
MORE = ("webhook_duplicate", "webhook_twin")
OTHER = tuple(kind for kind in faults.SENT if kind not in MORE)


def hold_back(db: sqlite3.Connection, row: sqlite3.Row, kind: str, clock: Clock) -> bool:
    """Say whether a webhook that is due does not leave now: it never will, or only later."""
    if row["tries"] or row["held"]:
        return False
    fault = faults.take(db, faults.HELD, kind)
    if fault is None:
        return False
    if fault.kind == "webhook_dropped":
        db.execute("UPDATE deliveries SET state = 'dropped' WHERE id = ?", (row["id"],))
    elif fault.kind == "webhook_delay":
        until = clock.now() + fault.seconds
        db.execute("UPDATE deliveries SET held = 'delayed', not_before = ? WHERE id = ?", (until, row["id"]))
    else:
        until = clock.wall() + (fault.seconds or PATIENCE)
        db.execute("UPDATE deliveries SET held = 'behind', next_try = ? WHERE id = ?", (until, row["id"]))
    return True


def release_overtaken(db: sqlite3.Connection, endpoint: str, ident: int, now: float) -> None:
    """Let go of what waited until a later webhook had reached its endpoint."""
    db.execute(
        "UPDATE deliveries SET held = 'overtaken', next_try = ?"
        " WHERE state = 'waiting' AND held = 'behind' AND endpoint = ? AND id < ?",
        (now, endpoint, ident),
    )


def multiply(db: sqlite3.Connection, row: sqlite3.Row, kind: str, ids: Ids, now: float) -> None:
    """Send a webhook once more: the same event, or a twin of another id that says the same."""
    if row["tries"] or row["held"] == "copy":
        return
    taken = faults.take_all(db, MORE, kind)
    if "webhook_duplicate" in taken:
        send_again(db, row["event"], row["endpoint"], row["subject"], now)
    if "webhook_twin" in taken:
        send_again(db, _twin(db, row["event"], ids.new("evt")), row["endpoint"], row["subject"], now)


def send_again(db: sqlite3.Connection, event: str, endpoint: str, subject: str, now: float) -> None:
    """Owe an endpoint an event that it may have had already."""
    db.execute(
        "INSERT INTO deliveries (event, endpoint, subject, held, next_try) VALUES (?, ?, ?, 'copy', ?)",
        (event, endpoint, subject, now),
    )


def spoil(db: sqlite3.Connection, kind: str) -> dict[str, Fault]:
    """Take the switches that make a webhook arrive spoilt."""
    return faults.take_all(db, OTHER, kind)


def version(event: dict[str, Any], taken: dict[str, Fault]) -> str:
    """Give the API version that the webhook claims."""
    fault = taken.get("webhook_old_version")
    return (fault.reason or OLD_VERSION) if fault else str(event["api_version"])


def secret(right: str, taken: dict[str, Fault]) -> str:
    """Give the secret it is signed with."""
    return f"{right}_of_somebody_else" if "webhook_bad_signature" in taken else right


def age(taken: dict[str, Fault]) -> float:
    """Give how many seconds ago it says that it was signed."""
    fault = taken.get("webhook_stale")
    return (fault.seconds or STALE) if fault else 0.0


def _twin(db: sqlite3.Connection, event: str, ident: str) -> str:
    db.execute(
        "INSERT INTO things (id, kind, created, customer, intent, state, body, hidden)"
        " SELECT ?, kind, created, customer, intent, state, json_set(body, '$.id', ?), hidden"
        " FROM things WHERE id = ?",
        (ident, ident, event),
    )
    return ident
