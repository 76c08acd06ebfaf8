"""Histories that failed once, and fresh ones; `make simulate SEEDS=n` plays more."""

import os
import subprocess
import sys
from pathlib import Path
from time import time

import pytest

from tests.simulation.corpus import keep, kept, load
from tests.simulation.history import draw, play
from tests.simulation.shrink import shrink

FRESH = 30


@pytest.mark.parametrize("path", kept(), ids=lambda each: each.stem)
def test_what_failed_once_holds_now(path: Path) -> None:
    assert play(load(path)).violations == []


def test_fresh_histories_break_nothing() -> None:
    """A failure shrinks itself, and joins the histories above."""
    first = int(time()) % 10**9
    for seed in range(first, first + FRESH):
        went = play(draw(seed))
        assert went.violations == [], f"seed {seed}, kept as {keep(shrink(went))}"


def test_the_same_seed_gives_the_same_history() -> None:
    """In another process too, where sets and dictionaries of strings are in another order."""
    here = [play(draw(seed)).trace for seed in (3, 44)]
    code = "from tests.simulation.history import draw, play; print(*[play(draw(s)).trace for s in (3, 44)])"
    for order in ("1", "77"):
        env = {**os.environ, "PYTHONHASHSEED": order}
        there = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
        assert there.stdout.split() == here
    assert here[0] != here[1]
