"""Each story, crashed at each of its moments; `python -m tests.simulation.crashes` does it with pairs."""

import pytest

from tests.simulation.crashes import enumerate_crashes
from tests.simulation.stories import STORIES, Story


@pytest.mark.parametrize("story", STORIES, ids=lambda each: str(each.__name__))
def test_a_crash_anywhere_loses_nothing(story: Story) -> None:
    runs = list(enumerate_crashes(story))
    assert [f"{each.name}: {each.violations[0]}" for each in runs if each.violations] == []
    assert len(runs) > 10
