"""Scenes that a planted bug spoils: what stories do not come to by themselves, told without chance."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

from werkzeug.test import TestResponse

from storefront import worker
from tests.simulation import machines
from tests.simulation.buyers import access_path, at_stripe, order_path, read_one, redeem_one, scan_mail, use_an_old_link
from tests.simulation.creators import creator
from tests.simulation.kernel import Actor
from tests.simulation.stories import (
    DECLINES_LATER,
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

JOBS = {each.name: each for each in worker.JOBS}


def begins(world: World, what: Callable[[], object], until: str, process: str = "web") -> Actor:
    """Somebody begins something and is stopped at a boundary of that name."""
    world.start("slow", process, what)
    actor = world.kernel.actors[-1]
    while not actor.done and not actor.at.startswith(until):
        world.kernel.go_on(actor)
    return actor


def goes_on(world: World, *, by_turns: bool = False) -> None:
    """Everybody under way comes to an end: one after the other, or a boundary each."""
    while world.kernel.actors:
        for actor in list(world.kernel.actors):
            world.kernel.go_on(actor)
            look_around(world)
            if not by_turns:
                break


def path(world: World, number: int = 0) -> str:
    return order_path(world, world.ask("SELECT * FROM orders ORDER BY id")[number])


def posts(world: World, where: str, **form: str) -> Callable[[], TestResponse]:
    return lambda: world.opens(world.browser(), "POST", where, data=form)


def studio_cancels(world: World) -> None:
    (row,) = world.ask(
        "SELECT o.id, o.number, p.creator_id FROM orders o JOIN products p ON p.id = o.product_id LIMIT 1"
    )
    world.leaving.add(row.id)
    where = f"/studio/orders/{row.number}/cancel"
    does(world, lambda: world.opens(creator(world, row.creator_id), "POST", where, data={"reason": "No."}))


def readers(world: World) -> None:
    """Bought, scanned, opened in two tabs, mailed afresh, opened again, called off, and asked for once more."""
    stall(world, 0)
    orders(world)
    tick(world)
    scan_mail(world, Random(1))
    grants = "SELECT g.*, 'the-ebook' AS slug, 'ebook' AS kind FROM grants g"
    for _ in range(2):
        does(world, lambda: redeem_one(world, world.ask(grants)[0]))
    does(world, posts(world, path(world) + "/fresh-link"))
    use_an_old_link(world, Random(1))
    does(world, lambda: redeem_one(world, world.ask(grants)[0]))
    studio_cancels(world)
    tick(world)
    (grant,) = world.ask(grants)
    does(world, lambda: read_one(world, 0))
    does(world, posts(world, access_path(world, grant) + "/fresh-link"))
    does(world, posts(world, path(world) + "/fresh-link"))


def called_off_between(world: World) -> None:
    """A creator calls off a launched order between its grant and its capture."""
    stall(world, 3)
    orders(world)
    world.advance(timedelta(days=3))
    for name in ("launch", "grant"):
        machines.work(world, "worker a", JOBS[name])
        goes_on(world)
    studio_cancels(world)
    tick(world)


def crowd(world: World) -> None:
    """Six forms of one buyer, twice each; one of the orders is cancelled."""
    stall(world, 3, stock=None)
    for number in range(7):
        does(world, posts(world, "/p/the-ebook/order", **form_of(world, number=number)))
    presses(world, "cancel")
    tick(world)


def last_seat(world: World) -> None:
    stall(world, 3, stock=1)
    for number in range(2):
        does(world, posts(world, "/p/the-ebook/order", **form_of(world, f"b{number}@post.example", number)))


def news(world: World) -> None:
    """Forged, of another version, and true but at a time when Stripe is silent."""
    stall(world, 3)
    orders(world)
    chance = Random(1)
    machines.forged(world, chance)
    machines.old(world, chance)
    goes_on(world)
    does(world, posts(world, "/p/the-ebook/order", **form_of(world, "bo@post.example", 1)))
    where = world.observer.theirs.execute("SELECT body FROM things WHERE state = 'open'").fetchall()
    for (body,) in where:
        at_stripe(world, world.observer._parsed("news", body)["url"], VISA, "authenticate")
    world.down_until = world.now + timedelta(seconds=30)
    tick(world)
    tick(world, minutes=1)


def walked_away(world: World) -> None:
    """A visit that nobody finishes, and one that is left by a cancellation."""
    stall(world, 3)
    for number in range(2):
        does(world, posts(world, "/p/the-ebook/order", **form_of(world, f"b{number}@post.example", number)))
    presses(world, "cancel")
    tick(world, minutes=46)
    tick(world, seconds=30)


def corrected(world: World) -> None:
    """A mistyped address is corrected before anything was mailed to it."""
    stall(world, 3)
    orders(world)
    presses(world, "address", email="right@post.example")
    tick(world)


def paid_and_sent_again(world: World) -> None:
    """A visit is paid, nobody has heard of it when its time is up, and the same form is sent once more."""
    stall(world, 3)
    form = form_of(world)
    for _ in range(2):
        does(world, posts(world, "/p/the-ebook/order", **form))
        for (body,) in world.observer.theirs.execute("SELECT body FROM things WHERE state = 'open'").fetchall():
            at_stripe(world, world.observer._parsed("sent", body)["url"], VISA, "authenticate")
            look_around(world)
        world.advance(timedelta(minutes=46))
    tick(world)


def almost_due(world: World) -> None:
    """The workers look for launches half an hour before one is due, and when it is."""
    stall(world, 3)
    orders(world)
    tick(world, days=2, hours=23, minutes=30)
    tick(world, minutes=30)


def two_workers(world: World) -> None:
    """Both workers do the same jobs at the same time."""
    stall(world, 3)
    orders(world)
    for job in worker.JOBS:
        for who in machines.WORKERS:
            machines.work(world, who, job)
        goes_on(world, by_turns=True)
    presses(world, "cancel")
    for _ in range(2):
        for who in machines.WORKERS:
            machines.work(world, who, JOBS["letters"])
        goes_on(world, by_turns=True)


def cancelled_meanwhile(world: World) -> None:
    """A pre-flight has chosen an order, and its buyer cancels before it is begun."""
    stall(world, 10)
    orders(world)
    world.advance(timedelta(days=8))
    begins(world, lambda: worker.run(world.house.app, JOBS["preflight"]), "begin", "worker a")
    world.leaving.add(1)
    begins(world, posts(world, path(world) + "/cancel"), "committed")
    goes_on(world)
    tick(world)


def cancelled_twice(world: World) -> None:
    stall(world, 10)
    orders(world)
    world.leaving.add(1)
    for _ in range(2):
        world.start("tab", "web", posts(world, path(world) + "/cancel"))
    goes_on(world, by_turns=True)
    tick(world)


def cancelled_in_doubt(world: World) -> None:
    """The pre-flight has no answer when the buyer cancels."""
    stall(world, 10)
    orders(world)
    lost = iter(["lost after"] * 3)
    world.line.fault = lambda call: next(lost, "") if call.path == "/v1/payment_intents" else ""
    tick(world, days=8)
    presses(world, "cancel")
    tick(world)
    tick(world, minutes=3)
    tick(world, minutes=3)


def slow_answer(world: World) -> None:
    """A call's answer comes when its lease has lapsed and another worker has taken it over."""
    stall(world, 3)
    slow = begins(world, posts(world, "/p/the-ebook/order", **form_of(world)), "before POST sessions")
    world.kernel.go_on(slow)
    world.advance(timedelta(seconds=125))
    machines.work(world, "worker b", JOBS["recover"])
    while len(world.kernel.actors) > 1:
        world.kernel.go_on(world.kernel.actors[-1])
    goes_on(world)


