"""Planted bugs: each is caught by what is kept for it, a story or a shrunk history, which is clean without the bug."""

import json
from functools import cache

import pytest

from tests.simulation.bugs import BUGS
from tests.simulation.planting import Bug, planted
from tests.simulation.teeth import again, path_of

KEPT = [each for each in BUGS if path_of(each).exists()]


@cache
def clean(kept: str) -> bool:
    """A story that several bugs spoil is told once without."""
    return again(json.loads(kept)) == []


def what_catches(bug: Bug) -> str:
    kept = json.loads(path_of(bug).read_text())
    return json.dumps({name: each for name, each in kept.items() if name != "caught"})


@pytest.mark.parametrize("bug", KEPT, ids=lambda each: str(each.name))
def test_a_planted_bug_is_caught(bug: Bug) -> None:
    kept = what_catches(bug)
    assert clean(kept)
    with planted(bug):
        assert again(json.loads(kept)) != []


def test_there_are_teeth() -> None:
    assert len(KEPT) >= 80
