"""Scenes of stock: queues of back-orders, restocks, licence keys, units that come back, and waiting lists."""

from datetime import timedelta
from random import Random

from storefront.models.accounts import Account
from storefront.models.products import Product
from tests.simulation.buyers import at_stripe, order_path
from tests.simulation.creators import creator
from tests.simulation.deeds_stock import at_a_price, token_of
from tests.simulation.facts import Row
from tests.simulation.fair import product
from tests.simulation.machines import JOBS
from tests.simulation.scenes import posts
from tests.simulation.stories import DECLINES_LATER, OFTEN, VISA, Story, does, look_around, tick
from tests.simulation.world import World

ADA, BO, CY = (f"{each}@post.example" for each in ("ada", "bo", "cy"))


def few(world: World, units: int = 1, *, cap: int = 0, kind: str = "ebook", hours: int = 1, sold: bool = True) -> None:
    """One product that is out and has so few units; the first is Ada's."""
    with world.house.db.write() as session:
        maker = Account(email="ines@studio.example", name="ines", role="creator", created_at=world.now)
        session.add(maker)
        made = product(world, kind, maker, Random(1))
        made.currency, made.stock, made.upfront = "EUR", units, False
        made.backorders, made.offer_hours = cap, hours
        launch = made.launch
        launch.at = launch.launched_at = world.now
        launch.wall, launch.zone = f"{launch.at:%Y-%m-%dT%H:%M}", "UTC"
        session.add(made)
    if sold:
        buys(world, ADA)
        tick(world)


def shelf(world: World) -> Row:
    return world.ask("SELECT * FROM products")[0]


def buys(world: World, email: str, card: str = VISA, **more: str) -> None:
    """The form, Stripe's page, and the way back."""
    number = world.memory["forms"] = world.memory.get("forms", 0) + 1
    nonce, here = f"0123456789abcdef{number:04}", shelf(world)
    world.forms.add(nonce)
    form = {"email": email, "offer_id": str(at_a_price(world, here).id), "consent": "1", "nonce": nonce} | more
    where: list[str] = []

    def send() -> None:
        answer = world.opens(world.browser(), "POST", f"/p/{here.slug}/order", data=form)
        where.append(answer.headers.get("Location", ""))

    does(world, send)
    if where and "/c/" in where[-1]:
        back = at_stripe(world, where[-1], card, "authenticate")
        does(world, lambda: world.opens(world.browser(), "GET", back))
    world.memory["ordered"] = True  # how an order is placed is crashed in other stories


def in_stock_room(world: World, what: str, **form: str) -> None:
    here = shelf(world)
    path = f"/studio/products/{here.slug}/stock"
    said = {"what": what, "step": "do"} | form
    does(world, lambda: world.opens(creator(world, here.creator_id), "POST", path, data=said))


def leaves(world: World, number: int = 0) -> None:
    order = world.ask("SELECT * FROM orders ORDER BY id")[number]
    world.leaving.add(order.id)
    does(world, posts(world, order_path(world, order) + "/cancel"))


def joins(world: World, email: str) -> None:
    path = f"/p/{shelf(world).slug}/waiting"
    does(world, posts(world, path, email=email, consent="1"))


def ticket(world: World, number: int = 0) -> Row:
    return world.ask("SELECT * FROM tickets ORDER BY id")[number]


def goes_by(world: World, times: int = 4, **later: float) -> None:
    for _ in range(times):
        tick(world, OFTEN, **later)


def more_than_may_queue(world: World) -> None:
    """Sold out, and one may queue: the second is refused."""
    few(world, cap=1)
    buys(world, BO)
    buys(world, CY)
    tick(world)


def two_in_the_queue(world: World) -> None:
    """Two wait, a unit comes: the first of them has it; another comes later."""
    few(world, cap=2)
    buys(world, BO)
    tick(world, minutes=1)
    buys(world, CY)
    tick(world)
    in_stock_room(world, "add", units="1")
    goes_by(world, minutes=1)
    in_stock_room(world, "add", units="1")
    goes_by(world, minutes=1)


def the_unit_comes_back(world: World) -> None:
    """Who has the only unit withdraws: it goes to the head of the queue."""
    few(world, cap=2)
    buys(world, BO)
    buys(world, CY)
    leaves(world)
    goes_by(world, 6, minutes=1)


