"""What is so at one moment: our rows beside Stripe's objects, read without the shop's own code."""

import json
import sqlite3
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

TABLES = (
    "orders",
    "attempts",
    "checkouts",
    "grants",
    "letters",
    "log",
    "unit_moves",
    "stock_moves",
    "pool_keys",
    "tickets",
    "notices",
    "replies",
    "holdups",
    "rehearsals",
    "cancellations",
    "cancelled_orders",
    "products",
    "offers",
    "launches",
    "promises",
    "stripe_events",
    "job_runs",
    "accounts",
    "refunds",
    "disputes",
    "tasks",
    "tax_points",
    "phones",
    "texts",
    "mail_events",
)
WIDE = {
    "stripe_events": "id, type, object_id, received_at, due_at, tries, done_at, note",
    "promises": "id, order_id, version, made_at, launch_generation, not_before, by, undated, wall, zone, price, currency",
    "products": "id, slug, kind, currency, stock, taken, backorders, queued, kept, waiting, pool, upfront, retired_at",
    "rehearsals": "id, launch_id, generation, occasion, at",
    "mail_events": "id, type, payload, received_at, done_at, note",
    "tickets": "id, product_id, email, joined_at, state, offered_at, offer_until, ended_at, order_id",
}
KINDS = ("payment_intent", "charge", "refund", "dispute", "payment_method", "checkout.session", "customer")
OPEN = frozenset({"needs_response", "under_review"})
WITHDRAWN = OPEN | {"lost"}
OF_OLD = "cs_old_"  # what events of an older version speak of
ENDED = ("expired", "cancelled", "refunded")
LIVE = ("placed", "reserved", "held", "past_due", "paid")


class Row(dict[str, Any]):
    """A row whose columns are attributes."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)


def row_factory(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> Row:
    return Row(zip((column[0] for column in cursor.description), values, strict=True))


def has_its_unit(order: Row) -> bool:
    """A back-order has one since it was allocated; any other since it was placed."""
    return order.kind != "back_order" or order.allocated_at is not None


def written(instant: datetime) -> str:
    """An instant as SQLite keeps it, to compare with its columns."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"


def read(instant: str) -> datetime:
    return datetime.fromisoformat(instant).replace(tzinfo=UTC)


