"""Waiting lists, always: an offer holds its unit, is made in order, once, and never comes back (reliability.md S1, S5, N1)."""

from collections import Counter
from collections.abc import Iterator

from tests.simulation.facts import Facts, Row
from tests.simulation.registry import always, at_commit
from tests.simulation.world import World

OPEN = {"waiting", "offered"}
AFTER = {"waiting": {"offered", "left", "over"}, "offered": {"used", "left", "over"}}


@at_commit("O1", "tickets")
def o1_an_offer_never_revives(world: World) -> Iterator[str]:
    """A place is waiting, then offered once, then used, left or over, for good; offers are made first come first served."""
    known: dict[int, Row] = world.memory.setdefault("places", {})
    rows = world.ask("SELECT * FROM tickets ORDER BY joined_at, id")
    for number, each in enumerate(rows):
        before = known.get(each.id)
        was = before.state if before else "waiting"
        if each.state != was and each.state not in AFTER.get(was, set()):
            yield f"ticket {each.id} was {was}, and is {each.state}"
        if before and before.offer_until and each.offer_until != before.offer_until:
            yield f"ticket {each.id} was offered a unit until {before.offer_until}, and has it until {each.offer_until}"
        if each.state == "offered" and was == "waiting":
            yield from (
                f"ticket {each.id} is offered a unit, and ticket {other.id} came first"
                for other in rows[:number]
                if other.product_id == each.product_id and other.state == "waiting"
            )
        known[each.id] = each


@always("O2")
def o2_an_offer_is_used_in_time(facts: Facts, _world: World) -> Iterator[str]:
    """A used offer was open when its order was placed, and is one order's; without one it is not used."""
    for each in facts.tickets:
        order = facts.orders.get(each.order_id)
        if (each.state == "used") != (order is not None):
            yield f"ticket {each.id} is {each.state}, and its order is {each.order_id}"
        elif order is not None and (order.placed_at >= each.offer_until or order.product_id != each.product_id):
            yield f"{order.number} took up ticket {each.id} at {order.placed_at}, which was open until {each.offer_until}"


@always("O3")
def o3_an_offer_holds_its_unit(facts: Facts, _world: World) -> Iterator[str]:
    """`kept` is the open offers, `waiting` the places; nobody stands twice on a list."""
    states = Counter((each.product_id, each.state) for each in facts.tickets)
    for product in facts.products:
        if product.kept != states[product.id, "offered"]:
            yield f"{product.slug} keeps {product.kept}, and has {states[product.id, 'offered']} open offers"
        if product.waiting != states[product.id, "waiting"]:
            yield f"{product.slug} counts {product.waiting} places, and has {states[product.id, 'waiting']}"
    places = Counter((each.product_id, each.email) for each in facts.tickets if each.state in OPEN)
    for (product_id, email), times in places.items():
        if times > 1:
            yield f"{email} stands {times} times on the list of product {product_id}"


@always("O4")
def o4_each_place_is_told_once(facts: Facts, _world: World) -> Iterator[str]:
    """A letter for each place, and one for each offer, in the transaction of the fact."""
    letters = Counter((each.ticket_id, each.kind) for each in facts.letters if each.ticket_id)
    for each in facts.tickets:
        if not letters[each.id, "on_the_list"]:
            yield f"ticket {each.id} has no letter"
        if letters[each.id, "unit_offered"] != bool(each.offered_at):
            yield f"ticket {each.id} has {letters[each.id, 'unit_offered']} letters of its offer ({each.offered_at})"


@always("O5")
def o5_an_offer_ends(facts: Facts, world: World) -> Iterator[str]:
    """As soon as somebody has worked, no offer is open whose time is over, nor of a product that has left the shop."""
    if world.at_work():
        return
    gone = {each.id for each in facts.products if each.retired_at}
    for each in facts.tickets:
        if each.state == "offered" and each.offer_until <= facts.now:
            yield f"the offer of ticket {each.id} was open until {each.offer_until}, and is"
        if each.state in OPEN and each.product_id in gone:
            yield f"ticket {each.id} waits for a product that has left the shop"
