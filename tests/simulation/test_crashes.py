"""Each story, crashed at each of its moments; `make prove` does so with pairs."""

from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.simulation.crashes import tell
from tests.simulation.hands import tell_crashed
from tests.simulation.stories import STORIES, Story


@pytest.mark.parametrize("story", STORIES, ids=lambda each: str(each.__name__))
def test_a_crash_anywhere_loses_nothing(story: Story, many_hands: ProcessPoolExecutor) -> None:
    told = tell(story)
    moments = [(moment,) for moment in told.moments(of_each=False)]
    crashed = list(many_hands.map(tell_crashed, [story.__name__] * len(moments), moments, chunksize=4))
    assert [f"{each.name}: {each.violations[0]}" for each in [told, *crashed] if each.violations] == []
    assert len(crashed) > 10
