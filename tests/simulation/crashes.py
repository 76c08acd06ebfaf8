"""Each story, crashed at each of its boundaries: `python -m tests.simulation.crashes [story]`; pairs are part of `make prove`.

Two boundaries of the same actor with nothing changed between them, here or at Stripe, are one: the begin of a
transaction and the moment before its commit are the end of what came before. A job that finds nothing to do has none; how an
order is placed is crashed in the first stories only.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from zlib import crc32

from tests.simulation.buyers import version
from tests.simulation.facts import Row
from tests.simulation.history import broken, drain
from tests.simulation.house import at_home
from tests.simulation.kernel import CRASH, GO, Actor
from tests.simulation.laws.watch import watch
from tests.simulation.stories import ORDERED, STORIES, Spoiled, Story, tick
from tests.simulation.world import World

LEASE_SECONDS = 125
SHORT = 18
DRAWN = {"number", "mark", "nonce"}


@dataclass
class Crashed:
    """A story, the boundaries at which it was crashed, and every boundary that it had; `shapes`: how things stood there."""

    story: Story
    at: tuple[int, ...]
    seen: list[tuple[int, ...]] = field(default_factory=list)
    shapes: list[int] = field(default_factory=list)
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

    def others(self, known: set[int]) -> Iterator[int]:
        """The moments at which things stand as they did at none before; instants do not count."""
        for number in self.moments(of_each=False):
            if self.shapes[number] not in known:
                known.add(self.shapes[number])
                yield number


def tell(story: Story, at: tuple[int, ...] = (), *, deep: bool = False) -> Crashed:
    """Tell a story, crash it there, let others take it up, and look that everything comes to rest.

    `deep`: note how things stood at each boundary after the crash.
    """
    told = Crashed(story, at)
    with at_home() as house:
        world = World(house, 1)

        def fate(actor: Actor, _label: str) -> str:
            if story not in ORDERED and "ordered" not in world.memory:
                told.begins = len(told.seen) + 1
            told.shapes.append(shape(world) if deep and at and len(told.seen) > max(at) else 0)
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


def shape(world: World) -> int:
    """How things stand, here and at Stripe, but for instants and names: two that are alike crash alike."""
    known: tuple[object, int] = world.memory.get("shape", (None, 0))
    here = (world.state()[1:], world.observer.theirs.total_changes)
    if known[0] != here:
        facts = world.look()
        rows = [*facts.written[1:-1], facts.stripe_events]
        ours = [[plain(row) for row in (each.values() if isinstance(each, dict) else each)] for each in rows]
        things = [(each["object"], each.get("status"), each.get("amount_received")) for each in facts.things.values()]
        known = world.memory["shape"] = here, crc32(repr((ours, things, len(world.news))).encode())
    return known[1]


def plain(row: Row) -> list[object]:
    """What a row says in words that are the same each time: no instants, no names that chance drew."""
    return [each for name, each in row.items() if not (isinstance(each, str) and (len(each) > SHORT or name in DRAWN))]


def main() -> int:
    """Each story crashed at each of its moments, of each actor that comes through it."""
    reader = argparse.ArgumentParser(prog="crashes", description=__doc__)
    reader.add_argument("stories", nargs="*")
    asked = reader.parse_args()
    runs = failed = 0
    for story in STORIES:
        if asked.stories and story.__name__ not in asked.stories:
            continue
        whole = tell(story)
        for told in (whole, *(tell(story, (moment,)) for moment in whole.moments(of_each=True))):
            runs += 1
            if told.violations:
                failed += 1
                print(f"{told.name}: {told.violations[0]}", flush=True)
    print(f"{runs} crashes, {failed} violations")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
