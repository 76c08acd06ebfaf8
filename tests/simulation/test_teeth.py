"""Planted bugs: each is caught by what is kept for it, a story or a shrunk history, which is clean without the bug."""

import json

import pytest

from tests.simulation.bugs import BUGS
from tests.simulation.planting import Bug, planted
from tests.simulation.teeth import again, path_of

KEPT = [each for each in BUGS if path_of(each).exists()]


@pytest.mark.parametrize("bug", KEPT, ids=lambda each: str(each.name))
def test_a_planted_bug_is_caught(bug: Bug) -> None:
    kept = json.loads(path_of(bug).read_text())
    assert again(kept) == []
    with planted(bug):
        assert again(kept) != []


def test_there_are_teeth() -> None:
    assert len(KEPT) >= 40
