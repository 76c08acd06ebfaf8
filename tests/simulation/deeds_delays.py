"""Delays, and what comes of them: nothing runs over a launch, answers at the last moment, content that is missing."""

from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from tests.simulation.buyers import in_web, order_path, some_order, version
from tests.simulation.creators import in_studio
from tests.simulation.facts import Row, read
from tests.simulation.fair import ZONES
from tests.simulation.laws import delays
from tests.simulation.machines import JOBS, WORKERS, next_instant, pass_time, work
from tests.simulation.registry import further
from tests.simulation.world import World

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
AHEAD = (
    "SELECT l.*, p.slug, p.kind AS what, p.creator_id FROM launches l JOIN products p ON p.id = l.product_id"
    " WHERE l.kind = 'product' AND l.launched_at IS NULL AND p.retired_at IS NULL ORDER BY l.id"
)
LIVES = "state IN ('reserved', 'held', 'past_due', 'paid') AND cancel_wished_at IS NULL"
WAITS = f"{LIVES} AND promise_version > 1"
AWAY = "0" * 64


def some_ahead(world: World, dice: Random) -> Row | None:
    rows = [each for each in world.ask(AHEAD) if each.at]
    return dice.choice(rows) if rows else None


def until(world: World, instant: datetime) -> None:
    """Time goes on to an instant, where that is still to come."""
    if instant > world.now:
        pass_time(world, instant - world.now)


@further(3)
def days_go_by(world: World, dice: Random) -> None:
    """From one due instant to the next, with a worker at work at each of them."""
    for _ in range(dice.choice([1, 2, 4])):
        due = next_instant(world)
        if due is None:
            return
        until(world, due)
        for name in ("launch", "delay", "grant", "charge", "hand_on", "letters"):
            work(world, dice.choice(WORKERS), JOBS[name])
        world.kernel.finish()


@further(1)
def nothing_runs_over_a_launch(world: World, dice: Random) -> None:
    """No worker runs when the day comes, nor for a day after it: to the second, a second later, or for a week."""
    launch = some_ahead(world, dice)
    if launch and dice.random() < 0.5:
        late = dice.choice([DAY - SECOND, DAY, DAY + SECOND, DAY + timedelta(hours=2), 6 * DAY, 31 * DAY])
        until(world, read(launch.at) + late)


@further(6)
def moves_with_a_gift(world: World, dice: Random) -> None:
    """A creator moves a day ahead of it, or away, and offers a bonus or a part of the price for waiting."""
    rows = world.ask(AHEAD)
    waited_for = {each.product_id for each in world.ask(f"SELECT product_id FROM orders WHERE {LIVES}")}  # noqa: S608 (ours)
    launch = dice.choice([each for each in rows if each.product_id in waited_for] or rows or [None])
    if launch is None:
        return
    base = read(launch.at) if launch.at else world.now
    meant = (base + timedelta(days=dice.choice([1, 3, 20, 29, 30, 31, 45]))).astimezone(ZoneInfo(dice.choice(ZONES)))
    form = {"day": f"{meant:%Y-%m-%d}", "time": f"{meant:%H:%M}", "zone": str(meant.tzinfo), "step": "do"}
    gifts = [{"gift": "bonus:more"}, {"gift": "amount", "gift_size": "2"}, {"gift": "percent", "gift_size": "50"}, {}]
    form |= dice.choice(gifts) | dice.choice([{}, {}, {"undated": "yes"}])
    in_studio(world, "moves", launch.creator_id, f"/products/{launch.slug}/launch", reason="It gets better.", **form)


@further(6)
def answers_at_the_last_moment(world: World, dice: Random) -> None:
    """Somebody answers at the very second of the deadline, one before it, or when it is over; nothing ran meanwhile."""
    order = some_order(world, dice, f"{WAITS} AND delay_due_at IS NOT NULL")
    if order is None:
        return
    until(world, read(order.delay_due_at) + timedelta(seconds=dice.choice([-1, 0, 0, 0, 1, 3600])))
    said = dice.choice(["wait", "wait", "gift", "cancel"])
    if said == "cancel":
        world.leaving.add(order.id)
        in_web(world, "answers", "POST", order_path(world, order) + "/delay", answer=said, version="2")
    else:
        world.start("answers", "web", lambda: answer(world, order.id, said))


