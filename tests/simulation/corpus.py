"""Histories that failed once: `make test` plays them again."""

import json
from pathlib import Path

from tests.simulation.history import History, Played

FOLDER = Path(__file__).with_name("histories")


def keep(went: Played) -> Path:
    """Write a failed history down, with what it broke."""
    FOLDER.mkdir(exist_ok=True)
    law = went.violations[0].split(":")[0].lower()
    path = FOLDER / f"{law}-{went.history.seed}.json"
    said = {"broke": went.violations[0], **went.history.to_json()}
    path.write_text(json.dumps(said) + "\n")
    return path


def kept() -> list[Path]:
    return sorted(FOLDER.glob("*.json"))


def load(path: Path) -> History:
    return History.from_json(json.loads(path.read_text()))
