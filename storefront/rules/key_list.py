"""A list of licence keys as a creator pastes or uploads it: read whole, every line that cannot be taken named."""

import csv
import io
from collections.abc import Collection
from dataclasses import dataclass

LONGEST = 200
MOST = 5000
HEADS = frozenset({"key", "keys", "licence", "license", "licence key", "license key", "code", "serial"})


@dataclass(frozen=True)
class Line:
    """A key and the number of its line, from 1."""

    number: int
    key: str


@dataclass(frozen=True)
class Fault:
    """A line that cannot be taken, and why."""

    number: int
    sentence: str


@dataclass(frozen=True)
class Read:
    """The lines of a list, blank ones too; a head is left out."""

    lines: tuple[Line, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys, in their order; each once."""
        return tuple(dict.fromkeys(each.key for each in self.lines if each.key))

    def faults(self, known: Collection[str]) -> list[Fault]:
        """Blanks, keys that stand twice in the list or in the pool already, and what is no key."""
        first: dict[str, int] = {}
        found = []
        for line in self.lines:
            sentence = _fault(line, first, known)
            first.setdefault(line.key, line.number)
            if sentence:
                found.append(Fault(line.number, sentence))
        if not self.keys:
            found.append(Fault(1, "There is no key in it."))
        if len(self.keys) > MOST:
            found.append(Fault(MOST + 1, f"More than {MOST:,} keys at once: import them in parts."))
        return found

    def without_faults(self, known: Collection[str]) -> "Read":
        """Only what can be taken."""
        wrong = {each.number for each in self.faults(known)}
        return Read(tuple(each for each in self.lines if each.number not in wrong))


def _fault(line: Line, first: dict[str, int], known: Collection[str]) -> str:
    if not line.key:
        return "is blank"
    if line.key in first:
        return f"is the same key as line {first[line.key]}"
    if line.key in known:
        return "is a key that the pool has or had already"
    if len(line.key) > LONGEST:
        return f"has more than {LONGEST} characters"
    return "" if line.key.isprintable() else "has signs in it that cannot be printed"


def read(text: str) -> Read:
    """Read a list: one key a line, or a CSV file whose first column has them, with or without a head.

    A byte order mark and the blank end of a file are nothing.
    """
    rows = text.removeprefix("\ufeff").rstrip().splitlines()
    lines = [Line(number, _first_cell(row)) for number, row in enumerate(rows, 1)]
    if lines and lines[0].key.casefold() in HEADS:
        lines = lines[1:]
    return Read(tuple(lines))


def _first_cell(row: str) -> str:
    """A key with commas stands in quotes, as in any CSV file."""
    delimiter = ";" if ";" in row and "," not in row else ","
    cells = next(csv.reader(io.StringIO(row), delimiter=delimiter), [])
    return cells[0].strip() if cells else ""
