"""Planted bugs: each is caught by what is kept for it, a story or a shrunk history, which is clean without the bug."""

from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.simulation.bugs import BUGS
from tests.simulation.planting import Bug
from tests.simulation.teeth import bite

BITES: dict[str, tuple[list[str], list[str]]] = {}


@pytest.fixture
def bites(many_hands: ProcessPoolExecutor) -> dict[str, tuple[list[str], list[str]]]:
    """What is broken without each bug and with it."""
    if not BITES:
        names = [each.name for each in BUGS]
        BITES.update(zip(names, many_hands.map(bite, names, chunksize=4), strict=True))
    return BITES


@pytest.mark.parametrize("bug", BUGS, ids=lambda each: str(each.name))
def test_a_planted_bug_is_caught(bug: Bug, bites: dict[str, tuple[list[str], list[str]]]) -> None:
    without, planted = bites[bug.name]
    assert without == []
    assert planted != []
