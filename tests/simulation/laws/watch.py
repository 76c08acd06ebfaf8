"""What must hold at the moment of a call, of a commit and of a letter: seen by watching, not by looking afterwards."""

from collections.abc import Callable
from datetime import timedelta

from storefront.outside.postman import Envelope
from storefront.rules.letter_rows import OF_PRODUCT
from tests.simulation.bank import Call
from tests.simulation.facts import Row, has_its_unit, read, written
from tests.simulation.laws.channels import c5_texts_only_where_agreed
from tests.simulation.registry import AT_COMMIT
from tests.simulation.world import World

KEY_LIFE = timedelta(hours=23)
LEAST = 50
OF_LIVE = {"confirmed", "repaired", "moved", "past_due", "access"}
NOT_TO_BUYERS = {"address_old", "task", "grace_over", "missed", "dispute_won", "dispute_lost"} | OF_PRODUCT
ENDS = {"cancelled": "cancelled", "refunded": "refunded"}


def watch(world: World) -> None:
    """Look at every call before it is made, at every commit, and at every letter before it is handed over."""
    calls: tuple[Callable[[World, Call], None], ...] = (no_transaction, m3_key_first, m4_not_before, m15_amounts)
    world.watchers += [lambda call, see=see: see(world, call) for see in calls]  # type: ignore[misc]
    world.commits.append(lambda: m5_no_charge_after_cancelling(world))
    world.commits.append(lambda: laws_at_a_commit(world))
    world.mailman.look = lambda envelope: n2_checked_once_more(world, envelope)
    world.text_watchers.append(lambda call: c5_texts_only_where_agreed(world, call))


def laws_at_a_commit(world: World) -> None:
    """Those that enter with `at_commit`, where their table was written."""
    for name, (table, law) in AT_COMMIT.items():
        if table in world.house.db.touched:
            for each in law(world):
                world.complain(name, each)


def no_transaction(world: World, call: Call) -> None:
    """No network inside a transaction."""
    actor = world.kernel.current
    if actor is not None and actor.open:
        world.complain("D9", f"{call.method} {call.path} was called inside a transaction")


def ours(call: Call) -> bool:
    """A call that an attempt stands for."""
    return call.method == "POST" and ":" in (call.key or "")


def moves_money(call: Call) -> bool:
    makes = call.path == "/v1/payment_intents" or call.path.endswith(("/capture", "/cancel", "/detach"))
    return call.method == "POST" and (makes or call.path in {"/v1/refunds", "/v1/checkout/sessions"})


def m3_key_first(world: World, call: Call) -> None:
    """Each call has a key committed before it; one key ↔ one operation, one body; no blind retry once it is 23 h old."""
    if not moves_money(call):
        return
    rows = world.ask("SELECT * FROM attempts WHERE key = ?", call.key) if ours(call) else []
    if not rows:
        world.complain("M3", f"{call.method} {call.path} was called without a committed key")
        return
    before = world.line.bodies.setdefault(str(call.key), f"{call.path} {call.body}")
    if before != f"{call.path} {call.body}":
        world.complain("M3", f"{call.key} was used for {before} and {call.path} {call.body}")
    if world.now - read(rows[0].opened_at) > KEY_LIFE + timedelta(minutes=10):
        world.complain("M3", f"{call.key} was used after {world.now - read(rows[0].opened_at)}")


def m4_not_before(world: World, call: Call) -> None:
    """No capture starts unless the product is released, the order is eligible and the promised instant has come."""
    charges = call.path == "/v1/payment_intents" and call.said.get("capture_method") != "manual"
    if not ours(call) or not (charges or call.path.endswith("/capture")):
        return
    for order in order_of(world, call):
        if not has_its_unit(order):
            world.complain("M4", f"{order.number} is charged, and waits for its unit")
        if order.launched_at is None or (order.not_before and order.not_before > written(world.now)):
            world.complain("M4", f"{order.number} is charged before {order.not_before or 'its launch'}")


def order_of(world: World, call: Call) -> list[Row]:
    return world.ask(
        "SELECT o.*, l.launched_at, p.not_before FROM attempts a JOIN orders o ON o.id = a.order_id"
        " JOIN launches l ON l.product_id = o.product_id AND l.kind = 'product'"
        " JOIN promises p ON p.order_id = o.id AND p.version = o.promise_version WHERE a.key = ?",
        call.key,
    )


