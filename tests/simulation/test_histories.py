"""Histories that failed once, and those of some seeds; `make simulate SEEDS=n` plays fresh ones."""

import os
import subprocess
import sys

from tests.simulation.corpus import keep, kept, load
from tests.simulation.history import draw, play
from tests.simulation.shrink import shrink

FIRST, COUNT = 20_000, 10


def test_what_failed_once_holds_now() -> None:
    went = {path.stem: play(load(path)).violations for path in kept()}
    assert went == {name: [] for name in went}


def test_histories_of_some_seeds_break_nothing() -> None:
    """A failure shrinks itself, and joins the histories above."""
    for seed in range(FIRST, FIRST + COUNT):
        went = play(draw(seed))
        assert went.violations == [], f"seed {seed}, kept as {keep(shrink(went))}"


def test_the_same_seed_gives_the_same_history() -> None:
    """In another process too, where sets and dictionaries of strings are in another order."""
    here = [play(draw(seed, 80)).trace for seed in (3, 44)]
    code = "from tests.simulation.history import draw, play; print(*[play(draw(s, 80)).trace for s in (3, 44)])"
    for order in ("1", "77"):
        env = {**os.environ, "PYTHONHASHSEED": order}
        there = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
        assert there.stdout.split() == here
    assert here[0] != here[1]
