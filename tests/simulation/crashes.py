"""Each story, crashed at each of its boundaries: `python -m tests.simulation.crashes` does so with pairs too.

Two boundaries of the same actor with nothing changed between them, here or at Stripe, are one: the begin of a
transaction and the moment before its commit are the end of what came before. A job that finds nothing to do has none; how an
order is placed is crashed in the first stories only.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.simulation.buyers import version
from tests.simulation.history import broken, drain
from tests.simulation.house import at_home
from tests.simulation.kernel import CRASH, GO, Actor
from tests.simulation.laws.watch import watch
from tests.simulation.stories import ORDERED, STORIES, Spoiled, Story, tick
from tests.simulation.world import World

LEASE_SECONDS = 125


@dataclass
class Crashed:
    """A story, the boundaries at which it was crashed, and every boundary that it had."""

    story: Story
    at: tuple[int, ...]
    seen: list[tuple[int, ...]] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    begins: int = 0

    @property
    def name(self) -> str:
        return f"{self.story.__name__} crashed at {', '.join(map(str, self.at)) or 'nothing'}"

    def moments(self, *, of_each: bool) -> Iterator[int]:
        """The boundaries after the last crash, one of each state; `of_each`: of each actor that comes through it."""
        known: set[tuple[int, ...]] = set()
        states = Counter(actor for actor, *_ in set(self.seen))
        for number, seen in enumerate(self.seen):
            state = seen if of_each else seen[1:]
            if states[seen[0]] > 1 and state not in known and number > max(self.at, default=self.begins - 1):
                known.add(state)
                yield number


def tell(story: Story, at: tuple[int, ...] = ()) -> Crashed:
    """Tell a story, crash it there, let others take it up, and look that everything comes to rest."""
    told = Crashed(story, at)
    with at_home() as house:
        world = World(house, 1)

        def fate(actor: Actor, _label: str) -> str:
            if story not in ORDERED and "ordered" not in world.memory:
                told.begins = len(told.seen) + 1
            told.seen.append((actor.number, version(world), world.line.count, len(world.mailman.taken)))
            return CRASH if len(told.seen) - 1 in at else GO

        try:
            watch(world)
            world.kernel.fate = fate
            story(world)
            tick(world, seconds=LEASE_SECONDS)
            world.kernel.fate = lambda _actor, _label: GO
            told.violations = broken(world) or drain(world, thorough=False)
        except Spoiled:
            told.violations = list(world.complaints)
        except Exception as error:  # noqa: BLE001 (a story that cannot be told is broken too)
            told.violations = [f"Story: {type(error).__name__}: {error}"]
        finally:
            world.close()
    return told


def enumerate_crashes(story: Story, depth: int = 1, *, of_each: bool = False) -> Iterator[Crashed]:
    """The story, and the story crashed at every moment; with `depth` 2 crashed again at every moment after that."""
    told = tell(story)
    yield told
    yield from _deeper(told, depth, of_each=of_each)


def _deeper(told: Crashed, depth: int, *, of_each: bool) -> Iterator[Crashed]:
    if depth == 0:
        return
    for moment in told.moments(of_each=of_each):
        again = tell(told.story, (*told.at, moment))
        yield again
        yield from _deeper(again, depth - 1, of_each=of_each)


def main() -> int:
    """Say what each story came to."""
    reader = argparse.ArgumentParser(prog="crashes", description=__doc__)
    reader.add_argument("--depth", type=int, default=2)
    reader.add_argument("stories", nargs="*")
    asked = reader.parse_args()
    runs = failed = 0
    for story in STORIES:
        if asked.stories and story.__name__ not in asked.stories:
            continue
        for told in enumerate_crashes(story, asked.depth, of_each=True):
            runs += 1
            if told.violations:
                failed += 1
                print(f"{told.name}: {told.violations[0]}", flush=True)
    print(f"{runs} crashes of depth {asked.depth} and less, {failed} violations")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
