"""A list of licence keys as a creator pastes or uploads it: read whole, every line that cannot be taken named."""

import codecs
import csv
import re
from collections.abc import Collection
from dataclasses import dataclass

LONGEST = 200
LONGEST_LINE = 10_000
MOST = 5000
HEADS = frozenset(
    f"{what}{s}"
    for what in (
        "key",
        "licence",
        "license",
        "licence key",
        "license key",
        "licencekey",
        "licensekey",
        "product key",
        "activation key",
        "activation code",
        "serial",
        "serial key",
        "serial number",
        "code",
    )
    for s in ("", "s")
)
LINE_END = re.compile(r"\r\n|\r|\n")
QUOTED = re.compile(r'"(?:[^"]|"")*"')
DELIMITER = re.compile(r"[,;\t]")


@dataclass(frozen=True)
class Line:
    """A key and the number of its line, from 1; `wrong`: why the line could not be read."""

    number: int
    key: str
    wrong: str = ""


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
        """Blanks, keys that stand twice in the list or in the pool already, what is no key, and what is too many."""
        first: dict[str, int] = {}
        found, good = [], 0
        for line in self.lines:
            sentence = _fault(line, first, known)
            first.setdefault(line.key, line.number)
            if not sentence:
                good += 1
                sentence = f"is beyond the {MOST:,} keys that are imported at once" if good > MOST else ""
            if sentence:
                found.append(Fault(line.number, sentence))
        if not self.lines:
            found.append(Fault(1, "is followed by no key"))
        return found

    def without_faults(self, known: Collection[str]) -> "Read":
        """Only what can be taken."""
        wrong = {each.number for each in self.faults(known)}
        return Read(tuple(each for each in self.lines if each.number not in wrong))


def _fault(line: Line, first: dict[str, int], known: Collection[str]) -> str:
    if line.wrong:
        return line.wrong
    if not line.key:
        return "is blank"
    if line.key in first:
        return f"is the same key as line {first[line.key]}"
    if line.key in known:
        return "is a key that the pool has or had already"
    if len(line.key) > LONGEST:
        return f"has more than {LONGEST} characters"
    return "" if line.key.isprintable() else "has signs in it that cannot be printed"


def decode(content: bytes) -> str | None:
    """The text of a file: UTF-8, or UTF-16 where it says so, as a spreadsheet saves “Unicode text”; None: neither."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if wide else "utf-8")
    except UnicodeDecodeError:
        return None


def read(text: str) -> Read:
    """Read a list: one key a line, or a CSV file whose first column has them, with or without a head.

    What parts the columns is said by the first line. A byte order mark and the blank end of a file are nothing.
    """
    rows = LINE_END.split(text.removeprefix("\ufeff").rstrip())
    delimiter, columns = _columns(rows[0])
    lines = [_line(number, row, delimiter, columns) for number, row in enumerate(rows, 1)]
    if _is_head(lines[0].key):
        lines = lines[1:]
    return Read(tuple(lines))


def _columns(row: str) -> tuple[str, int]:
    """The sign that parts the first column of the first line from the next, and how many there are."""
    bare = QUOTED.sub("", row)
    found = DELIMITER.search(bare)
    return (found[0], bare.count(found[0]) + 1) if found else (",", 1)


def _line(number: int, row: str, delimiter: str, columns: int) -> Line:
    """A key with commas stands in quotes, as in any CSV file; without them nobody knows where it ends."""
    if len(row) > LONGEST_LINE:
        return Line(number, "", f"has more than {LONGEST_LINE:,} characters")
    try:
        cells = next(csv.reader([row], delimiter=delimiter, strict=True), []) if row.count('"') % 2 == 0 else None
    except csv.Error:
        cells = None
    if cells is None:
        return Line(number, "", "has a quotation mark without its other half")
    if len(cells) > columns:
        return Line(number, "", "has more columns than the first line; a key with commas stands in quotes")
    return Line(number, cells[0].strip() if cells else "")


def _is_head(key: str) -> bool:
    return " ".join(re.split(r"[\s_:-]+", key)).strip().casefold() in HEADS
