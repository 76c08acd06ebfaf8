"""Ends and beginnings: products given up, launches held up, rehearsals, withdrawals (policies.md 1 and 2; design.md 6)."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from tests.simulation.facts import ENDED, Facts, read
from tests.simulation.registry import always, at_commit, quiet
from tests.simulation.world import World

OVER = ("done", "by_hand")
WAIVED_WITHIN = timedelta(days=14)
CLOSING = {"cancelled", "refunded"}


@at_commit("G1", "attempts")
def g1_nobody_is_charged_after_giving_up(world: World) -> Iterator[str]:
    """From the moment a product is given up, nothing is charged, held or begun for any of its orders (M5)."""
    query = (
        "SELECT a.id, a.kind, o.number, c.id AS given_up FROM attempts a JOIN orders o ON o.id = a.order_id"
        " LEFT JOIN cancellations c ON c.product_id = o.product_id WHERE a.id > ? ORDER BY a.id"
    )
    for each in world.ask(query, world.memory.get("after giving up", 0)):
        world.memory["after giving up"] = each.id
        if each.given_up and each.kind in {"capture", "charge", "hold", "session"}:
            yield f"{each.number} is of a product that was given up, and a {each.kind} is begun"


@always("G2")
def g2_every_order_of_it_is_listed(facts: Facts, _world: World) -> Iterator[str]:
    """Each order that lived at the start has its row; none is placed later, and nothing opens later."""
    rows = {each.order_id for each in facts.cancelled_orders}
    for order in facts.orders.values():
        made = facts.given_up.get(order.product_id)
        if made is None:
            continue
        if order.placed_at > made.started_at:
            yield f"{order.number} was placed at {order.placed_at}, and its product given up at {made.started_at}"
        if order.id not in rows and (order.ended_at is None or order.ended_at > made.started_at):
            yield f"{order.number} is of a product that was given up, and has no row"
        if order.state not in ENDED and not order.cancel_wished_at and order.id not in facts.lost:
            yield f"{order.number} is of a product that was given up, and stays"
    for launch in facts.launches:
        made = facts.given_up.get(launch.product_id)
        later = made and launch.launched_at and launch.launched_at > made.started_at
        if made and later and launch.kind == "product":
            yield f"launch {launch.id} came at {launch.launched_at}, and was given up at {made.started_at}"


@always("G3")
def g3_closed_when_all_is_over(facts: Facts, _world: World) -> Iterator[str]:
    """A cancellation is closed once each of its orders has ended and settled, not before."""
    for made in facts.cancellations:
        if made.done_at is None:
            continue
        for row in facts.cancelled_orders:
            order = facts.orders[row.order_id]
            if row.cancellation_id == made.id and row.state not in OVER:
                yield f"cancellation {made.id} is over, and {order.number} is {row.state}"
        for order in facts.orders.values():
            if order.product_id == made.product_id and order.state not in ENDED and order.id not in facts.lost:
                yield f"cancellation {made.id} is over, and {order.number} is {order.state}"


@quiet("Q5 of products")
def q5_given_up_is_free_and_told(facts: Facts, _world: World) -> Iterator[str]:
    """A product that was given up: nothing at Stripe for any of its orders, each has its closing letter, its creator one.

    Where a bank has not decided, or a person is asked about a refund, it is not over before they have.
    """
    letters = Counter((each.order_id, each.kind) for each in facts.letters)
    confirmed = {each.order_id for each in facts.letters if each.kind == "confirmed"}
    for made in facts.cancellations:
        orders = [facts.orders[e.order_id] for e in facts.cancelled_orders if e.cancellation_id == made.id]
        if any(facts.waits(each) for each in orders):
            continue
        if made.done_at is None:
            yield f"cancellation {made.id} is not over"
        for order in orders:
            into, back = facts.in_all(order)
            closing = sum(letters[order.id, kind] for kind in CLOSING)
            if into != back and order.id not in facts.lost:
                yield f"{order.number} was given up, and Stripe has {into - back}"
            if closing != (order.id in confirmed) and order.id not in facts.lost:
                yield f"{order.number} was given up, and has {closing} closing letters"
        if orders and sum(letters[order.id, "given_up"] for order in orders) != 1:
            yield f"cancellation {made.id} was not told to its creator once"


@always("H1")
def h1_nothing_opens_while_it_is_held_up(facts: Facts, _world: World) -> Iterator[str]:
    """A launch without its content waits: it does not come, and nobody is granted or charged, until it is complete."""
    launches = {each.id: each for each in facts.launches}
    for each in facts.holdups:
        came = launches[each.launch_id].launched_at
        if came and came >= each.at and (each.over_at is None or came < each.over_at):
            yield f"launch {each.launch_id} was held up at {each.at}, and came at {came}"


@always("H2")
def h2_a_hold_up_is_told(facts: Facts, _world: World) -> Iterator[str]:
    """Its buyers and its creator are written to in its transaction, and who is settled meanwhile in that; nobody else is."""
    held = {facts_product(facts, each.launch_id) for each in facts.holdups}
    kinds = {(each.order_id, each.kind) for each in facts.letters}
    for order_id, kind in kinds:
        if kind in {"launch_late", "launch_stopped"} and facts.orders[order_id].product_id not in held:
            yield f"{facts.orders[order_id].number} was told of a hold-up, and there was none"
    for each in facts.holdups:
        for order in [] if each.over_at else facts.orders.values():
            here = order.product_id == facts_product(facts, each.launch_id) and order.kind == "pre_order"
            stays = (
                order.unit and order.state in {"reserved", "held", "paid", "past_due"} and not order.cancel_wished_at
            )
            if here and stays and (order.id, "launch_late") not in kinds:
                yield f"{order.number} was held up at {each.at}, and nobody told it"


def facts_product(facts: Facts, launch_id: int) -> int:
    return int(next(each.product_id for each in facts.launches if each.id == launch_id))


@always("R1")
def r1_rehearsed_once(facts: Facts, _world: World) -> Iterator[str]:
    """One rehearsal for each generation of a launch and each of the two days; by the button as often as it is asked for."""
    by_itself = [each for each in facts.rehearsals if each.occasion != "asked"]
    for key, times in Counter((each.launch_id, each.generation, each.occasion) for each in by_itself).items():
        if times > 1:
            yield f"launch {key[0]}, generation {key[1]}, was rehearsed {times} times for the {key[2]}"


@always("W1")
def w1_opened_early_is_waived(facts: Facts, _world: World) -> Iterator[str]:
    """Opened while it could be withdrawn from ⇒ its reader gave that up first, and it was kept."""
    for grant in facts.grants:
        if not grant.first_opened_at:
            continue
        order = facts.orders[grant.order_id]
        since = max(each for each in (order.placed_at, facts.launch(order).launched_at, order.allocated_at) if each)
        soon = read(grant.first_opened_at) < read(since) + WAIVED_WITHIN
        if soon and (not grant.waived_at or grant.waived_at > grant.first_opened_at):
            yield f"{order.number} was opened at {grant.first_opened_at}, and its reader was not asked"


@at_commit("W2", "orders")
def w2_a_withdrawal_is_acknowledged(world: World) -> Iterator[str]:
    """Who withdraws from what they have access to gets the acknowledgement, in the same transaction."""
    known: set[int] = world.memory.setdefault("leaving", set())
    query = "SELECT id, number, state, cancel_who FROM orders WHERE cancel_wished_at IS NOT NULL"
    for each in world.ask(query):
        if each.id in known:
            continue
        known.add(each.id)
        granted = world.ask("SELECT id FROM grants WHERE order_id = ?", each.id)
        told = world.ask("SELECT id FROM letters WHERE order_id = ? AND kind = 'withdrawn'", each.id)
        if each.cancel_who == "buyer" and each.state in {"held", "paid"} and granted and not told:
            yield f"{each.number} was withdrawn, and nobody says that it has arrived"
