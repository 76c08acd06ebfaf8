"""Setting a title in lines that fit: first smaller, then hyphenated, never cut off while it can be read."""

import unicodedata
from typing import NamedTuple

from storefront.outside.outlines import Face

LEADING = 1.02
# The share of the first size at which a long word is rather hyphenated than set smaller still.
RATHER_HYPHENATE = 0.62
STEP, SMALLEST = 0.95, 11.0
LEAST_PART = 3
VOWELS = frozenset("aeiouyäöüáéíóúàèìòùâêîôûæøåœëïÿý")
INSEPARABLE = frozenset(("ch", "ck", "ph", "sh", "th", "qu"))


class Setting(NamedTuple):
    """Lines and their size."""

    lines: list[str]
    size: float


def set_title(serif: Face, title: str, width: float, height: float, size: float) -> Setting:
    """The largest setting that fits into a box; words are hyphenated once they would get too small."""
    whole = size
    while whole > size * RATHER_HYPHENATE:
        lines = _wrapped(serif, _pieces(title), width, whole)
        if _fits(serif, lines, width, height, whole):
            return Setting(lines, whole)
        whole *= STEP
    return _hyphenated(serif, title, width, height, size * 0.8)


def measured(face: Face, text: str, size: float) -> float:
    """A text's width; guessed where the face lacks the script (wide letters count a full square)."""
    if face.covers(text):
        return face.width(text, size)
    return sum(1.0 if unicodedata.east_asian_width(one) in "WF" else 0.6 for one in text) * size


def _hyphenated(serif: Face, title: str, width: float, height: float, size: float) -> Setting:
    while True:
        words = [part for word in _pieces(title) for part in _parts(serif, word, width, size)]
        lines = _wrapped(serif, words, width, size)
        if _fits(serif, lines, width, height, size):
            return Setting(lines, size)
        if size < SMALLEST:
            return Setting(_cut(lines, height, size), size)
        size *= STEP


def _fits(serif: Face, lines: list[str], width: float, height: float, size: float) -> bool:
    tall = serif.cap_height * size + (len(lines) - 1) * size * LEADING
    return tall <= height and all(measured(serif, line, size) <= width for line in lines)


def _cut(lines: list[str], height: float, size: float) -> list[str]:
    kept = lines[: max(1, int(height / (size * LEADING)))]
    return kept if len(kept) == len(lines) else [*kept[:-1], f"{kept[-1][:-1].rstrip()}…"]


def _pieces(title: str) -> list[str]:
    """What may stand on a line of its own: words, and each letter of a script that knows no spaces."""
    pieces: list[str] = []
    for word in title.split(" "):
        wide = [one for one in word if unicodedata.east_asian_width(one) in "WF"]
        pieces += [f"{letter}\0" for letter in word[:-1]] + [word[-1]] if wide else [word]
    return [piece for piece in pieces if piece]


def _wrapped(serif: Face, pieces: list[str], width: float, size: float) -> list[str]:
    """Fill line by line. A piece that ends in a zero or in a broken word's hyphen is joined without a space."""
    lines: list[str] = []
    for piece in pieces:
        joined = _joined(lines[-1], piece) if lines else ""
        if joined and measured(serif, _shown(joined), size) <= width:
            lines[-1] = joined
        else:
            lines.append(piece)
    return [_shown(line) for line in lines]


def _joined(line: str, piece: str) -> str:
    if line.endswith("\1"):
        return line[:-2] + piece
    return line[:-1] + piece if line.endswith("\0") else f"{line} {piece}"


def _shown(line: str) -> str:
    return line.rstrip("\0\1")


def _parts(serif: Face, word: str, width: float, size: float) -> list[str]:
    """A word in parts that each fit the line; a broken part ends in a hyphen and a mark that it is one."""
    parts: list[str] = []
    while measured(serif, _shown(word), size) > width and len(word) > 2 * LEAST_PART:
        at = _break_at(serif, word, width, size)
        parts.append(word[:at] if word[at - 1] == "-" else f"{word[:at]}-\1")
        word = word[at:]
    return [*parts, word]


def _break_at(serif: Face, word: str, width: float, size: float) -> int:
    """The last good place before the line's end: after a hyphen, else where a syllable begins, else anywhere."""
    room = [
        at for at in range(LEAST_PART, len(word) - LEAST_PART + 1) if measured(serif, f"{word[:at]}-", size) <= width
    ] or [LEAST_PART]
    hyphens = [at for at in room if word[at - 1] == "-"]
    return (hyphens or [at for at in room if _begins_syllable(word, at)] or room)[-1]


def _begins_syllable(word: str, at: int) -> bool:
    """A consonant that a vowel follows begins a syllable, in most languages that are written so."""
    if word[at - 1 : at + 1].lower() in INSEPARABLE:
        return False
    return word[at].lower() not in VOWELS and word[at : at + 2][-1].lower() in VOWELS
