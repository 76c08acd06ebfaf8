"""Each story, crashed at one in eight of its moments; `make prove` crashes at each, and at pairs."""

import pytest

from tests.simulation.crashes import enumerate_crashes
from tests.simulation.stories import STORIES, Story

EVERY = 8


@pytest.mark.parametrize("story", STORIES, ids=lambda each: str(each.__name__))
def test_a_crash_anywhere_loses_nothing(story: Story) -> None:
    runs = list(enumerate_crashes(story, every=EVERY))
    assert [f"{each.name}: {each.violations[0]}" for each in runs if each.violations] == []
    assert len(runs) > 1
