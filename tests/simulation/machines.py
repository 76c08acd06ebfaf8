"""What happens by itself: the worker's jobs on two workers, Stripe's news, time, and Stripe's own troubles."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

from werkzeug.test import TestResponse

from storefront import worker
from storefront.outside.stripe_gateway import API_VERSION
from storefront.sandbox.webhooks import signature
from tests.simulation.facts import OF_OLD, read, written
from tests.simulation.house import SECRET
from tests.simulation.registry import deed
from tests.simulation.world import News, World

WORKERS = ("worker a", "worker b")
JOBS = {each.name: each for each in worker.JOBS}
LONGEST_PAUSE = timedelta(minutes=10)
SECOND = timedelta(seconds=1)
# Every instant at which something falls due, by our rows; an event of nothing we know is asked about for ever.
INSTANTS = """
SELECT at AS due FROM launches WHERE launched_at IS NULL
UNION ALL SELECT leased_until FROM attempts WHERE outcome IS NULL
UNION ALL SELECT due_at FROM letters WHERE sent_at IS NULL AND dropped_at IS NULL AND failed_at IS NULL
UNION ALL SELECT due_at FROM texts WHERE sent_at IS NULL AND dropped_at IS NULL AND failed_at IS NULL
UNION ALL SELECT leased_until FROM texts WHERE sent_at IS NULL AND dropped_at IS NULL AND failed_at IS NULL
UNION ALL SELECT due_at FROM mail_events WHERE done_at IS NULL
UNION ALL SELECT expires_at FROM checkouts WHERE closed_at IS NULL
UNION ALL SELECT due_at FROM stripe_events WHERE done_at IS NULL AND tries < 4
UNION ALL SELECT datetime(placed_at, '+45 minutes') || '.000000' FROM orders WHERE state = 'placed'
UNION ALL SELECT preflight_at FROM orders WHERE state = 'reserved'
UNION ALL SELECT capture_before FROM orders WHERE state = 'held'
UNION ALL SELECT grace_until FROM orders WHERE state = 'past_due'
UNION ALL SELECT o.delay_due_at FROM orders o JOIN launches l ON l.product_id = o.product_id AND l.launched_at IS NULL
    WHERE o.state IN ('reserved', 'held', 'past_due', 'paid')
UNION ALL SELECT delay_due_at FROM orders WHERE kind = 'back_order' AND state = 'reserved' AND allocated_at IS NULL
UNION ALL SELECT offer_until FROM tickets WHERE state = 'offered'
UNION ALL SELECT datetime(looked_at, '+20 seconds') || '.000000' FROM holdups WHERE over_at IS NULL
UNION ALL SELECT due_at FROM cancelled_orders WHERE state NOT IN ('done', 'by_hand')
    AND order_id NOT IN (SELECT order_id FROM tasks WHERE kind = 'refund' AND closed_at IS NULL)
    AND order_id NOT IN (SELECT order_id FROM disputes WHERE status IN ('needs_response', 'under_review'))
UNION ALL SELECT retry_at FROM orders WHERE state NOT IN ('expired', 'cancelled', 'refunded')
"""


def next_instant(world: World) -> datetime | None:
    """The next moment at which something falls due."""
    now = written(world.now)
    found = [each.due for each in world.ask(INSTANTS) if each.due and each.due > now]
    return read(min(found)) if found else None


def work(world: World, who: str, job: worker.Job) -> None:
    """One job on one worker, unless that worker has it in hand."""
    name = f"{who}: {job.name}"
    if all(actor.name != name for actor in world.kernel.actors):
        world.start(name, who, lambda: worker.run(world.house.app, job))


@deed(30)
def run_a_job(world: World, dice: Random) -> None:
    weights = [4 if job.name in {"charge", "recover", "events", "cancel"} else 2 for job in worker.JOBS]
    work(world, dice.choice(WORKERS), dice.choices(worker.JOBS, weights)[0])


@deed(4)
def run_every_job(world: World, dice: Random) -> None:
    for job in worker.JOBS:
        work(world, dice.choice(WORKERS), job)


@deed(7)
def hear(world: World, dice: Random) -> None:
    """Stripe's news comes in: in order or not, doubled, late, lost, or not Stripe's at all."""
    world.fetch_news()
    kind = dice.choice(["plain"] * 6 + ["lost", "twice", "late", "turned", "forged", "strange", "old"])
    if not world.rough:
        kind = "plain"
    world.faults += kind != "plain"
    HOW.get(kind, bring)(world, dice)


def due_news(world: World, count: int) -> list[News]:
    """The next news; what nobody acts on is passed over, mostly."""
    due = [each for each in world.news if each.due <= world.now][:count]
    for each in due:
        world.news.remove(each)
    return due


def bring(world: World, dice: Random) -> None:
    for each in due_news(world, dice.choice([1, 2, 4])):
        told(world, each.body)


def twice(world: World, dice: Random) -> None:
    for each in due_news(world, dice.choice([1, 2])) * 2:
        told(world, each.body)


def turned(world: World, dice: Random) -> None:
    news = due_news(world, 5)
    dice.shuffle(news)
    for each in news:
        told(world, each.body)


def lost(world: World, dice: Random) -> None:
    due_news(world, dice.choice([1, 2, 6]))


def late(world: World, dice: Random) -> None:
    for each in due_news(world, dice.choice([1, 3])):
        each.due = world.now + timedelta(hours=dice.choice([1, 30, 24 * 30]))
        world.news.append(each)


def forged(world: World, dice: Random) -> None:
    """Signed with another secret: it must not be stored."""
    body = world.event("checkout.session.completed", f"cs_test_{dice.getrandbits(60):x}", API_VERSION)
    told(world, body, secret="whsec_of_somebody_else", expected=400)


def strange(world: World, dice: Random) -> None:
    """Stripe's own, of a visit that nobody here knows."""
    thing = f"cs_test_{dice.getrandbits(60):x}"
    world.strange.add(thing)
    told(world, world.event("checkout.session.completed", thing, API_VERSION))


