"""`make bench`: the shop's speed beside floors on the same machine, told as ratios. Ends by itself.

Sides are run in turn (ours, floor, ours, floor, …) and told by their medians, so that a busy machine slows both.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench import placing
from tests.bench.draining import bare_grants
from tests.bench.figures import Figure, keep
from tests.bench.parts import ROOT, Bench, held, holds, opened, run, say
from tests.support.databases import serving
from tests.support.world import sandboxed


@dataclass(frozen=True)
class Size:
    """How much of it: orders in a drain, few and many orders for the cost of one, orders placed and before that to warm up,
    rounds of each.
    """

    drain: int = 1000
    rounds: int = 3
    few: int = 1000
    many: int = 20000
    placed: int = 288
    warm: int = 160
    buyers: tuple[int, ...] = (1, 16, 64)
    kinds: tuple[str, ...] = ("postgresql", "sqlite")


TINY = Size(drain=12, rounds=1, few=8, many=16, placed=6, warm=2, buyers=(4,), kinds=("postgresql",))


def drains(bench: Bench, kind: str, size: Size) -> Iterator[Figure]:
    """Access and captures from T on, beside a bare loop of captures; grants beside bare INSERTs."""
    ours, floors, inserts = [], [], []
    for number in range(size.rounds):
        say(f"capture drain on {kind}, round {number + 1} of {size.rounds}")
        ours.append(drained(bench, kind, size.drain))
        floors.append(_bare(bench, size.drain))
        inserts.append(bare_grants(bench.database(kind), size.drain))
    bare = median(each["drained"] / each["seconds"] for each in floors)
    rate = median(each["drained"] / (each["seconds"] - each["grants"]) for each in ours)
    yield Figure(f"capture_drain_{kind}", rate, "orders/s", bare, goal=0.8)
    whole = median(each["drained"] / each["seconds"] for each in ours)
    yield Figure(f"grants_then_captures_{kind}", whole, "orders/s", bare)
    grants = median(each["granted"] / each["grants"] for each in ours)
    yield Figure(f"grant_at_T_{kind}", grants, "orders/s", median(size.drain / each for each in inserts))
    yield Figure(f"grant_at_T_beside_captures_{kind}", grants, "orders/s", bare, goal=0.8)


def drained(bench: Bench, kind: str, orders: int) -> dict[str, Any]:
    """What the worker's jobs took for so many orders in a database of their own."""
    url = bench.database(kind)
    with opened(url) as db:
        held(db, holds(bench.sandbox, orders))
    took = run(bench.env(url), "tests.bench.draining", "ours")
    if took["drained"] != orders or took["granted"] != orders:
        raise RuntimeError(f"not everything was done: {took}")
    return took


def _bare(bench: Bench, orders: int) -> dict[str, Any]:
    names = "\n".join(holds(bench.sandbox, orders))
    return run(bench.env("sqlite://"), "tests.bench.draining", "floor", bench.sandbox.url, stdin=names)


def growth(bench: Bench, kind: str, size: Size) -> Iterator[Figure]:
    """What one order costs, and what the worker weighs, with few orders and with many."""
    say(f"{size.few} orders before and after {size.many} on {kind}")
    few = [drained(bench, kind, size.few)]
    many = drained(bench, kind, size.many)
    few.append(drained(bench, kind, size.few))

    def each_ms(took: dict[str, Any], what: str) -> float:
        return 1000 * float(took[what]) / float(took["drained"])

    for name, what in (("cost", "seconds"), ("cpu", "busy")):
        before = median(each_ms(each, what) for each in few)
        goal = 1.1 if name == "cost" else None
        yield Figure(f"{name}_per_order_at_{size.many}_{kind}", each_ms(many, what), "ms", before, goal, at_least=False)
    weight = median(each["memory"] for each in few)
    yield Figure(f"worker_memory_at_{size.many}_{kind}", many["memory"], "MiB", weight, most_more=10)


def rushes(bench: Bench, size: Size) -> Iterator[Figure]:
    """Orders placed on limited stock; and, with more buyers than stock, exactly the stock sold."""
    for buyers in size.buyers:
        ours, floors = [], []
        for number in range(size.rounds):
            say(f"placing with {buyers} buyers, round {number + 1} of {size.rounds}")
            ours.append(placing.ours(bench, buyers, size.placed, size.placed, size.warm))
            floors.append(placing.floor(bench, buyers, size.placed, size.placed, size.warm))
        if any(each.answers[placing.PLACED] != size.placed for each in (*ours, *floors)):
            raise RuntimeError(f"not every buyer with a unit got it: {ours} {floors}")
        rates = [median(each.rate for each in side) for side in (ours, floors)]
        yield Figure(f"placing_{buyers}_buyers", rates[0], "orders/s", rates[1], goal=0.5)
    say("more buyers than stock")
    rush = placing.ours(bench, size.buyers[-1], size.placed, size.placed + size.placed // 2, size.warm)
    sold = rush.answers[placing.PLACED] if rush.answers[placing.PLACED] == rush.sold else -1
    yield Figure("stock_sold", sold, "orders", size.placed, goal=1)


def measured(size: Size) -> Iterator[Figure]:
    """Every figure, as it is known."""
    with tempfile.TemporaryDirectory() as folder, serving() as postgres, sandboxed("") as sandbox:
        bench = Bench(sandbox, postgres, Path(folder))
        for kind in size.kinds:
            yield from drains(bench, kind, size)
        yield from rushes(bench, size)
        yield from growth(bench, "postgresql", size)


def main() -> int:
    """Print and keep the figures; 1 where not exactly the stock was sold."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="a few orders only: whether it runs, not how fast")
    parser.add_argument("--out", type=Path, default=ROOT / "bench.json")
    given = parser.parse_args()
    figures = []
    for each in measured(TINY if given.tiny else Size()):
        figures.append(each)
        print(each.line, flush=True)
    keep(figures, given.out)
    for each in figures:
        if each.missed:
            say(each.missed)
    return 0 if all(each.ratio == 1 for each in figures if each.name == "stock_sold") else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.SubprocessError as error:
        sys.exit(f"the bench could not run: {error}")
