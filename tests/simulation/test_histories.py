"""Histories that failed once, and those of some seeds; `make simulate SEEDS=n` plays fresh ones."""

import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from time import time

from tests.simulation.corpus import keep, kept, load
from tests.simulation.hands import play_seed
from tests.simulation.history import draw, play
from tests.simulation.shrink import shrink

FRESH = 30


def test_what_failed_once_holds_now() -> None:
    went = {path.stem: play(load(path)).violations for path in kept()}
    assert went == {name: [] for name in went}


def test_fresh_histories_break_nothing(many_hands: ProcessPoolExecutor) -> None:
    """A failure shrinks itself, and joins the histories above: commit the file that it names."""
    first = int(time()) % 10**9
    for went in many_hands.map(play_seed, range(first, first + FRESH)):
        assert went.violations == [], (
            f"again: python -m tests.simulation --seeds 1 --first {went.history.seed}; kept as {keep(shrink(went))}"
        )


def test_the_same_seed_gives_the_same_history() -> None:
    """In another process too, where sets and dictionaries of strings are in another order."""
    here = [play(draw(seed, 80)).trace for seed in (3, 44)]
    code = "from tests.simulation.history import draw, play; print(*[play(draw(s, 80)).trace for s in (3, 44)])"
    for order in ("1", "77"):
        env = {**os.environ, "PYTHONHASHSEED": order}
        there = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
        assert there.stdout.split() == here
    assert here[0] != here[1]
