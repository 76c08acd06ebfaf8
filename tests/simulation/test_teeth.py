"""Planted bugs: each is caught by the story that is kept for it, which is clean without the bug."""

import json
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor

import pytest

from tests.simulation.bugs import BUGS
from tests.simulation.hands import how_many
from tests.simulation.planting import Bug
from tests.simulation.teeth import TOLD, bite, path_of

Bite = tuple[list[str], list[str]]


@pytest.fixture(scope="module")
def bitten(many_hands: ProcessPoolExecutor) -> Callable[[Bug], Bite]:
    """What is broken without a bug and with it. Each hand has one under way: whoever runs the other tests plays those."""
    begun: dict[str, Future[Bite]] = {}

    def told(bug: Bug) -> Bite:
        first = BUGS.index(bug)
        for each in BUGS[first : first + how_many()]:
            if each.name not in begun:
                begun[each.name] = many_hands.submit(bite, each.name)
        return begun[bug.name].result()

    return told


@pytest.mark.parametrize("bug", BUGS, ids=lambda each: str(each.name))
def test_a_planted_bug_is_caught(bug: Bug, bitten: Callable[[Bug], Bite]) -> None:
    without, planted = bitten(bug)
    assert without == []
    assert planted != []


def test_what_catches_a_bug_is_told() -> None:
    """A drawn history falls apart with the next change of the order of steps, and its bug is caught no more."""
    kept = {each.name: json.loads(path_of(each).read_text()).get("story") for each in BUGS}
    assert {name: story for name, story in kept.items() if story not in TOLD} == {}
