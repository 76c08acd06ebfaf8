"""`make simulate SEEDS=n`: fresh histories; a failure prints its seed and shrinks itself into the corpus."""

import argparse
import sys
from time import monotonic, time

from tests.simulation.corpus import keep
from tests.simulation.history import LENGTH, draw, play
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
    began = monotonic()
    for seed in range(told.first, told.first + told.seeds):
        went = play(draw(seed, told.steps))
        steps, faults = steps + went.steps, faults + went.faults
        if went.violations:
            violations += 1
            print(f"seed {seed}, step {went.steps}: {went.violations[0]}", flush=True)
            if not told.no_shrink:
                small = shrink(went)
                print(f"  shrunk to {len(small.history.steps)} steps: {keep(small)}", flush=True)
    spent = monotonic() - began
    print(f"{1000 * spent / max(steps, 1):.1f} ms a step; first seed {told.first}")
    print(f"{told.seeds} histories, {steps} steps, {faults} faults, {violations} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
