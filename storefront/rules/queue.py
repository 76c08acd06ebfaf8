"""The queue: how long a place in it usually takes, learned from past restocks. It says nothing when it cannot know."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from storefront.rules import charge

DAY = timedelta(days=1)
FEWEST = 3


@dataclass(frozen=True)
class Restocked:
    """Units that came back at an instant."""

    at: datetime
    units: int


@dataclass(frozen=True)
class Usually:
    """From so many whole days to so many, counted from now."""

    least: int
    most: int


def usually(past: Sequence[Restocked], place: int, now: datetime) -> Usually | None:
    """How long `place` (from 1) usually waits from now on; `past` in the order of time.

    After each past restock: how long until the following ones had brought so many units. Fewer than three such spans
    say nothing, and so does a wait that is longer already than any of them.
    """
    spans = [span for i in range(len(past)) if (span := _until_served(past, i, place)) is not None]
    if len(spans) < FEWEST:
        return None
    gone = now - past[-1].at
    least, most = max(min(spans) - gone, timedelta()), max(spans) - gone
    if most <= timedelta():
        return None
    return Usually(int(least / DAY), max(ceil(most / DAY), 1))


def _until_served(past: Sequence[Restocked], start: int, place: int) -> timedelta | None:
    """From one restock until the following ones came to `place` units; None where they have not."""
    came = 0
    for each in past[start + 1 :]:
        came += each.units
        if came >= place:
            return each.at - past[start].at
    return None


def card_ends(until: datetime | None, by: datetime | None, now: datetime) -> bool:
    """Whether a saved card may be too old at its turn: it ends within four weeks, and not after the latest date.

    `by` None: no latest date.
    """
    return until is not None and until <= now + charge.CARD_ENDS_WITHIN and (by is None or until <= by)


def words(told: Usually | None) -> str:
    """As in: usually in 6 to 14 days; "" where nothing is known."""
    if told is None:
        return ""
    if told.most in {told.least, 1}:
        return f"usually within {told.most} {'day' if told.most == 1 else 'days'}"
    return f"usually in {told.least} to {told.most} days"
