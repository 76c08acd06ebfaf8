"""Quiet: what must hold once the faults have stopped and the queues have drained."""

from collections.abc import Iterator

from storefront.actions.checking import check
from tests.simulation.facts import ENDED, OF_OLD, WITHDRAWN, Facts
from tests.simulation.registry import quiet
from tests.simulation.world import World

RESTING = ("paid", "expired", "cancelled", "refunded")


@quiet("Q1")
def q1_stripe_is_our_ledger(facts: Facts, _world: World) -> Iterator[str]:
    """P = F for every object: money, holds, visits, cards."""
    for order in facts.orders.values():
        if facts.in_all(order) != facts.ledger.get(order.id, (0, 0)):
            yield f"{order.number}: Stripe has {facts.in_all(order)}, the ledger {facts.ledger.get(order.id)}"
        if facts.holds(order):
            yield f"{order.number} is {order.state}, and a hold is open at Stripe"
        if any(each["status"] == "open" for each in facts.sessions.get(order.id, [])):
            yield f"{order.number} is {order.state}, and a visit is open at Stripe"
        for intent in facts.intents.get(order.id, []):
            if intent["status"] not in {"succeeded", "canceled", "requires_capture"}:
                yield f"{order.number} is {order.state}, and {intent['id']} is {intent['status']} at Stripe"
    waits = {each.id for each in facts.orders.values() if facts.waits(each)}
    disputed = {each.payment_method for each in facts.checkouts if each.order_id in waits and each.won == 0}
    for card in facts.of_kind("payment_method"):
        if card["customer"] and card["id"] not in disputed:
            yield f"card {card['id']} is saved without a reason"


@quiet("Q2")
def q2_queues_are_empty(facts: Facts, world: World) -> Iterator[str]:
    """Outbox, inbox and leases are empty."""
    for letter in facts.letters:
        if not letter.sent_at and not letter.dropped_at and not letter.failed_at:
            yield f"letter {letter.id} ({letter.kind}) is owed: {letter.trouble}"
    for event in facts.stripe_events:
        if not event.done_at and event.object_id not in world.strange:
            yield f"{event.id} ({event.type}) is not done"
        if event.tries and event.object_id.startswith(OF_OLD):
            yield f"{event.id} ({event.type}) is of another version, and was acted on"
    for attempt in facts.attempts:
        if attempt.outcome is None:
            yield f"{attempt.key} is open: {attempt.detail}"


@quiet("Q3")
def q3_every_order_rests(facts: Facts, _world: World) -> Iterator[str]:
    """No order is in a transient state."""
    for order in facts.orders.values():
        if order.state not in RESTING:
            yield f"{order.number} is {order.state} ({order.decline}), wished to go: {order.cancel_wished_at}"
        elif order.state == "paid" and order.cancel_wished_at and not facts.waits(order):
            yield f"{order.number} was cancelled, and is paid"


@quiet("Q4")
def q4_paid_is_granted_and_told(facts: Facts, world: World) -> Iterator[str]:
    """Captured + released ⇒ granted and told; what came back is C1's."""
    told = {each.envelope.message_id.partition(".")[0] + "." for each in world.mailman.taken}
    for order in facts.orders.values():
        taken = facts.disputed.get(order.id, set()) & WITHDRAWN
        if order.state != "paid" or not facts.out(order) or taken or order.cancel_wished_at:
            continue
        if not facts.live_grant(order):
            yield f"{order.number} is paid and out, and closed"
        letters = [each for each in facts.letters if each.order_id == order.id and each.kind in {"access", "repaired"}]
        if not any(each.failed_at or f"<letter-{each.id}." in told for each in letters):
            yield f"{order.number} is open, and nobody was told"


@quiet("Q5")
def q5_cancelled_is_free(facts: Facts, _world: World) -> Iterator[str]:
    """Cancelled ⇒ Stripe has nothing of it, or as much as was paid back by other means; told once.

    Whoever was paid by other means may ask their bank all the same.
    """
    for order in facts.orders.values():
        into, back = facts.at_stripe(order)
        kept, by_hand = into - back - facts.taken_back(order), facts.in_all(order)[1] - back
        if order.state in ENDED and kept not in {0, by_hand} and order.id not in facts.asked:
            yield f"{order.number} is {order.state}, and Stripe kept {kept}"


@quiet("Q6")
def q6_no_unit_without_an_order(facts: Facts, _world: World) -> Iterator[str]:
    """No unit is held without a live order."""
    held = sum(bool(each.unit) for each in facts.orders.values())
    taken = sum(each.taken for each in facts.products)
    if held != taken or any(each.unit and each.state in ENDED for each in facts.orders.values()):
        yield f"{taken} units are taken, and live orders have {held}"


@quiet("Q7")
def q7_the_check_has_nothing_to_say(_facts: Facts, world: World) -> Iterator[str]:
    """`storefront check` prints nothing."""
    with world.shop.db.read() as session:
        yield from (each for each in check(session, world.now) if not any(name in each for name in world.strange))
