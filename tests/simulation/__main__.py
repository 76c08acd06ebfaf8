"""`make simulate SEEDS=n`: fresh histories; a failure prints its seed and shrinks itself into the corpus."""

import argparse
import sys
from time import monotonic, time

from tests.simulation.corpus import keep
from tests.simulation.hands import hands, play_seed
from tests.simulation.history import LENGTH, Played
from tests.simulation.shrink import shrink


def main() -> int:
    """Play them, and say how it went."""
    reader = argparse.ArgumentParser(prog="simulate", description=__doc__)
    reader.add_argument("--seeds", type=int, default=100, help="how many histories")
    reader.add_argument("--first", type=int, default=int(time()) % 10**9, help="the first seed; fresh ones by default")
    reader.add_argument("--steps", type=int, default=LENGTH)
    reader.add_argument("--no-shrink", action="store_true")
    told = reader.parse_args()
    steps = faults = violations = 0
    began, spent = monotonic(), 0.0
    seeds = range(told.first, told.first + told.seeds)
    with hands() as pool:
        for went in pool.map(play_seed, seeds, [told.steps] * told.seeds):
            steps, faults, spent = steps + went.steps, faults + went.faults, spent + went.seconds
            if went.violations:
                violations += 1
                _tell(went, small=not told.no_shrink)
    rate = f"{1000 * spent / max(steps, 1):.1f} ms a step"
    print(f"{rate}, {monotonic() - began:.0f} s in all; first seed {told.first}")
    print(f"{told.seeds} histories, {steps} steps, {faults} faults, {violations} violations")
    return 1 if violations else 0


def _tell(went: Played, *, small: bool) -> None:
    print(f"seed {went.history.seed}, step {went.steps}: {went.violations[0]}", flush=True)
    if small:
        shrunk = shrink(went)
        print(f"  shrunk to {len(shrunk.history.steps)} steps: {keep(shrunk)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
