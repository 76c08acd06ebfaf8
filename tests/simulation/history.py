"""A history: steps drawn by a seed, or given; played, watched, and drained at its end."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from random import Random
from time import process_time
from typing import Any

from sqlalchemy import select

from storefront import worker
from storefront.actions import launching
from storefront.models.products import Launch
from storefront.rules import launch as rule
from tests.simulation import (
    banks,
    buyers,
    creators,
    deeds_channels,
    deeds_delays,
    deeds_ends,
    deeds_stock,
    laws,
    machines,
)
from tests.simulation.fair import open_shop
from tests.simulation.further import banks_mixed_in, channels_mixed_in, mixed_in
from tests.simulation.house import at_home
from tests.simulation.laws.watch import watch
from tests.simulation.machines import WORKERS, next_instant
from tests.simulation.registry import ALWAYS, BANKS, CHANNELS, DEEDS, FURTHER, QUIET
from tests.simulation.world import FAIR, Weather, World, draw_weather

ROOMS = (
    buyers,
    creators,
    machines,
    deeds_delays,
    deeds_stock,
    deeds_ends,
    banks,
    deeds_channels,
    laws,
)  # each enters its deeds and laws
LENGTH = 200
ROUNDS = 80
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True)
class Step:
    """What is begun, and the dice for it. `rough`: things may go wrong; `linger`: not everybody comes to an end."""

    kind: str
    dice: int
    rough: bool = False
    linger: bool = False


@dataclass(frozen=True)
class History:
    """Everything that decides what happens."""

    seed: int
    weather: Weather
    steps: tuple[Step, ...]

    def to_json(self) -> dict[str, Any]:
        steps = [[each.kind, each.dice, int(each.rough), int(each.linger)] for each in self.steps]
        return {"seed": self.seed, "weather": {k: v for k, v in asdict(self.weather).items() if v}, "steps": steps}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "History":
        steps = tuple(Step(kind, dice, bool(rough), bool(linger)) for kind, dice, rough, linger in data["steps"])
        return cls(data["seed"], Weather(**data["weather"]), steps)


@dataclass(frozen=True)
class Played:
    """How it went; `seconds` of CPU: of its steps with the laws after each, and of draining it afterwards."""

    history: History
    trace: str
    steps: int
    faults: int
    violations: list[str]
    drained: bool = True
    seconds: tuple[float, float] = (0, 0)
    story: list[str] = field(repr=False, default_factory=list)

    @property
    def laws(self) -> set[str]:
        """The names of what was broken."""
        return {each.split(":")[0] for each in self.violations}


def draw(seed: int, length: int = LENGTH) -> History:
    """The history of a seed: each leaves some deeds out and leans towards others, so that histories differ."""
    chance = Random(seed)
    weather = draw_weather(chance)
    lean = [each.weight * chance.choice([0, 0.3, 1, 1, 3]) for each in DEEDS.values()]
    lean[list(DEEDS).index("buy")] += 3
    linger = chance.choice([0, 0.2, 0.5, 0.8])
    kinds = chance.choices(list(DEEDS), lean, k=length)
    calm = chance.choice([0.0, 0.3])
    steps = tuple(
        Step(kind, chance.getrandbits(32), weather != FAIR and chance.random() >= calm, chance.random() < linger)
        for kind in kinds
    )
    mixed = mixed_in(seed, steps, Step, fair=weather == FAIR)
    banked = banks_mixed_in(seed, mixed, Step, fair=weather == FAIR)
    return History(seed, weather, channels_mixed_in(seed, banked, Step, fair=weather == FAIR))


def reckoned(history: History) -> bool:
    """Whether Stripe reckons the tax: in a third of the histories in which banks act."""
    return any(each.kind in BANKS for each in history.steps) and Random(f"{history.seed}:tax").random() < 1 / 3


def play(history: History, *, drained: bool = True) -> Played:
    """Play a history to its first violation, or to its end and, where that is wanted, until everything is quiet."""
    began = process_time()
    with at_home() as house:
        world = World(house, history.seed, history.weather, reckoned(history))
        try:
            if any(each.kind in CHANNELS for each in history.steps):
                world.open_channels()
            open_shop(world)
            watch(world)
            steps, violations = _play(world, history.steps)
            early, stepped = bool(violations), process_time()
            if drained and not early:
                violations = drain(world)
            faults, spent = world.faults + world.kernel.crashes, (stepped - began, process_time() - stepped)
            return Played(history, world.kernel.trace, steps, faults, violations, not early, spent, world.kernel.story)
        finally:
            world.close()


def _play(world: World, steps: Sequence[Step]) -> tuple[int, list[str]]:
    for number, step in enumerate(steps, 1):
        take(world, step)
        violations = broken(world)
        if violations:
            return number, violations
    return len(steps), []


def take(world: World, step: Step) -> None:
    """One step: something begins, then everybody under way moves on, in an order that the dice say."""
    dice = Random(step.dice)
    with world.in_dice(Random(step.dice + 1), rough=step.rough):
        (DEEDS | FURTHER | BANKS | CHANNELS)[step.kind].do(world, dice)
        world.kernel.note("step", step.kind)
        moves = dice.randrange(1, 12) if step.linger else 10_000
        while world.kernel.actors and moves:
            world.kernel.go_on(dice.choice(world.kernel.actors))
            moves -= 1
    world.kernel.note("after", f"{len(world.kernel.actors)} under way", f"{world.kernel.boundaries}")


def broken(world: World) -> list[str]:
    """Every invariant that does not hold now; where nothing has changed since they all held, they hold."""
    facts, here = world.look(), (world.state(), world.observer.theirs.total_changes, world.opened.total())
    if world.memory.get("held") == here and not world.complaints:
        return []
    found = [f"{name}: {each}" for name, law in ALWAYS.items() for each in law(facts, world)]
    world.memory["held"] = None if found else here
    return [*world.complaints, *found]


def drain(world: World, *, thorough: bool = True) -> list[str]:
    """Faults stop, everybody comes to an end, and time goes on from one due instant to the next.

    `thorough`: whatever was due is looked for within a minute.
    """
    world.weather, world.down_until = FAIR, world.now
    world.line.kept.clear()
    world.mailman.full.clear()
    world.kernel.finish()
    deeds_delays.all_content_back(world)
    name_days(world)
    banks.decide_all(world)
    late = due_at_once(world) if thorough else []
    for number in range(ROUNDS):
        violations, before = broken(world), world.look().written
        if violations:
            return late + violations
        due = next_instant(world)
        world.advance(max(due - world.now, SECOND) if due else DAY)
        work_off(world, WORKERS[number % 2 :][:1])
        if due is None and world.look().written == before:
            return late + rests(world)
    return [*late, "Q3: the store never comes to rest"]


def name_days(world: World) -> None:
    """Whoever agreed to wait without a day would wait for ever: at the end their creators name one."""
    with world.shop.db.write() as session:
        for launch in session.scalars(select(Launch).where(Launch.at.is_(None), Launch.launched_at.is_(None))):
            moment = rule.moment_at(world.now + 2 * DAY, launch.zone)
            launching.schedule(session, launch, moment, "There is a day.", world.now)


def due_at_once(world: World) -> list[str]:
    """T2: whatever was due is done within a minute after the restart, nothing is dropped."""
    work_off(world)
    world.advance(MINUTE)
    work_off(world)
    facts = world.look()
    ahead = [each for each in facts.launches if not each.launched_at and each.product_id not in facts.given_up]
    late = [each for each in ahead if each.at and each.at <= facts.now]
    return [f"T2: launch {each.id} was due at {each.at}, and is not out" for each in late]


def work_off(world: World, workers: Sequence[str] = WORKERS, jobs: Sequence[worker.Job] = ()) -> None:
    """Everything that the workers find to do, by turns; all `jobs`, unless some are named."""
    for who in workers:
        bring_all_news(world)
        for job in jobs or worker.JOBS:
            _work_once(world, who, job)
    if not world.rough and world.down_until <= world.now:
        world.memory["worked"] = world.state()


def _work_once(world: World, who: str, job: worker.Job) -> None:
    """A job that found nothing would find nothing at the same moment, in the same state of things."""
    idle: dict[str, tuple[object, ...]] = world.memory.setdefault("idle", {})
    before = world.state()
    if idle.get(job.name) == before:
        return
    machines.work(world, who, job)
    world.kernel.finish()
    if world.state() == before:
        idle[job.name] = before


def bring_all_news(world: World) -> None:
    world.fetch_news()
    for each in machines.due_news(world, len(world.news)):
        machines.told(world, each.body)
        world.kernel.finish()


def rests(world: World) -> list[str]:
    """The quiet laws; the last round before changed nothing."""
    facts = world.look()
    return [f"{name}: {each}" for name, law in QUIET.items() for each in law(facts, world)]


def fresh(count: int, first: int, length: int = LENGTH) -> Iterator[Played]:
    """So many histories, from this seed on."""
    for seed in range(first, first + count):
        yield play(draw(seed, length))
