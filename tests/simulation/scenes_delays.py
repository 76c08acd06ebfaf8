"""Scenes of delays: a day that moves, silence, answers, what is given for waiting, and content that is missing."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from tests.simulation.buyers import at_stripe, order_path
from tests.simulation.creators import creator
from tests.simulation.deeds_delays import give_content_back, vanish
from tests.simulation.facts import read
from tests.simulation.machines import JOBS, next_instant
from tests.simulation.scenes import begins, goes_on, posts
from tests.simulation.stories import (
    BERLIN,
    VISA,
    Story,
    does,
    form_of,
    look_around,
    moves,
    orders,
    presses,
    stall,
    tick,
)
from tests.simulation.world import World


def moves_offering(world: World, days: float, **gift: str) -> None:
    """The creator moves the day by so many days, and offers something for waiting."""
    (launch,) = world.ask(
        "SELECT l.*, p.creator_id FROM launches l JOIN products p ON p.id = l.product_id WHERE l.kind = 'product'"
    )
    new = (read(launch.at) + timedelta(days=days)).astimezone(ZoneInfo(BERLIN))
    form = {"day": f"{new:%Y-%m-%d}", "time": f"{new:%H:%M}", "zone": BERLIN, "step": "do", "reason": "More.", **gift}
    path = "/studio/products/the-ebook/launch"
    does(world, lambda: world.opens(creator(world, launch.creator_id), "POST", path, data=form))


def says(world: World, what: str, version: int = 2) -> None:
    presses(world, "delay", answer=what, version=str(version))


def hours_go_by(world: World, days: float) -> None:
    """So many days pass, and a worker does what it finds at each instant at which something is due."""
    end = world.now + timedelta(days=days)
    while world.now < end:
        due = next_instant(world) or end
        tick(world, seconds=max(1, (min(due, end) - world.now).total_seconds()))


def ordered_for_later(world: World, days: float = 10) -> None:
    stall(world, days)
    orders(world)
    tick(world)


def silent_beyond_a_month(world: World) -> None:
    """Told of a day more than a month later, a buyer says nothing: their order ends a month after the first day."""
    ordered_for_later(world)
    moves(world, 45)
    hours_go_by(world, 10)
    hours_go_by(world, 33)


def asked_twice(world: World) -> None:
    """Asked about a far day, a buyer says nothing; after the first day it moves once more, and they say nothing."""
    ordered_for_later(world)
    moves(world, 45)
    hours_go_by(world, 15)
    moves(world, 20)
    hours_go_by(world, 28)


def carried_once(world: World) -> None:
    """The day goes ten days further, and then ten more; nobody says anything."""
    ordered_for_later(world)
    moves(world, 10)
    moves(world, 10)
    hours_go_by(world, 25)


def silence_agrees(world: World) -> None:
    """The day goes ten days further; silence agrees when the first day comes."""
    ordered_for_later(world)
    moves(world, 10)
    hours_go_by(world, 21)


def agrees_in_time(world: World) -> None:
    """A yes to a far day keeps the order, and the launch charges it."""
    ordered_for_later(world)
    moves(world, 45)
    says(world, "wait")
    hours_go_by(world, 57)


def says_yes_at_the_deadline(world: World) -> None:
    """A yes at the very second of the deadline counts."""
    ordered_for_later(world)
    moves(world, 45)
    world.advance(timedelta(days=40))
    says(world, "wait")
    if not world.ask("SELECT id FROM replies"):
        world.complain("P8", "a yes at the very second is refused")
    look_around(world)
    tick(world, seconds=1)


def nothing_runs_for_days(world: World) -> None:
    """Nothing runs from before the day until two days after it; the launch comes first to the worker that wakes up."""
    ordered_for_later(world)
    tick(world, days=8)
    world.advance(timedelta(days=4))
    tick(world, [JOBS["launch"], JOBS["grant"], JOBS["charge"]])
    tick(world)


def ordered_after_the_day(world: World) -> None:
    """Nothing runs for two days over the launch, and somebody wants to order."""
    stall(world, 3)
    form = form_of(world)
    world.advance(timedelta(days=5))
    does(world, posts(world, "/p/the-ebook/order", **form))


def gift_of_a_payment(world: World) -> None:
    """Who has paid gets a part back for waiting; the worker that sends it dies, and another one goes on."""
    stall(world, 10, upfront=True)
    orders(world)
    tick(world)
    moves_offering(world, 20, gift="percent", gift_size="20")
    says(world, "gift")
    world.start("slow", "worker a", lambda: run(world, "compensate"))
    actor = world.kernel.actors[-1]
    while not actor.done and not world.ask("SELECT id FROM refunds"):
        world.kernel.go_on(actor)
    world.kernel.kill("worker a")
    look_around(world)
    tick(world, minutes=3)
    tick(world, minutes=3)


def run(world: World, name: str) -> None:
    from storefront import worker

    worker.run(world.house.app, JOBS[name])


def looked_at_only(world: World) -> None:
    """Scanners open the answer's page, with everything in its address that a form would send."""
    ordered_for_later(world)
    moves(world, 45)
    (order,) = world.ask("SELECT * FROM orders")
    before = world.house.db.version
    for said in ("", "?answer=wait&version=2", "?answer=cancel&version=2"):
        does(world, lambda said=said: world.opens(world.browser(), "GET", order_path(world, order) + "/delay" + said))  # type: ignore[misc]
    if world.house.db.version != before:
        world.complain("A5", "a GET of the answer's page changed something")
    look_around(world)


def cancels_when_asked(world: World) -> None:
    """No to a moved day, while the process dies between its two steps."""
    ordered_for_later(world)
    moves(world, 45)
    (order,) = world.ask("SELECT * FROM orders")
    world.leaving.add(order.id)
    begins(world, posts(world, order_path(world, order) + "/delay", answer="cancel", version="2"), "committed")
    world.kernel.kill(f"web {world.serial}")
    look_around(world)


def content_is_missing(world: World) -> None:
    """The day comes and the file is gone; it is back an hour later."""
    stall(world, 3)
    orders(world)
    tick(world)
    world.kernel.finish()
    vanish(world, 1)
    tick(world, days=3)
    tick(world, hours=1)
    give_content_back(world, 1)
    tick(world, minutes=1)
    tick(world, minutes=1)


def paid_while_held_up(world: World) -> None:
    """The day comes without its content while a buyer is at Stripe, and they come back."""
    stall(world, 20 / 1440)
    where: list[str] = []
    send = posts(world, "/p/the-ebook/order", **form_of(world))
    does(world, lambda: where.append(send().headers["Location"]))
    back = at_stripe(world, where[0], VISA, "authenticate")
    vanish(world, 1)
    tick(world, [JOBS["launch"]], minutes=20)
    does(world, lambda: world.opens(world.browser(), "GET", back))
    tick(world, minutes=1)


def rehearsed_by_two(world: World) -> None:
    """A week ahead both workers rehearse the same launch at the same moment."""
    stall(world, 8)
    orders(world)
    tick(world)
    world.advance(timedelta(days=1, minutes=1))
    for who in ("worker a", "worker b"):
        world.start(who, who, lambda: run(world, "rehearse"))
    goes_on(world, by_turns=True)
    look_around(world)


SCENES: list[Story] = [
    silent_beyond_a_month,
    asked_twice,
    carried_once,
    silence_agrees,
    agrees_in_time,
    says_yes_at_the_deadline,
    nothing_runs_for_days,
    ordered_after_the_day,
    gift_of_a_payment,
    looked_at_only,
    cancels_when_asked,
    content_is_missing,
    paid_while_held_up,
    rehearsed_by_two,
]