def old(world: World, dice: Random) -> None:
    told(world, world.event("checkout.session.completed", f"{OF_OLD}{dice.getrandbits(60):x}", "2019-01-01"))


HOW: dict[str, Callable[[World, Random], None]] = {
    "twice": twice,
    "turned": turned,
    "lost": lost,
    "late": late,
    "forged": forged,
    "strange": strange,
    "old": old,
}


def told(world: World, body: bytes, secret: str = SECRET, expected: int = 200) -> None:
    """A delivery. Signatures count by wall time, here too; one that our process did not answer comes again."""

    def deliver() -> None:
        header = signature(body, secret, int(datetime.now(UTC).timestamp()))
        answer = world.opens(
            world.browser(), "POST", "/webhooks/stripe", data=body, headers={"Stripe-Signature": header}
        )
        judge(world, answer, expected, body)

    def once() -> None:
        try:
            deliver()
        except BaseException:
            world.news.append(News(body, world.now))
            raise

    world.start("webhook", "web", once)


def judge(world: World, answer: TestResponse, expected: int, body: bytes) -> None:
    if answer.status_code >= 500:
        world.news.append(News(body, world.now))
    elif answer.status_code != expected:
        world.complain("Webhook", f"answered {answer.status_code} where {expected} was right")


def pass_time(world: World, by: timedelta) -> None:
    """Nobody is under way for longer than a paused process may be."""
    if by > LONGEST_PAUSE:
        world.kernel.finish()
    world.advance(by)
    world.kernel.note("time", f"+{by}")


@deed(7)
def wait(world: World, dice: Random) -> None:
    pass_time(world, timedelta(seconds=dice.choice([1, 5, 20, 61, 125, 400])))


@deed(7)
def leap(world: World, dice: Random) -> None:
    """To the next moment at which something is due, a little before or after."""
    due = next_instant(world)
    if due:
        jitter = timedelta(seconds=dice.choice([-1, 0, 0, 1, 30, 90]))
        pass_time(world, max(due + jitter - world.now, SECOND))


@deed(1.5)
def outage(world: World, dice: Random) -> None:
    """Nothing runs for hours or days."""
    pass_time(world, timedelta(hours=dice.choice([1, 6, 23.5, 25, 72, 170])))


@deed(0.7)
def stripe_is_down(world: World, dice: Random) -> None:
    """Stripe answers nobody for hours, or days."""
    hours = dice.choice([0.1, 1, 6, 30, 168])
    if world.rough:
        world.faults += 1
        world.down_until = world.now + timedelta(hours=hours)
        world.kernel.note("stripe", f"is down for {hours} h")


@deed(0.7)
def a_bank_lets_a_hold_go(world: World, dice: Random) -> None:
    """A hold ends before its time."""
    query = "SELECT id FROM things WHERE kind = 'payment_intent' AND state = 'requires_capture' ORDER BY seq"
    held = world.observer.theirs.execute(query).fetchall()
    if held and world.rough:
        world.faults += 1
        name = dice.choice(held)["id"]
        with world.sandbox.machine.store.transaction() as db:
            db.execute("UPDATE things SET due = ? WHERE id = ?", (int(world.now.timestamp()), name))
        world.sandbox.machine.tick()
        world.kernel.note("bank", f"lets {name} go")