@dataclass
class Facts:
    """One look at both sides. `now` is written as the columns are."""

    now: str
    orders: dict[int, Row]
    attempts: list[Row]
    checkouts: list[Row]
    grants: list[Row]
    letters: list[Row]
    log: list[Row]
    unit_moves: list[Row]
    stock_moves: list[Row]
    pool_keys: list[Row]
    tickets: list[Row]
    notices: list[Row]
    replies: list[Row]
    holdups: list[Row]
    rehearsals: list[Row]
    cancellations: list[Row]
    cancelled_orders: list[Row]
    products: list[Row]
    offers: list[Row]
    launches: list[Row]
    promises: list[Row]
    stripe_events: list[Row]
    job_runs: list[Row]
    accounts: list[Row]
    refunds: list[Row]
    disputes: list[Row]
    tasks: list[Row]
    tax_points: list[Row]
    phones: list[Row]
    texts: list[Row]
    mail_events: list[Row]
    things: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def written(self) -> tuple[Any, ...]:
        """Everything but the jobs' runs, how often an event was tried, and when an order that is to end was looked at.

        An event of nothing we know is asked about for ever, an order that waits for a person or a bank is looked at for ever.
        """
        heard = [(each.id, each.done_at) for each in self.stripe_events]
        ending = [(each.id, each.state, each.why) for each in self.cancelled_orders]
        apart = {"stripe_events", "job_runs", "cancelled_orders"}
        return heard, ending, *(getattr(self, name) for name in TABLES if name not in apart)

    @cached_property
    def given_up(self) -> dict[int, Row]:
        """The cancellation of each product that its creator gave up."""
        return {each.product_id: each for each in self.cancellations}

    @cached_property
    def launch_of(self) -> dict[int, Row]:
        """The launch of each product itself; a restock is another's."""
        return {each.product_id: each for each in self.launches if each.kind == "product"}

    def launch(self, order: Row) -> Row:
        return self.launch_of[order.product_id]

    @cached_property
    def promise_of(self) -> dict[tuple[int, int], Row]:
        return {(each.order_id, each.version): each for each in self.promises}

    @cached_property
    def dearest(self) -> dict[int, int]:
        """The highest price that each order's buyer has agreed to."""
        found: dict[int, int] = {}
        for each in self.promises:
            found[each.order_id] = max(each.price, found.get(each.order_id, 0))
        return found

    def promise(self, order: Row) -> Row | None:
        return self.promise_of.get((order.id, order.promise_version))

    @cached_property
    def busy(self) -> dict[int, str]:
        """The kind of each order's open attempt."""
        return {each.order_id: each.kind for each in self.attempts if each.outcome is None}

    @cached_property
    def visiting(self) -> set[int]:
        """Orders with a visit that we have not closed, or one whose opening is under way."""
        visits = {each.order_id for each in self.checkouts if each.closed_at is None}
        return visits | {order for order, kind in self.busy.items() if kind == "session"}

    @cached_property
    def grant_of(self) -> dict[int, Row]:
        return {each.order_id: each for each in self.grants}

    def live_grant(self, order: Row) -> bool:
        grant = self.grant_of.get(order.id)
        return grant is not None and grant.suspended_at is None and grant.revoked_at is None

    def out(self, order: Row) -> bool:
        """Launched, its unit there, and nobody was promised a later charge."""
        told = self.promise(order)
        return (
            self.launch(order).launched_at is not None
            and has_its_unit(order)
            and (told is None or told.not_before is None or told.not_before <= self.now)
        )

    @cached_property
    def ledger(self) -> dict[int, tuple[int, int]]:
        """Captured and refunded, by our ledger."""
        sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
        for each in self.attempts:
            sums[each.order_id][0] += each.moved
        for each in self.refunds:
            if each.status not in {"failed", "canceled"}:
                sums[each.order_id][1] += each.amount
        return {order: (into, back) for order, (into, back) in sums.items()}

    def net(self, order: Row) -> int:
        into, back = self.ledger.get(order.id, (0, 0))
        return into - back

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        return [each for each in self.things.values() if each["object"] == kind]

    @cached_property
    def intents(self) -> dict[int, list[dict[str, Any]]]:
        """Stripe's intents of each order, by the metadata they carry."""
        found: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for each in self.of_kind("payment_intent"):
            found[int((each["metadata"].get("order") or "0").partition(":")[0])].append(each)
        return found

    @cached_property
    def returned(self) -> dict[str, int]:
        """Refunded at Stripe, by intent."""
        sums: dict[str, int] = defaultdict(int)
        for each in self.of_kind("refund"):
            if each["status"] not in {"failed", "canceled"}:
                sums[each["payment_intent"]] += each["amount"]
        return sums

    def at_stripe(self, order: Row) -> tuple[int, int]:
        """Captured and refunded, by Stripe."""
        mine = self.intents.get(order.id, [])
        return sum(each["amount_received"] for each in mine), sum(self.returned.get(each["id"], 0) for each in mine)

    def in_all(self, order: Row) -> tuple[int, int]:
        """The same, and what somebody paid back by other means, as the ledger notes it: Stripe can't know."""
        into, back = self.at_stripe(order)
        by_hand = (each.amount for each in self.refunds if each.order_id == order.id and each.status == "by_hand")
        return into, back + sum(by_hand)

    @cached_property
    def disputed(self) -> dict[int, set[str]]:
        """How each order's disputes stand, by our rows; one that was lost with another payment decides nothing."""
        found: dict[int, set[str]] = defaultdict(set)
        for each in self.disputes:
            if each.status != "lost" or self.orders[each.order_id].paid_intent in {None, each.intent}:
                found[each.order_id].add(each.status)
        return found

    @cached_property
    def lost(self) -> set[int]:
        """Orders whose payment a bank has given back."""
        return {order_id for order_id, stands in self.disputed.items() if "lost" in stands}

    @cached_property
    def partly(self) -> set[int]:
        """Orders of which something went back, by our rows."""
        return {each.order_id for each in self.refunds}

    @cached_property
    def failed_unheard(self) -> set[int]:
        """Orders of which a refund has failed at Stripe, and stands in our ledger still."""
        failed = {each["id"] for each in self.of_kind("refund") if each["status"] in {"failed", "canceled"}}
        return {
            each.order_id
            for each in self.refunds
            if each.stripe_id in failed and each.status not in {"failed", "canceled"}
        }

    def taken_back(self, order: Row) -> int:
        """What banks have withdrawn, at Stripe: disputes that are open or lost."""
        mine = {each["id"] for each in self.intents.get(order.id, [])}
        disputes = [each for each in self.of_kind("dispute") if each["payment_intent"] in mine]
        return sum(each["amount"] for each in disputes if each["status"] in WITHDRAWN)

    @cached_property
    def asked(self) -> set[int]:
        """Orders of which a person is asked to do something about a refund."""
        return {each.order_id for each in self.tasks if not each.closed_at and "refund" in each.kind}

    def waits(self, order: Row) -> bool:
        """A bank has not decided, or a person is asked."""
        return order.id in self.asked or bool(self.disputed.get(order.id, set()) & OPEN)

    def failed(self, order: Row) -> bool:
        """Whether a refund of it did not arrive."""
        return any(each.order_id == order.id and each.status in {"failed", "canceled"} for each in self.refunds)

    def holds(self, order: Row) -> list[dict[str, Any]]:
        return [each for each in self.intents.get(order.id, []) if each["status"] == "requires_capture"]

    @cached_property
    def sessions(self) -> dict[int, list[dict[str, Any]]]:
        """Stripe's sessions of each order, by its number."""
        numbers = {each.number: each.id for each in self.orders.values()}
        found: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for each in self.of_kind("checkout.session"):
            found[numbers.get(each["client_reference_id"], 0)].append(each)
        return found