def answer(world: World, order_id: int, said: str) -> None:
    """A yes that counts by the rules is taken, unless something happens to the order between."""
    (order,) = world.ask("SELECT * FROM orders WHERE id = ?", order_id)
    moved = delays.last_move(world, order_id)
    counts, before = said == "wait" and delays.counts(world, order, world.now), version(world)
    form = {"answer": said, "version": str(moved)}
    answered = world.opens(world.browser(), "POST", order_path(world, order) + "/delay", data=form)
    if counts and answered.status_code == 409 and version(world) == before and not world.kernel_hurt():
        world.complain("P8", f"{order.number} says yes in time, and is refused")


@further(2)
def looks_at_the_question(world: World, dice: Random) -> None:
    """A mail scanner opens the answer's page, whatever stands in its address; nothing is said by looking."""
    order = some_order(world, dice, "promise_version > 1")
    if order is None:
        return
    before = version(world)
    for answer_too in ("", f"?answer=cancel&version={order.promise_version}", "?answer=wait&version=2"):
        world.opens(world.browser(), dice.choice(["GET", "HEAD"]), order_path(world, order) + "/delay" + answer_too)
    if version(world) != before:
        world.complain("A5", f"a GET of the question of {order.number} changed something")


@further(2)
def content_vanishes(world: World, dice: Random) -> None:
    """Something to read or to download is not there any more; sometimes until after the day."""
    launch = some_ahead(world, dice)
    if launch is None:
        return
    world.kernel.finish()
    vanish(world, launch.product_id)
    if dice.random() < 0.6:
        until(world, read(launch.at) + timedelta(seconds=dice.choice([-5, 0, 1, 60, 3600])))


@further(3)
def content_returns(world: World, dice: Random) -> None:
    gone = sorted(world.memory.get("vanished", {}))
    if gone:
        give_content_back(world, dice.choice(gone))


def vanish(world: World, product_id: int) -> None:
    """Only of what is not out: its readers are told to come again, which is another story."""
    if world.ask("SELECT id FROM launches WHERE product_id = ? AND launched_at IS NOT NULL", product_id):
        return
    files = world.ask("SELECT id, sha256 FROM files WHERE product_id = ?", product_id)
    lessons = world.ask("SELECT id, source FROM lessons WHERE product_id = ?", product_id)
    world.memory.setdefault("vanished", {}).setdefault(product_id, (files, lessons))
    _write(world, [("UPDATE files SET sha256 = ? WHERE id = ?", AWAY, each.id) for each in files])
    _write(world, [("UPDATE lessons SET source = ? WHERE id = ?", "", each.id) for each in lessons])
    world.kernel.note("shelf", f"content of {product_id} is gone")


def give_content_back(world: World, product_id: int) -> None:
    files, lessons = world.memory["vanished"].pop(product_id)
    _write(world, [("UPDATE files SET sha256 = ? WHERE id = ?", each.sha256, each.id) for each in files])
    _write(world, [("UPDATE lessons SET source = ? WHERE id = ?", each.source, each.id) for each in lessons])
    world.kernel.note("shelf", f"content of {product_id} is back")


def _write(world: World, rows: list[tuple[str, object, int]]) -> None:
    """By somebody's hand, beside the shop."""
    for statement, value, row in rows:
        with world.in_dice(world.dice, rough=False), world.house.db.write() as session:
            session.connection().exec_driver_sql(statement, (value, row))


def all_content_back(world: World) -> None:
    """When the faults stop."""
    for product_id in sorted(world.memory.get("vanished", {})):
        give_content_back(world, product_id)
