"""Histories that failed once, and fresh ones for each state of the code; `make simulate SEEDS=n` plays others each time."""

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.simulation.corpus import keep, kept, load
from tests.simulation.hands import play_seed
from tests.simulation.history import draw, play
from tests.simulation.shrink import shrink

FRESH = 30
ROOT = Path(__file__).parents[2]


def seed_of_the_code() -> int:
    """One that every change of the program or of the simulation changes: the same code always gets the same verdict."""
    said = hashlib.sha256()
    for each in sorted([*(ROOT / "storefront").rglob("*.py"), *(ROOT / "tests" / "simulation").rglob("*.py")]):
        said.update(each.read_bytes())
    return int.from_bytes(said.digest()[:4])


def test_what_failed_once_holds_now() -> None:
    went = {path.stem: play(load(path)).violations for path in kept()}
    assert went == {name: [] for name in went}


def test_fresh_histories_break_nothing(many_hands: ProcessPoolExecutor) -> None:
    """A failure shrinks itself, and joins the histories above: commit the file that it names."""
    first = seed_of_the_code()
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
