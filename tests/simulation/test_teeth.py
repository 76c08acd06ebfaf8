"""Planted bugs: each is caught by what is kept for it, a story or a shrunk history, which is clean without the bug."""

from concurrent.futures import Future, ProcessPoolExecutor

import pytest

from tests.simulation.bugs import BUGS
from tests.simulation.planting import Bug
from tests.simulation.teeth import bite

Bites = dict[str, Future[tuple[list[str], list[str]]]]


@pytest.fixture(scope="module")
def bites(many_hands: ProcessPoolExecutor) -> Bites:
    """What is broken without each bug and with it: all begun at once, each waited for by its own test."""
    return {each.name: many_hands.submit(bite, each.name) for each in BUGS}


@pytest.mark.parametrize("bug", BUGS, ids=lambda each: str(each.name))
def test_a_planted_bug_is_caught(bug: Bug, bites: Bites) -> None:
    without, planted = bites[bug.name].result()
    assert without == []
    assert planted != []
