"""What banks, cards and Stripe's dashboard do to payments: disputes and how they end, refunds by hand, refunds that fail."""

from random import Random
from typing import Any

from werkzeug.test import Client

from storefront.sandbox import interventions
from storefront.sandbox.control_body import Body, Refusal
from tests.simulation.buyers import buy_with, in_web, order_form, order_path, some_order
from tests.simulation.creators import in_studio
from tests.simulation.house import KEY
from tests.simulation.registry import banking
from tests.simulation.world import World

RETURNING = ("4000000000007726", "4000000000005126")
UNDECIDED = {"needs_response", "under_review", "warning_needs_response", "warning_under_review"}


def some_thing(world: World, dice: Random, kind: str, *states: str) -> dict[str, Any] | None:
    """One of Stripe's objects of that kind that stands so."""
    found = [each for each in world.look().of_kind(kind) if each["status"] in states]
    return dice.choice(found) if found else None


def meddle(world: World, intent: str | None, what: str) -> None:
    """Somebody did something at Stripe that we are yet to hear of."""
    world.fetch_news()
    world.kernel.note("bank", what, str(intent))
    for order_id, intents in world.look().intents.items():
        if any(each["id"] == intent for each in intents):
            world.meddled.add(order_id)


@banking(1)
def a_bank_disputes(world: World, dice: Random) -> None:
    """A buyer asks their bank for the money; some banks only ask first."""
    paid = some_thing(world, dice, "payment_intent", "succeeded")
    if paid:
        said = {"payment_intent": paid["id"], "inquiry": dice.random() < 0.2}
        tried(world, interventions.dispute, said, paid["id"])


@banking(2)
def a_bank_decides(world: World, dice: Random) -> None:
    dispute = some_thing(world, dice, "dispute", *UNDECIDED)
    if dispute:
        verdicts = ["won", "lost", "lost"] + ["escalated"] * dispute["status"].startswith("warning_")
        said = {"dispute": dispute["id"], "status": dice.choice(verdicts)}
        tried(world, interventions.resolve_dispute, said, dispute["payment_intent"])


@banking(1)
def a_refund_fails(world: World, dice: Random) -> None:
    """A refund comes back, days after it had arrived perhaps."""
    refund = some_thing(world, dice, "refund", "pending", "succeeded")
    if refund:
        tried(
            world, interventions.resolve_refund, {"refund": refund["id"], "status": "failed"}, refund["payment_intent"]
        )


def tried(world: World, intervention: Any, said: dict[str, Any], intent: str) -> None:
    try:
        intervention(world.sandbox.machine, Body(said))
    except Refusal as refusal:
        world.kernel.note("bank", str(refusal)[:40])
    meddle(world, intent, intervention.__name__)


@banking(1)
def refund_in_the_dashboard(world: World, dice: Random) -> None:
    """A creator refunds in Stripe's own dashboard, all or a part."""
    paid = some_thing(world, dice, "payment_intent", "succeeded")
    if paid:
        some = {"amount": str(dice.choice([100, 500]))} if dice.random() < 0.6 else {}
        give_back_at_stripe(world, paid["id"], **some)


def give_back_at_stripe(world: World, intent: str, **some: str) -> None:
    """A refund as the dashboard makes it; of all that is left, unless an amount is named."""
    header = {"Authorization": f"Bearer {KEY}"}
    Client(world.sandbox).post("/v1/refunds", data={"payment_intent": intent, **some}, headers=header)
    meddle(world, intent, "is refunded by hand")


@banking(1)
def give_a_part_back(world: World, dice: Random) -> None:
    """A creator refunds a part in the studio."""
    order = some_order(world, dice, "state = 'paid'")
    if order:
        (product,) = world.ask("SELECT creator_id FROM products WHERE id = ?", order.product_id)
        form = {
            "amount": "500" if order.currency == "JPY" else "5",
            "why": "A page was missing.",
            "step": "do",
            "left": str(order.price),
        }
        in_studio(world, "gives back", product.creator_id, f"/orders/{order.number}/refund", **form)


@banking(2)
def what_did_not_arrive_is_seen_to(world: World, dice: Random) -> None:
    """A creator sends it once more, or pays it by other means, in two tabs perhaps."""
    query = "SELECT o.number, p.creator_id FROM tasks t JOIN orders o ON o.id = t.order_id JOIN products p ON p.id = o.product_id"
    owed = world.ask(f"{query} WHERE t.kind = 'refund' AND t.closed_at IS NULL ORDER BY t.id")
    if owed:
        order = dice.choice(owed)
        for way in dice.choice(
            [["refund-again"], ["refund-again"], ["paid-by-hand"], ["refund-again", "paid-by-hand"]]
        ):
            form = {"done": "Bank transfer."} if way == "paid-by-hand" else {}
            in_studio(world, "sees to", order.creator_id, f"/orders/{order.number}/{way}", **form)


@banking(1)
def change_the_card(world: World, dice: Random) -> None:
    order = some_order(world, dice, "state = 'reserved'")
    if order:
        in_web(world, "changes the card", "POST", order_path(world, order) + "/visit")


@banking(2)
def buy_with_a_card_that_takes_nothing_back(world: World, dice: Random) -> None:
    """Its refunds are pending first, or succeed first and fail later."""
    form = order_form(world, dice)
    if form is not None:
        buy_with(world, form, dice.choice(RETURNING), "authenticate", back=True)


def decide_all(world: World) -> None:
    """At the end every bank has decided: what waits for one would wait for ever."""
    dice = Random(f"{world.seed}:decided")
    for dispute in world.look().of_kind("dispute"):
        if dispute["status"] in UNDECIDED:
            said = {"dispute": dispute["id"], "status": dice.choice(["won", "lost"])}
            tried(world, interventions.resolve_dispute, said, dispute["payment_intent"])
