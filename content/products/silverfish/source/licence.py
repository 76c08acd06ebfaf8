"""The licence key: its form is checked here, on this machine, and nobody is called.

A key is sixteen characters in four groups of four, XXXX-XXXX-XXXX-XXXX, from an alphabet of 32
that leaves out what is easily misread (I, O, 0 and 1):

    ABCDEFGHJKLMNPQRSTUVWXYZ23456789        A has the index 0, 9 has the index 31

Fifteen characters are free. The sixteenth is the check character: its index is the sum, modulo
32, of index times position over the fifteen, positions counted from 1. So every swap of two
neighbours is noticed, and 96 of 100 single slips.

>>> check_character("AAAAAAAAAAAAAAB")
'R'
>>> plain("aaaa-aaaa-aaaa-aabr")
'AAAA-AAAA-AAAA-AABR'
"""

import os
from pathlib import Path

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
FREE = 15


class BadKeyError(Exception):
    """A key that is none, with a sentence about what is wrong with it."""


def check_character(free: str) -> str:
    """Return the sixteenth character for fifteen free ones."""
    total = sum(ALPHABET.index(c) * place for place, c in enumerate(free, start=1))
    return ALPHABET[total % len(ALPHABET)]


def plain(key: str) -> str:
    """Return the key as it is printed, whatever case, spaces and hyphens it was typed with."""
    typed = "".join(key.split()).replace("-", "").upper()
    strange = sorted(set(typed) - set(ALPHABET))
    if strange:
        raise BadKeyError(f"A licence key has no {' or '.join(strange)}.")
    if len(typed) != FREE + 1:
        raise BadKeyError(f"A licence key has 16 letters and digits, this one {len(typed)}.")
    if check_character(typed[:FREE]) != typed[FREE]:
        raise BadKeyError("This licence key is mistyped somewhere. Please compare it.")
    return "-".join(typed[i : i + 4] for i in range(0, FREE + 1, 4))


def place() -> Path:
    """Return where the key is remembered."""
    settings = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(settings, "silverfish", "licence")


def remember(key: str) -> None:
    """Keep a good key for the next time."""
    good = plain(key)
    place().parent.mkdir(parents=True, exist_ok=True)
    place().write_text(f"{good}\n", encoding="utf-8")


def known() -> bool:
    """Say whether a good key was given before."""
    try:
        plain(place().read_text(encoding="utf-8"))
    except (OSError, ValueError, BadKeyError):
        return False
    return True
