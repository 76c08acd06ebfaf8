"""What was measured: one line a figure, `name value unit (floor …, ratio …)`, and the same in bench.json."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """A number beside its floor (what it is compared with). `goal` is where the ratio should be: `at_least` or below.

    `met` None: there is no goal for this one. `most_more`: a goal told as a difference, in the figure's unit.
    """

    name: str
    value: float
    unit: str
    floor: float | None = None
    goal: float | None = None
    at_least: bool = True
    most_more: float | None = None

    @property
    def ratio(self) -> float | None:
        """How it stands to its floor."""
        return self.value / self.floor if self.floor else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached."""
        if self.most_more is not None:
            return self.value - (self.floor or 0) <= self.most_more
        if self.goal is None or self.ratio is None:
            return None
        return self.ratio >= self.goal if self.at_least else self.ratio <= self.goal

    @property
    def line(self) -> str:
        """As it is printed."""
        floor = "-" if self.floor is None else f"{self.floor:.2f}"
        ratio = "-" if self.ratio is None else f"{self.ratio:.2f}"
        return f"{self.name} {self.value:.2f} {self.unit} (floor {floor}, ratio {ratio})"

    @property
    def missed(self) -> str:
        """Which goal it misses, in words; "" where it misses none."""
        if self.met is not False:
            return ""
        if self.most_more is not None:
            return f"missed: {self.name} should be at most {self.most_more:g} {self.unit} above its floor"
        return f"missed: {self.name} should have a ratio of at {'least' if self.at_least else 'most'} {self.goal:g}"


def keep(figures: Iterable[Figure], path: Path) -> None:
    """Write them all, as a list of objects."""
    rows = [asdict(each) | {"ratio": each.ratio, "met": each.met} for each in figures]
    path.write_text(json.dumps(rows, indent=1) + "\n")
