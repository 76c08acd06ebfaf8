"""`make simulate SEEDS=n`: fresh histories; a failure prints its seed and shrinks itself into the corpus."""

import argparse
import sys
from time import monotonic, time

from tests.simulation.corpus import keep
from tests.simulation.hands import hands, play_seed
from tests.simulation.history import LENGTH, Played
from tests.simulation.shrink import shrink

EVERY = 100


def main() -> int:
    """Play them, and say how it went."""
    reader = argparse.ArgumentParser(prog="simulate", description=__doc__)
    reader.add_argument("--seeds", type=int, default=100, help="how many histories")
    reader.add_argument("--first", type=int, default=int(time()) % 10**9, help="the first seed; fresh ones by default")
    reader.add_argument("--steps", type=int, default=LENGTH)
    reader.add_argument("--no-shrink", action="store_true")
    told = reader.parse_args()
    return 1 if several(told.first, told.seeds, told.steps, small=not told.no_shrink) else 0


def several(first: int, count: int, length: int = LENGTH, *, small: bool = True) -> int:
    """Play so many histories from this seed on. Returns how many broke something."""
    steps = faults = violations = 0
    began, spent, drains = monotonic(), 0.0, 0.0
    with hands() as pool:
        played = pool.map(play_seed, range(first, first + count), [length] * count)
        for number, went in enumerate(played, 1):
            steps, faults = steps + went.steps, faults + went.faults
            spent, drains = spent + went.seconds[0], drains + went.seconds[1]
            if went.violations:
                violations += 1
                _tell(went, small=small)
            if number % EVERY == 0:
                print(f"  {number} histories after {monotonic() - began:.0f} s", flush=True)
    rate = f"{1000 * spent / max(steps, 1):.1f} ms a step, {1000 * drains / max(count, 1):.0f} ms to drain a history"
    print(f"{rate}, {monotonic() - began:.0f} s in all; first seed {first}")
    print(f"{count} histories, {steps} steps, {faults} faults, {violations} violations")
    return violations


def _tell(went: Played, *, small: bool) -> None:
    print(f"seed {went.history.seed}, step {went.steps}: {went.violations[0]}", flush=True)
    if small:
        shrunk = shrink(went)
        print(f"  shrunk to {len(shrunk.history.steps)} steps: {keep(shrunk)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
