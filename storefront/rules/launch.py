"""The instant that was meant: wall time, zone, and what the clocks do to them (reliability.md T5)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

NOTICE = timedelta(hours=24)
FURTHEST = timedelta(days=365)
LATE_AFTER = timedelta(minutes=5)


@dataclass(frozen=True)
class Moment:
    """An instant with the wall time (naive) and IANA zone that were meant."""

    at: datetime
    wall: datetime
    zone: str


@dataclass(frozen=True)
class Missing:
    """A wall time that the clocks skip; `after` is the first that exists again."""

    after: datetime


@dataclass(frozen=True)
class Ambiguous:
    """A wall time that happens twice, and the two moments it could mean."""

    first: Moment
    second: Moment


@dataclass(frozen=True)
class Refused:
    """A date that may not be set, and the sentence that says why."""

    code: str
    sentence: str


def resolve(wall: datetime, zone: str, fold: int | None = None) -> Moment | Missing | Ambiguous | Refused:
    """The instant of a wall time in a zone; a skipped one is refused, a doubled one asked unless `fold` says which."""
    if zone not in available_timezones():
        return Refused("unknown_zone", f"There is no time zone {zone!r}. Write it like Europe/Berlin.")
    first, second = (wall.replace(tzinfo=ZoneInfo(zone), fold=f) for f in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return Moment(first.astimezone(UTC), wall, zone)
    if first.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall:
        return Missing(_first_after_gap(wall, zone))
    moments = tuple(Moment(w.astimezone(UTC), wall, zone) for w in (first, second))
    return Ambiguous(*moments) if fold is None else moments[fold]


def _first_after_gap(wall: datetime, zone: str) -> datetime:
    """The first wall time after `wall` that the clocks show."""
    while not _exists(wall, zone):
        wall += timedelta(minutes=1)
    return wall


def _exists(wall: datetime, zone: str) -> bool:
    local = wall.replace(tzinfo=ZoneInfo(zone))
    return local.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall


def moment_at(at: datetime, zone: str) -> Moment:
    """The moment of an instant, told in a zone."""
    return Moment(at, at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0), zone)


def refuse_first_date(new: datetime, now: datetime) -> Refused | None:
    """Why a first date (nobody has ordered yet) may not be set; None when it may."""
    if new <= now:
        return Refused("in_the_past", "That moment has passed. Choose one that is still to come.")
    if new > now + FURTHEST:
        return Refused("too_far", "That is more than a year away. A pre-order is sold for at most 365 days ahead.")
    return None


def refuse_move(old: datetime | None, new: datetime | None, *, now: datetime, held_up: bool = False) -> Refused | None:
    """Why a promised launch may not move from `old` to `new`, each None for no date; None when it may.

    What the move means for each order is said by `rules.delay`; here is only what no buyer could agree to. One that was
    `held_up` when its moment came may move after it: that is a notice told late.
    """
    if old is not None and now >= old and not held_up:
        return Refused("launch_due", "The launch is due already; a date can be moved only before it comes.")
    if new == old:
        return Refused("same_date", "That is the date it already has." if new else "It has no date already.")
    if new is None:
        return None
    if new < now + NOTICE:
        return Refused("too_soon", "Buyers are told at least 24 hours ahead. Choose a moment after that.")
    if new > now + FURTHEST:
        return Refused(
            "too_far", "That is more than a year away. Choose a nearer day, or say that there is no day yet."
        )
    return None