def back_and_told(world: World) -> None:
    """The return page has asked Stripe, and the worker is faster."""
    stall(world, 3)
    does(world, posts(world, "/p/the-ebook/order", **form_of(world)))
    (body,) = world.observer.theirs.execute("SELECT body FROM things WHERE state = 'open'").fetchone()
    at_stripe(world, world.observer._parsed("visit", body)["url"], VISA, "authenticate")
    begins(world, lambda: world.opens(world.browser(), "GET", path(world) + "/return"), "answered")
    world.fetch_news()
    for each in machines.due_news(world, len(world.news)):
        machines.told(world, each.body)
    while len(world.kernel.actors) > 1:
        world.kernel.go_on(world.kernel.actors[-1])
    machines.work(world, "worker b", JOBS["events"])
    while len(world.kernel.actors) > 1:
        world.kernel.go_on(world.kernel.actors[-1])
    goes_on(world)
    tick(world)


def never_repaired(world: World) -> None:
    """A card that declines, and a buyer who does nothing: the grace ends a week after the launch."""
    stall(world, 6)
    orders(world, DECLINES_LATER)
    tick(world, days=4)
    tick(world, days=2)
    tick(world, days=7)
    tick(world, minutes=1)


def lapsed_after_the_grant(world: World) -> None:
    """A held order is open, and its hold lapses before the capture."""
    stall(world, 6)
    orders(world)
    tick(world, days=4)
    world.advance(timedelta(days=2))
    for name in ("launch", "grant"):
        machines.work(world, "worker a", JOBS[name])
        goes_on(world)
    let_go(world)
    machines.work(world, "worker a", JOBS["charge"])
    goes_on(world)
    tick(world, minutes=2)


def let_go(world: World) -> None:
    """The bank ends a hold."""
    world.rough = True
    machines.a_bank_lets_a_hold_go(world, Random(1))
    world.rough = False


def silent_for_days(world: World) -> None:
    """Stripe answers nobody for two days, in the middle of a cancellation."""
    stall(world, 10)
    orders(world)
    presses(world, "cancel")
    world.down_until = world.now + timedelta(days=2)
    for _ in range(3):
        tick(world, hours=11)
    tick(world, days=1)
    tick(world)


