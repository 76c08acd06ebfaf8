"""What stays of a letter for its reader's inbox: the words as they were sent, without links and without the foot."""

import re
from dataclasses import dataclass
from itertools import pairwise

from storefront.rules.letter_rows import LABELS
from storefront.rules.letter_words import COLUMNS

FOOT = re.compile(r"^-- ?$", re.MULTILINE)
ADDRESS = re.compile(r"https?://\S+")
INDENT = " " * LABELS


@dataclass(frozen=True)
class Part:
    """A paragraph, or `facts` in rows of label and text."""

    text: str = ""
    facts: tuple[tuple[str, str], ...] = ()


def kept(text: str) -> str:
    """A letter's text part as a row may keep it: addresses carry access and are derived, never stored.

    A line that only leads to an address (it ends with a colon) goes with it.
    """
    lines: list[str] = []
    for line in FOOT.split(text)[0].splitlines():
        if not ADDRESS.search(line):
            lines.append(line)
            continue
        rest = ADDRESS.sub("", line).strip()
        if rest:
            lines.append(rest)
        elif lines and lines[-1].endswith(":"):
            lines.pop()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def parts(body: str) -> list[Part]:
    """A kept letter as its page shows it. Lines that were broken at 72 columns are one paragraph again."""
    return [_part(block.splitlines()) for block in re.split(r"\n{2,}", body) if block.strip()]


def _part(lines: list[str]) -> Part:
    padded = any(line[LABELS - 2 : LABELS] == "  " for line in lines)  # no sentence has two blanks there
    if not (padded and all(_is_row(line) for line in lines)) or lines[0].startswith(INDENT):
        return Part(_joined([line.strip() for line in lines]))
    rows: list[tuple[str, str]] = []
    for line in lines:
        label, text = line[:LABELS].strip(), line[LABELS:].strip()
        if label or not rows:
            rows.append((label, text))
        else:
            rows[-1] = rows[-1][0], f"{rows[-1][1]} {text}"
    return Part(facts=tuple(rows))


def _joined(lines: list[str]) -> str:
    """Lines that were broken because the next word had no room are one again; others were meant."""
    text = lines[0]
    for before, line in pairwise(lines):
        broken = len(before) + 1 + len(line.split(maxsplit=1)[0]) > COLUMNS
        text += f"{' ' if broken else chr(10)}{line}"
    return text


def _is_row(line: str) -> bool:
    """A label, blanks up to the second column, and a text there: as letter_rows.rows_as_text sets it."""
    return len(line) > LABELS and line[LABELS - 1] == " " and line[LABELS] != " "
