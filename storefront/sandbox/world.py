"""The state of the sandbox as one call sees it: things, the time, and events that follow."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .errors import absent

if TYPE_CHECKING:
    import sqlite3

    from .ids import Ids

VERSION = "2026-10-28.endive"

# How Stripe names a kind when it says that there is none.
WORDS = {
    "payment_method": "PaymentMethod",
    "setup_intent": "setupintent",
    "tax.calculation": "tax calculation",
    "tax.transaction": "tax transaction",
    "webhook_endpoint": "webhook endpoint",
}


class Thing(dict[str, Any]):
    """An object as the API shows it, with what it hides beside it."""

    def __init__(
        self,
        body: dict[str, Any],
        hidden: dict[str, Any] | None = None,
        due: int | None = None,
    ) -> None:
        """Hold the body, the hidden facts, and when the sweep has to look at it."""
        super().__init__(body)
        self.hidden = hidden or {}
        self.due = due

    @property
    def id(self) -> str:
        """The id, also of an object that was deleted."""
        return str(self["id"])


@dataclass(frozen=True)
class Tag:
    """Which request caused a change; empty for what happens by itself."""

    request: str | None = None
    key: str | None = None


@dataclass
class World:
    """One transaction's view. Each thing is loaded once, so that two readers share it."""

    db: sqlite3.Connection
    now: int
    first_try: float
    ids: Ids
    public_url: str
    tag: Tag = field(default_factory=Tag)
    emitted: list[str] = field(default_factory=list)
    _loaded: dict[str, Thing] = field(default_factory=dict)

    def add(self, thing: Thing) -> Thing:
        """Store a new thing."""
        self.db.execute(
            "INSERT INTO things (customer, intent, state, due, body, hidden, created, id, kind)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*_columns(thing), thing.get("created", self.now), thing.id, thing["object"]),
        )
        self._loaded[thing.id] = thing
        return thing

    def save(self, thing: Thing) -> Thing:
        """Store a thing that changed."""
        self.db.execute(
            "UPDATE things SET customer = ?, intent = ?, state = ?, due = ?, body = ?, hidden = ? WHERE id = ?",
            (*_columns(thing), thing.id),
        )
        return thing

    def find(self, kind: str, ident: str) -> Thing | None:
        """Give a thing, or None."""
        if ident not in self._loaded:
            row = self.db.execute("SELECT body, hidden, due, kind FROM things WHERE id = ?", (ident,)).fetchone()
            if row is None or row["kind"] != kind:
                return None
            self._loaded[ident] = thing_of(row)
        thing = self._loaded[ident]
        return thing if thing["object"] == kind else None

    def fetch(self, kind: str, ident: str, param: str | None = None) -> Thing:
        """Give a thing that has to be there: 404, or 400 when a parameter named it."""
        thing = self.find(kind, ident)
        if thing is None or thing.get("deleted"):
            word = WORDS.get(kind, kind)
            raise absent(word, ident, param or "id", 400 if param else 404)
        return thing

    def query(self, kind: str, where: str = "1", *values: object) -> list[Thing]:
        """Give the things of a kind that meet a condition, oldest first."""
        rows = self.db.execute(
            f"SELECT id, body, hidden, due FROM things WHERE kind = ? AND {where} ORDER BY seq",  # noqa: S608 - ours
            (kind, *values),
        ).fetchall()
        return [self._loaded.setdefault(row["id"], thing_of(row)) for row in rows]

    def emit(self, kind: str, thing: Thing, before: dict[str, Any] | None = None) -> str:
        """Store an event with the thing as it is now, and owe it to each endpoint that asked."""
        event = self._event(kind, thing, before)
        endpoints = self.endpoints_for(kind)
        event["pending_webhooks"] = len(endpoints)
        self.add(event)
        for endpoint in endpoints:
            self.db.execute(
                "INSERT INTO deliveries (event, endpoint, subject, next_try) VALUES (?, ?, ?, ?)",
                (event.id, endpoint.id, f"{endpoint.id} {thing.id}", self.first_try),
            )
        self.emitted.append(event.id)
        return event.id

    def endpoints_for(self, kind: str) -> list[Thing]:
        """Give the endpoints that asked for a type of event."""
        return [endpoint for endpoint in self._endpoints if {"*", kind} & set(endpoint["enabled_events"])]

    @cached_property
    def _endpoints(self) -> list[Thing]:
        return self.query("webhook_endpoint", "state = 'enabled'")

    def _event(self, kind: str, thing: Thing, before: dict[str, Any] | None) -> Thing:
        data: dict[str, Any] = {"object": dict(thing)}
        if before is not None:
            data["previous_attributes"] = before
        return Thing(
            {
                "id": self.ids.new("evt"),
                "object": "event",
                "api_version": VERSION,
                "created": self.now,
                "data": data,
                "livemode": False,
                "pending_webhooks": 0,
                "request": {"id": self.tag.request, "idempotency_key": self.tag.key},
                "type": kind,
            }
        )


def thing_of(row: sqlite3.Row) -> Thing:
    """Give the thing that a row holds."""
    return Thing(json.loads(row["body"]), json.loads(row["hidden"]), row["due"])


def _columns(thing: Thing) -> tuple[object, ...]:
    kind = thing["object"]
    return (
        thing.get("customer"),
        thing.get("payment_intent") or thing.get("source"),
        thing.get("type") if kind == "event" else thing.get("status"),
        thing.due,
        json.dumps(thing, separators=(",", ":")),
        json.dumps(thing.hidden, separators=(",", ":")),
    )


def unset(names: str) -> dict[str, Any]:
    """Give the fields that Stripe shows as null, from their names with spaces between."""
    return dict.fromkeys(names.split())
