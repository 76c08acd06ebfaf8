"""Find what catches each planted bug, and keep it: `python -m tests.simulation.teeth [part of a name]`.

A story that is told to its end, where that is enough; else the first seed whose history catches it, shrunk.
"""

import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

from tests.simulation.bugs import BUGS
from tests.simulation.crashes import tell
from tests.simulation.history import History, draw, play
from tests.simulation.planting import Bug, planted
from tests.simulation.scenes import SCENES
from tests.simulation.scenes_banks import SCENES as BANKS
from tests.simulation.scenes_channels import SCENES as CHANNELS
from tests.simulation.scenes_delays import SCENES as DELAYS
from tests.simulation.scenes_ends import SCENES as ENDS
from tests.simulation.scenes_stock import SCENES as STOCK
from tests.simulation.shrink import shrink
from tests.simulation.stories import STORIES

FOLDER = Path(__file__).with_name("teeth")
SEEDS = 100
SECONDS = 20
SCENERY = [*STORIES, *SCENES, *DELAYS, *STOCK, *ENDS, *BANKS, *CHANNELS]
TOLD = {each.__name__: each for each in SCENERY}
assert len(TOLD) == len(SCENERY), "each story has a name of its own"


def path_of(bug: Bug) -> Path:
    return FOLDER / f"{re.sub('[^a-z]+', '-', bug.name.lower()).strip('-')}.json"


def again(kept: dict[str, Any]) -> list[str]:
    """What is broken when that story, or that history, is played now."""
    if "story" in kept:
        return tell(TOLD[kept["story"]]).violations
    return play(History.from_json(kept)).violations


@cache
def _clean(kept: str) -> list[str]:
    """A story that several bugs spoil is told once without."""
    return again(json.loads(kept))


def bite(name: str) -> tuple[list[str], list[str]]:
    """What is broken without a bug, and with it."""
    bug = next(each for each in BUGS if each.name == name)
    kept = json.loads(path_of(bug).read_text())
    kept.pop("caught")
    without = _clean(json.dumps(kept))
    with planted(bug):
        return without, again(kept)


def find(bug: Bug) -> dict[str, Any] | None:
    with planted(bug):
        return _in_a_story() or _in_a_history()


def _in_a_story() -> dict[str, Any] | None:
    for name, story in TOLD.items():
        violations = tell(story).violations
        if violations:
            return {"caught": violations[0], "story": name}
    return None


def _in_a_history() -> dict[str, Any] | None:
    """Most bugs show before a history has to become quiet."""
    for drained in (False, True):
        for seed in range(SEEDS):
            went = play(draw(seed), drained=drained)
            if went.violations:
                small = shrink(went, SECONDS)
                return {"caught": small.violations[0], **small.history.to_json()}
    return None


def main() -> int:
    """Those that have none yet, or whose name has the given part."""
    FOLDER.mkdir(exist_ok=True)
    part = sys.argv[1] if len(sys.argv) > 1 else ""
    missing = 0
    for bug in BUGS:
        if (part not in bug.name) if part else path_of(bug).exists():
            continue
        found = find(bug)
        if found is None:
            missing += 1
            print(f"{bug.name}: not caught", flush=True)
            continue
        path_of(bug).write_text(json.dumps(found) + "\n")
        print(f"{bug.name} ({bug.breaks}): {found['caught'][:90]}", flush=True)
    return missing


if __name__ == "__main__":
    sys.exit(main())