def lapsed_unseen(world: World) -> None:
    """The bank lets a hold go before anybody has asked about the visit."""
    stall(world, 3)
    does(world, posts(world, "/p/the-ebook/order", **form_of(world)))
    (body,) = world.observer.theirs.execute("SELECT body FROM things WHERE state = 'open'").fetchone()
    at_stripe(world, world.observer._parsed("visit", body)["url"], VISA, "authenticate")
    let_go(world)
    tick(world)
    tick(world, days=3)


def nothing_ran(world: World) -> None:
    """Nothing runs for two hours, and the launch falls into them."""
    stall(world, 3)
    orders(world)
    tick(world, days=3, hours=2)


def moved_meanwhile(world: World) -> None:
    """The day is set anew while a buyer is at Stripe."""
    stall(world, 3)
    does(world, posts(world, "/p/the-ebook/order", **form_of(world)))
    moves(world, 12)
    (body,) = world.observer.theirs.execute("SELECT body FROM things WHERE state = 'open'").fetchone()
    at_stripe(world, world.observer._parsed("visit", body)["url"], VISA, "authenticate")
    does(world, lambda: world.opens(world.browser(), "GET", path(world) + "/return"))
    tick(world)


def mail_refuses(world: World) -> None:
    """The mail server takes nothing for a while."""
    stall(world, 0)
    orders(world)
    refused = iter(["refused for now"] * 4)
    world.mailman.fault = lambda: next(refused, "")
    tick(world)
    tick(world, minutes=2)
    tick(world, minutes=10)


def found_late(world: World) -> None:
    """A hold is placed, its answer is lost, and Stripe is silent for longer than a key lives."""
    stall(world, 10)
    orders(world)
    lost = iter(["lost after"] * 3)
    world.line.fault = lambda call: next(lost, "") if call.path == "/v1/payment_intents" else ""
    tick(world, days=8)
    world.down_until = world.now + timedelta(hours=25)
    for hours in (1, 11, 12, 2):
        tick(world, hours=hours)
    tick(world, minutes=31)


def cancelled_before_the_charge(world: World) -> None:
    """A buyer's wish is written down, and the launch comes before its first step."""
    stall(world, 10)
    orders(world)
    world.leaving.add(1)
    begins(world, posts(world, path(world) + "/cancel"), "committed")
    world.kernel.kill("web " + str(world.serial))
    tick(world, days=10, minutes=1)


def pays_while_leaving(world: World) -> None:
    """A past-due order's wish is written down, and another tab goes to Stripe."""
    stall(world, 6)
    orders(world, DECLINES_LATER)
    tick(world, days=4)
    world.leaving.add(1)
    begins(world, posts(world, path(world) + "/cancel"), "committed")
    begins(world, posts(world, path(world) + "/visit"), "never")
    goes_on(world)
    tick(world)


def lapsed_and_nobody_told(world: World) -> None:
    """A hold lapses while nothing runs, launch and all, and Stripe's word of it is lost."""
    stall(world, 3)
    orders(world)
    world.advance(timedelta(days=9))
    world.fetch_news()
    world.news.clear()
    tick(world)
    tick(world, minutes=1)


def lapsed_after_the_launch(world: World) -> None:
    """It is out, and nothing is granted or captured until the hold is over; Stripe's word of that is lost."""
    stall(world, 3)
    orders(world)
    world.advance(timedelta(days=3))
    machines.work(world, "worker a", JOBS["launch"])
    goes_on(world)
    world.advance(timedelta(days=5))
    world.fetch_news()
    world.news.clear()
    tick(world)
    tick(world, minutes=1)


def opened_by_hand(world: World) -> None:
    """A creator presses "launch now", days before the one that was promised."""
    stall(world, 3)
    orders(world)
    tick(world)
    (launch,) = world.ask("SELECT p.creator_id FROM launches l JOIN products p ON p.id = l.product_id")
    where = "/studio/products/the-ebook/launch-now"
    does(world, lambda: world.opens(creator(world, launch.creator_id), "POST", where, data={}))
    tick(world)


def undated(world: World) -> None:
    stall(world, 3)
    form = form_of(world)
    with world.house.db.write() as session:
        from storefront.models.products import Launch

        session.query(Launch).one().at = None
    does(world, posts(world, "/p/the-ebook/order", **form))


SCENES: list[Story] = [
    readers,
    called_off_between,
    crowd,
    last_seat,
    news,
    walked_away,
    corrected,
    paid_and_sent_again,
    almost_due,
    two_workers,
    cancelled_meanwhile,
    cancelled_twice,
    cancelled_in_doubt,
    slow_answer,
    back_and_told,
    never_repaired,
    lapsed_after_the_grant,
    lapsed_after_the_launch,
    opened_by_hand,
    silent_for_days,
    lapsed_unseen,
    nothing_ran,
    moved_meanwhile,
    mail_refuses,
    found_late,
    cancelled_before_the_charge,
    pays_while_leaving,
    lapsed_and_nobody_told,
    undated,
]
