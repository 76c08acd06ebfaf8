"""`make prove`: for longer what `make test` does briefly. Each part can be had alone:

python -m tests.simulation.prove histories --count 2000    fresh histories
python -m tests.simulation.prove pairs [story]             each story crashed twice
python -m tests.simulation.prove kills                     kill -9 of real workers on real PostgreSQL
python -m tests.simulation.prove races                     every two buttons, in each state, all three ways
python -m tests.simulation.prove hunt --seconds 15         planted bugs, looked for from fresh seeds
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import as_completed
from time import monotonic, time
from typing import TypeVar

from tests.simulation import __main__ as simulate
from tests.simulation.bugs import BUGS
from tests.simulation.crashes import Crashed, tell
from tests.simulation.hands import hands, tell_deep
from tests.simulation.history import draw, play
from tests.simulation.planting import planted
from tests.simulation.stories import STORIES
from tests.simulation.teeth import bite

PARTS = ("histories", "pairs", "kills", "races", "hunt")
EVERY_SECONDS = 30
Went = tuple[bool, str]
T = TypeVar("T")


def histories(asked: argparse.Namespace) -> Went:
    """Fresh histories, from a seed that nobody has seen."""
    first = int(time()) % 10**9
    failed = simulate.several(first, asked.count)
    return not failed, f"{asked.count} histories from seed {first}, {failed} with a violation"


def pairs(asked: argparse.Namespace) -> Went:
    """Each story crashed at each of its moments, and again wherever things then stand as they never did before."""
    runs, failed = 0, []
    for story in STORIES:
        if asked.story in {"", story.__name__}:
            for told in followed(_twice(story.__name__), story.__name__):
                runs += 1
                if told.violations:
                    failed.append(told.name)
                    print(f"{told.name}: {told.violations[0]}", flush=True)
    return not failed, f"{runs} stories crashed once or twice, {len(failed)} with a violation"


def _twice(name: str) -> Iterator[Crashed]:
    story = next(each for each in STORIES if each.__name__ == name)
    known: set[int] = set()
    with hands() as pool:
        firsts = [pool.submit(tell_deep, name, (moment,)) for moment in tell(story).moments(of_each=False)]
        seconds = []
        for each in firsts:
            once = each.result()
            yield once
            seconds += [pool.submit(tell_deep, name, (*once.at, moment)) for moment in once.others(known)]
        for each in as_completed(seconds):
            yield each.result()


def kills(_asked: argparse.Namespace) -> Went:
    """Real processes, killed in the middle of a launch."""
    return _tests("tests/kills"), "20 kills in a launch of 500 orders"


def races(_asked: argparse.Namespace) -> Went:
    """Every two buttons in each of their states, met and waiting; and the last unit wanted by many."""
    return _tests("tests/races"), "every two buttons pressed together, all three ways"


def _tests(folder: str) -> bool:
    command = [sys.executable, "-m", "pytest", folder, "-q"]
    return subprocess.run(command, env={**os.environ, "PROVE": "1"}, check=False).returncode == 0


def hunt(asked: argparse.Namespace) -> Went:
    """Each planted bug, from fresh seeds for a while; one that nothing finds by chance must be caught by what is kept."""
    first, by_chance, missed = int(time()) % 10**9, 0, []
    with hands() as pool:
        ends = [pool.submit(hunted, each.name, first, asked.seconds) for each in BUGS]
        for each in followed((one.result() for one in as_completed(ends)), "bugs"):
            name, seed, caught = each
            by_chance += seed is not None
            print(f"{name}: {'seed ' + str(seed) if seed is not None else 'not by chance'}", flush=True)
            missed += [] if caught else [name]
    return not missed, f"{len(BUGS)} planted bugs, {by_chance} found by chance, missed: {', '.join(missed) or 'none'}"


def hunted(name: str, first: int, seconds: float) -> tuple[str, int | None, bool]:
    """A bug, the fresh seed whose history caught it, and whether anything does."""
    bug, ends, seed = next(each for each in BUGS if each.name == name), monotonic() + seconds, first
    with planted(bug):
        while monotonic() < ends:
            if play(draw(seed)).violations:
                return name, seed, True
            seed += 1
    without, caught = bite(name)
    return name, None, bool(caught) and not without


def followed(things: Iterable[T], what: str) -> Iterator[T]:
    """The same things, with a line of progress now and then."""
    began = last = monotonic()
    for number, each in enumerate(things, 1):
        yield each
        if monotonic() - last > EVERY_SECONDS:
            last = monotonic()
            print(f"  {what}: {number} after {last - began:.0f} s", flush=True)


def main() -> int:
    """The parts that are asked for, or all; what each came to, and how long it took."""
    reader = argparse.ArgumentParser(
        prog="prove", formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__
    )
    reader.add_argument("part", nargs="?", choices=PARTS)
    reader.add_argument("story", nargs="?", default="")
    reader.add_argument("--count", type=int, default=2000, help="how many histories")
    reader.add_argument("--seconds", type=float, default=15, help="how long to hunt for each bug")
    asked = reader.parse_args()
    told: list[str] = []
    for part in [asked.part] if asked.part else PARTS:
        began = monotonic()
        print(f"{part} ...", flush=True)
        right, summary = {"histories": histories, "pairs": pairs, "kills": kills, "races": races, "hunt": hunt}[part](
            asked
        )
        verdict = "held" if right else "BROKEN"
        told.append(f"{verdict}  {part}: {summary}; {(monotonic() - began) / 60:.1f} minutes")
        print(told[-1], flush=True)
    print("\n".join(told))
    return 0 if all(each.startswith("held") for each in told) else 1


if __name__ == "__main__":
    sys.exit(main())
