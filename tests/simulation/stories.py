"""Stories told to the end, to be interrupted anywhere: each way of securing money, each way out."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random
from zoneinfo import ZoneInfo

from storefront import worker
from storefront.models.accounts import Account
from tests.simulation.buyers import at_stripe, order_path, redeem_one
from tests.simulation.creators import creator
from tests.simulation.facts import Row, read
from tests.simulation.fair import product
from tests.simulation.history import broken, work_off
from tests.simulation.machines import WORKERS, next_instant
from tests.simulation.world import World

BERLIN = "Europe/Berlin"
VISA, DECLINES_LATER = "4242424242424242", "4000000000000341"
Story = Callable[[World], None]


def stall(world: World, days: float, *, upfront: bool = False, stock: int | None = 3) -> None:
    """One product, so many days before its launch; 0: it is out."""
    with world.house.db.write() as session:
        maker = Account(email="ines@studio.example", name="ines", role="creator", created_at=world.now)
        session.add(maker)
        made = product(world, "ebook", maker, Random(1))
        made.stock, made.upfront, made.currency = stock, upfront, "EUR"
        launch = made.launch
        launch.at = world.now + timedelta(days=days)
        launch.wall, launch.zone = f"{launch.at:%Y-%m-%dT%H:%M}", "UTC"
        launch.launched_at = None if days else world.now
        session.add(made)


def does(world: World, what: Callable[[], object]) -> None:
    """Somebody's request, from its beginning to its end, or to the crash."""
    world.start("somebody", "web", what)
    world.kernel.finish()
    look_around(world)


class Spoiled(Exception):
    """Something is broken; the story is not told any further."""


def look_around(world: World) -> None:
    """What is broken on the way is broken."""
    world.complaints[:] = broken(world)
    if world.complaints:
        raise Spoiled


def form_of(world: World, email: str = "ada@post.example", number: int = 0) -> dict[str, str]:
    """The form of the only product, for the offer that holds now."""
    nonce = f"0123456789abcdef{number:04}"
    world.forms.add(nonce)
    (launch,) = world.ask("SELECT launched_at FROM launches")
    offers = world.ask("SELECT * FROM offers ORDER BY position")
    left = offers[0].taken < offers[0].units and not launch.launched_at
    return {"email": email, "offer_id": str(offers[0 if left else 1].id), "consent": "1", "nonce": nonce}


def orders(world: World, card: str = VISA) -> None:
    """The form, Stripe's page, and the way back; whoever sees an error sends the form again."""
    form = form_of(world)
    where: list[str] = []

    def send() -> None:
        where.append(world.opens(world.browser(), "POST", "/p/the-ebook/order", data=form).headers.get("Location", ""))

    for _ in range(2):
        if not any("/c/" in each for each in where):
            does(world, send)
    if where and "/c/" in where[-1]:
        back = at_stripe(world, where[-1], card, "authenticate")
        does(world, lambda: world.opens(world.browser(), "GET", back))
    world.memory["ordered"] = True


def order(world: World) -> Row | None:
    rows = world.ask("SELECT * FROM orders")
    return rows[0] if rows else None


def presses(world: World, button: str, **form: str) -> None:
    """The buyer presses a button of the order's page, if they have an order."""
    mine = order(world)
    if mine is not None:
        world.leaving |= {mine.id} if button == "cancel" else set()
        does(world, lambda: world.opens(world.browser(), "POST", f"{order_path(world, mine)}/{button}", data=form))


# What is asked of Stripe every hour has a story of its own, and runs at the end of each.
OFTEN = [each for each in worker.JOBS if not each.name.startswith("reconcile")]


def tick(world: World, jobs: Sequence[worker.Job] = OFTEN, **later: float) -> None:
    """Time passes, and a worker does what it finds."""
    if later:
        world.advance(timedelta(**later))
    work_off(world, WORKERS[:1], jobs)
    look_around(world)


def cancels(world: World) -> None:
    presses(world, "cancel")
    tick(world)
    tick(world, minutes=1)


def hold(world: World) -> None:
    """Held, launched, granted, captured, opened and read."""
    stall(world, 3)
    orders(world)
    tick(world)
    tick(world, days=3)
    for grant in world.ask("SELECT g.*, 'the-ebook' AS slug, 'ebook' AS kind FROM grants g"):
        does(world, lambda grant=grant: redeem_one(world, grant))  # type: ignore[misc]


def saved_card(world: World) -> None:
    stall(world, 10)
    orders(world)
    tick(world, days=8)
    tick(world, days=2)


def pay_now(world: World) -> None:
    stall(world, 0)
    orders(world)
    tick(world)


def cancel_placed(world: World) -> None:
    stall(world, 3)
    orders(world, card="4000000000000002")
    cancels(world)


def cancel_held(world: World) -> None:
    stall(world, 3)
    orders(world)
    cancels(world)


def cancel_reserved(world: World) -> None:
    stall(world, 10)
    orders(world)
    cancels(world)


def cancel_past_due(world: World) -> None:
    stall(world, 6)
    orders(world, DECLINES_LATER)
    tick(world, days=4)
    cancels(world)


def refund(world: World) -> None:
    stall(world, 3, upfront=True)
    orders(world)
    tick(world)
    cancels(world)


def repair(world: World) -> None:
    stall(world, 6)
    orders(world, DECLINES_LATER)
    tick(world, days=4)
    presses(world, "visit")
    query = "SELECT body FROM things WHERE kind = 'checkout.session' AND state = 'open'"
    for (body,) in world.observer.theirs.execute(query).fetchall():
        at_stripe(world, world.observer._parsed("repair", body)["url"], VISA, "authenticate")
    presses(world, "visit")
    tick(world, days=2)


def moves(world: World, days: float) -> None:
    """The creator moves the day, by so many days."""
    (launch,) = world.ask("SELECT l.*, p.creator_id FROM launches l JOIN products p ON p.id = l.product_id")
    new = (read(launch.at) + timedelta(days=days)).astimezone(ZoneInfo(BERLIN))
    form = {"day": f"{new:%Y-%m-%d}", "time": f"{new:%H:%M}", "zone": BERLIN, "step": "do", "reason": "More."}
    path = "/studio/products/the-ebook/launch"
    does(world, lambda: world.opens(creator(world, launch.creator_id), "POST", path, data=form))


def move(world: World) -> None:
    """A held order whose launch moves past the hold: voided, reserved, held again, paid."""
    stall(world, 3)
    orders(world)
    moves(world, 12)
    tick(world, seconds=1)
    tick(world, days=13)
    due = next_instant(world)
    tick(world, seconds=(due - world.now).total_seconds() if due else 1)


def unheard(world: World) -> None:
    """Everything that Stripe tells is lost; what it says when it is asked must do."""
    stall(world, 3)
    does(world, lambda: world.opens(world.browser(), "POST", "/p/the-ebook/order", data=form_of(world)))
    world.memory["ordered"] = True
    for (body,) in world.observer.theirs.execute("SELECT body FROM things WHERE state = 'open'").fetchall():
        at_stripe(world, world.observer._parsed("visit", body)["url"], VISA, "authenticate")
    for later in (0, 1, 71):
        world.fetch_news()
        world.news.clear()
        tick(world, worker.JOBS, hours=later)


# The other stories begin like one of these.
ORDERED = (hold, saved_card, pay_now)
STORIES: list[Story] = [
    *ORDERED,
    cancel_placed,
    cancel_held,
    cancel_reserved,
    cancel_past_due,
    refund,
    repair,
    move,
    unheard,
]