def m15_amounts(world: World, call: Call) -> None:
    """A zero or negative amount, or a second currency, never reaches Stripe; off-session never beside an open visit.

    A refund may be smaller than what a card can be charged.
    """
    if not ours(call):
        return
    least = 1 if call.path == "/v1/refunds" else LEAST
    for name in ("amount", "amount_to_capture", "line_items[0][price_data][unit_amount]"):
        if int(call.said.get(name, least)) < least:
            world.complain("M15", f"{call.path} says {name} {call.said[name]}")
    for order in order_of(world, call):
        currency = call.said.get("currency", order.currency.lower())
        if currency != order.currency.lower():
            world.complain("M15", f"{order.number} is charged in {currency}")
        if call.path == "/v1/payment_intents" and world.ask(
            "SELECT id FROM checkouts WHERE order_id = ? AND closed_at IS NULL", order.id
        ):
            world.complain("M15", f"{order.number} is charged off-session while its buyer is at Stripe")


def m5_no_charge_after_cancelling(world: World) -> None:
    """After a cancellation commits, no new capture starts; no refund while a dispute is open, or was lost (M9)."""
    query = (
        "SELECT a.id, a.kind, o.number, o.cancel_wished_at, (SELECT count(*) FROM disputes d WHERE d.order_id = o.id"
        " AND d.status IN ('needs_response', 'under_review', 'lost')"
        " AND (d.status <> 'lost' OR d.intent = coalesce(o.paid_intent, d.intent))) AS disputed"
        " FROM attempts a JOIN orders o ON o.id = a.order_id"
        " WHERE a.id > ? ORDER BY a.id"
    )
    for each in world.ask(query, world.memory.get("attempts", 0)):
        world.memory["attempts"] = each.id
        if each.cancel_wished_at and each.kind in {"capture", "charge", "hold", "session"}:
            world.complain("M5", f"{each.number} is leaving, and a {each.kind} is begun")
        if each.kind == "refund" and each.disputed:
            world.complain("M9", f"{each.number} is disputed, and a refund is begun")


def n2_of_a_place(world: World, envelope: Envelope) -> bool:
    """The same for the letters of a waiting list. False: it is an order's."""
    query = "SELECT l.kind, t.* FROM letters l JOIN tickets t ON t.id = l.ticket_id WHERE l.id = ?"
    rows = world.ask(query, int(envelope.message_id.split("-")[1].split(".")[0]))
    for row in rows:
        offered = row.state == "offered" and row.offer_until > written(world.now)
        if not (offered if row.kind == "unit_offered" else row.state == "waiting"):
            world.complain("N2", f"ticket {row.id} is {row.state}, and {row.kind} is sent")
        if envelope.to != row.email:
            world.complain("N4", f"a letter of ticket {row.id} goes to {envelope.to}")
    return bool(rows)


def n2_checked_once_more(world: World, envelope: Envelope) -> None:
    """Just before sending, the fact is re-checked: no "it is live" after a cancellation."""
    if n2_of_a_place(world, envelope):
        return
    (row,) = world.ask(
        "SELECT l.*, o.state, o.cancel_wished_at, o.email, o.number, o.bounced_at FROM letters l JOIN orders o ON o.id = l.order_id WHERE l.id = ?",
        int(envelope.message_id.split("-")[1].split(".")[0]),
    )
    gone = row.state in {"expired", "cancelled", "refunded"} or row.cancel_wished_at
    if row.kind in OF_LIVE and gone:
        world.complain("N2", f"{row.number} is leaving or gone, and {row.kind} is sent")
    if row.kind in ENDS and row.state != ENDS[row.kind]:
        world.complain("N2", f"{row.number} is {row.state}, and {row.kind} is sent")
    if row.kind == "past_due" and row.state != "past_due":
        world.complain("N2", f"{row.number} is {row.state}, and {row.kind} is sent")
    if row.kind not in NOT_TO_BUYERS and envelope.to != row.email:
        world.complain("N4", f"a letter of {row.number} goes to {envelope.to}")
    if row.kind not in NOT_TO_BUYERS and row.bounced_at:
        world.complain("C2", f"letters of {row.number} come back, and {row.kind} is mailed")
    if "127.0.0.1:8000" not in envelope.text + "127.0.0.1:8000" * (row.kind == "address_old"):
        world.complain("N4", f"{row.kind} of {row.number} has no link of ours")
