"""Scenes of banks: disputes and how they end, refunds that fail afterwards, refunds made in Stripe's dashboard."""

from typing import Any

from storefront.sandbox import interventions
from tests.simulation.bank import LOST_BEFORE
from tests.simulation.banks import UNDECIDED, give_back_at_stripe, tried
from tests.simulation.creators import in_studio
from tests.simulation.stories import Story, cancels, order, orders, presses, stall, tick
from tests.simulation.world import World

FAILS_LATER = "4000000000005126"


def thing(world: World, kind: str, *states: str) -> dict[str, Any]:
    return next(each for each in world.look().of_kind(kind) if each["status"] in states)


def disputes(world: World) -> None:
    paid = thing(world, "payment_intent", "succeeded")
    tried(world, interventions.dispute, {"payment_intent": paid["id"]}, paid["id"])
    tick(world)
    tick(world, minutes=1)


def decides(world: World, status: str) -> None:
    found = thing(world, "dispute", *UNDECIDED)
    said = {"dispute": found["id"], "status": status}
    tried(world, interventions.resolve_dispute, said, found["payment_intent"])
    tick(world)
    tick(world, minutes=1)


def disputed_and_won(world: World) -> None:
    """A bank asks for the money of something that is read, and decides for the shop."""
    stall(world, 0)
    orders(world)
    tick(world)
    disputes(world)
    decides(world, "won")


def disputed_and_lost(world: World) -> None:
    """The same, lost; then the buyer cancels as well."""
    stall(world, 3, upfront=True)
    orders(world)
    tick(world)
    disputes(world)
    decides(world, "lost")
    cancels(world)


def lost_while_it_is_read(world: World) -> None:
    stall(world, 0)
    orders(world)
    tick(world)
    disputes(world)
    decides(world, "lost")


def cancelled_in_a_dispute(world: World) -> None:
    """A buyer asks the bank first, and cancels then; the bank decides for the shop, which gives the money back."""
    stall(world, 3, upfront=True)
    orders(world)
    tick(world)
    disputes(world)
    cancels(world)
    presses(world, "cancel")
    decides(world, "won")


def returned_weeks_later(world: World) -> None:
    """A refund that had arrived comes back."""
    stall(world, 3, upfront=True)
    orders(world, FAILS_LATER)
    tick(world)
    cancels(world)
    for _ in range(3):
        tick(world, days=20)


def sent_again_while_stripe_is_down(world: World) -> None:
    """A refund came back, its creator sends it once more, and that never reaches Stripe."""
    returned_weeks_later(world)
    world.line.fault = lambda call: LOST_BEFORE if call.method == "POST" and call.path == "/v1/refunds" else ""
    sees_to(world, "refund-again")
    world.line.fault = lambda _call: ""
    tick(world)


def sent_again_in_a_dispute(world: World) -> None:
    """A refund came back, the buyer asks the bank, its creator wants to send it once more; the bank decides for the shop."""
    returned_weeks_later(world)
    disputes(world)
    sees_to(world, "refund-again")
    decides(world, "won")


def sees_to(world: World, button: str) -> None:
    """The creator presses a button of the order's page in the studio; three hours go by."""
    mine = order(world)
    if mine is not None:
        (product,) = world.ask("SELECT creator_id FROM products WHERE id = ?", mine.product_id)
        in_studio(world, "sees to", product.creator_id, f"/orders/{mine.number}/{button}")
        world.kernel.finish()
    for _ in range(6):
        tick(world, minutes=30)


def refunded_in_the_dashboard(world: World) -> None:
    """All of a payment is given back in Stripe's own dashboard."""
    stall(world, 0)
    orders(world)
    tick(world)
    give_back_at_stripe(world, thing(world, "payment_intent", "succeeded")["id"])
    tick(world)
    tick(world, minutes=1)


SCENES: list[Story] = [
    disputed_and_won,
    disputed_and_lost,
    lost_while_it_is_read,
    cancelled_in_a_dispute,
    returned_weeks_later,
    sent_again_while_stripe_is_down,
    sent_again_in_a_dispute,
    refunded_in_the_dashboard,
]