@dataclass
class Observer:
    """Reads both stores over connections of its own, and nothing again that has not changed.

    `dirty`: the tables of ours that were written since; emptied here.
    """

    ours: sqlite3.Connection
    theirs: sqlite3.Connection
    dirty: set[str]
    _rows: dict[str, list[Row]] = field(default_factory=dict)
    _facts: Facts | None = None
    _seen: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    _changes: int = -1
    _things: dict[str, dict[str, Any]] = field(default_factory=dict)

    def look(self, now: datetime) -> Facts:
        """Both sides now. The same object as before where nothing but the time is another."""
        things, same = self._stripe(), not self.dirty
        if self._facts is None or not same or self._facts.things is not things:
            self._rows |= {name: self.rows(name) for name in TABLES if name in self.dirty or name not in self._rows}
            self.dirty.clear()
            tables: dict[str, Any] = {**self._rows, "orders": {each.id: each for each in self._rows["orders"]}}
            self._facts = Facts(now=written(now), things=things, **tables)
        self._facts.now = written(now)
        return self._facts

    def rows(self, table: str) -> list[Row]:
        columns = WIDE.get(table, "*")
        return self.ours.execute(f"SELECT {columns} FROM {table} ORDER BY rowid").fetchall()  # noqa: S608 (ours)

    def ask(self, query: str, *values: object) -> list[Row]:
        return self.ours.execute(query, values).fetchall()

    def _stripe(self) -> dict[str, dict[str, Any]]:
        if self.theirs.total_changes == self._changes:
            return self._things
        self._changes = self.theirs.total_changes
        marks = ", ".join("?" * len(KINDS))
        rows = self.theirs.execute(f"SELECT id, body FROM things WHERE kind IN ({marks}) ORDER BY seq", KINDS)  # noqa: S608
        self._things = {row["id"]: self._parsed(row["id"], row["body"]) for row in rows}
        return self._things

    def _parsed(self, name: str, body: str) -> dict[str, Any]:
        known = self._seen.get(name)
        if known is None or known[0] != body:
            known = self._seen[name] = (body, json.loads(body))
        return known[1]