def a_card_fails_in_the_queue(world: World) -> None:
    """A unit comes, its buyer's card fails, and is not repaired: after the grace the next one has it."""
    few(world, cap=2)
    buys(world, BO, DECLINES_LATER)
    tick(world, minutes=1)
    buys(world, CY)
    in_stock_room(world, "add", units="1")
    goes_by(world, minutes=1)
    goes_by(world, 9, days=1)
    goes_by(world, 2, minutes=1)


def a_date_is_missed_in_the_queue(world: World) -> None:
    """The latest date passes while nothing runs; the worker that wakes up has a unit, and nobody who waits for it."""
    few(world, cap=2)
    latest = f"{world.now + timedelta(days=5):%Y-%m-%d}"
    in_stock_room(world, "terms", cap="2", hours="1", expected="", latest=latest)
    buys(world, BO)
    tick(world)
    world.advance(timedelta(days=8))
    in_stock_room(world, "add", units="1")
    tick(world, [JOBS["hand_on"], JOBS["charge"]])
    goes_by(world, 2, minutes=1)


def lowered_below_what_is_sold(world: World) -> None:
    """Two are sold, and one is taken out: nobody loses theirs; the next that is given back stays out."""
    few(world, 2, cap=1)
    buys(world, BO)
    tick(world)
    in_stock_room(world, "lower", units="1")
    buys(world, CY)
    leaves(world)
    goes_by(world, 4, minutes=1)


def an_offer_lapses(world: World) -> None:
    """Two are on the list. The first lets the offer lapse and comes too late; the second takes it up."""
    few(world)
    joins(world, BO)
    tick(world, minutes=1)
    joins(world, CY)
    leaves(world)
    goes_by(world, 2, minutes=1)
    late = token_of(world, ticket(world))
    world.advance(timedelta(hours=1))
    buys(world, BO, ticket=late)
    goes_by(world, 2, minutes=1)
    buys(world, CY, ticket=token_of(world, ticket(world, 1)))
    goes_by(world, 2, minutes=1)


def an_offer_is_declined(world: World) -> None:
    """The first leaves the list with an open offer, the second has it; nobody else buys it meanwhile."""
    few(world)
    joins(world, BO)
    joins(world, CY)
    leaves(world)
    goes_by(world, 2, minutes=1)
    buys(world, "dee@post.example")
    does(world, posts(world, f"/waiting/{token_of(world, ticket(world))}/leave"))
    goes_by(world, 2, minutes=1)
    buys(world, CY, ticket=token_of(world, ticket(world, 1)))
    goes_by(world, 2, minutes=1)


def an_offer_is_told_too_late(world: World) -> None:
    """The mail server takes nothing until the offer is over."""
    few(world)
    joins(world, BO)
    tick(world)
    leaves(world)
    silent_until = world.now + timedelta(minutes=90)
    world.mailman.fault = lambda: "refused for now" if world.now < silent_until else ""
    goes_by(world, 12, minutes=20)


def bought_past_the_list(world: World) -> None:
    """The unit comes back, and somebody who never waited presses first."""
    few(world)
    joins(world, BO)
    leaves(world)
    tick(world, [each for each in OFTEN if each.name != "hand_on"])
    buys(world, CY)
    goes_by(world, 2, minutes=1)


def keys_come_twice(world: World) -> None:
    """Licence keys of which one stands in the list twice, then one that the pool has; each reader has their own."""
    few(world, 0, cap=2, kind="software", sold=False)
    with world.house.db.write() as session:
        session.query(Product).one().pool = True
    buys(world, ADA)
    buys(world, BO)
    for step, keys in (("do", "K-1\nK-1"), ("good", "K-1\nK-1\nK-2"), ("do", "K-2\nK-3")):
        in_stock_room(world, "keys", keys=keys, step=step)
        goes_by(world, 2, minutes=1)
    look_around(world)


SCENES: list[Story] = [
    more_than_may_queue,
    two_in_the_queue,
    the_unit_comes_back,
    a_card_fails_in_the_queue,
    a_date_is_missed_in_the_queue,
    lowered_below_what_is_sold,
    an_offer_lapses,
    an_offer_is_declined,
    an_offer_is_told_too_late,
    bought_past_the_list,
    keys_come_twice,
]
