"""All launches ahead on one axis of time: where each mark stands, in hundredths of its width."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from storefront.rules import charge, words

WEEK = timedelta(days=7)
SHORTEST = 4 * WEEK
STEPS = (1, 2, 4, 8, 13)
MOST_TICKS = 9
# The rest is for the words beside the last day.
WIDTH = 91.0


@dataclass(frozen=True)
class Planned:
    """A launch to be drawn: `steps` are the moments at which its price changes."""

    title: str
    slug: str
    second: str
    at: datetime
    zone: str
    steps: Sequence[datetime] = ()


@dataclass(frozen=True)
class Row:
    """A launch on the axis: the day's place, its numeral and clock, and the marks before it."""

    title: str
    slug: str
    second: str
    day: float
    numeral: str
    clock: str
    preflight: float | None
    steps: tuple[float, ...]


@dataclass(frozen=True)
class Axis:
    """Ticks with their words, today's place, a row for each launch."""

    ticks: tuple[tuple[float, str], ...]
    today: float
    today_words: str
    rows: tuple[Row, ...]


def axis(planned: Sequence[Planned], now: datetime) -> Axis:
    """Lay out launches in order of time; the zone of the first one is the axis's."""
    zone = planned[0].zone
    start, step, count = _scale(now, max(each.at for each in planned), zone)
    span = count * step

    def place(at: datetime) -> float:
        return round(min(max((at - start) / span, 0), 1) * WIDTH, 2)

    ticks = tuple((place(start + i * step), words.day_month(start + i * step, zone)) for i in range(count))
    rows = tuple(_row(each, place, now) for each in planned)
    return Axis(ticks, place(now), f"today, {words.day_month(now, zone)}", rows)


def _scale(now: datetime, last: datetime, zone: str) -> tuple[datetime, timedelta, int]:
    """Where the axis starts (a Monday), how far its ticks are apart, and how many there are."""
    today = now.astimezone(ZoneInfo(zone)).date()
    start = _midnight(today - timedelta(days=today.weekday()), zone)
    span = max(last - start, SHORTEST)
    weeks = next((each for each in STEPS if span / (each * WEEK) < MOST_TICKS), STEPS[-1])
    return start, weeks * WEEK, int(span / (weeks * WEEK)) + 1


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))


def _row(planned: Planned, place: Callable[[datetime], float], now: datetime) -> Row:
    asked = charge.preflight_at(planned.at)
    return Row(
        title=planned.title,
        slug=planned.slug,
        second=planned.second,
        day=place(planned.at),
        numeral=words.day(planned.at, planned.zone).numeral,
        clock=words.clock(planned.at, planned.zone),
        preflight=place(asked) if asked > now else None,
        steps=tuple(place(each) for each in planned.steps if now < each < planned.at),
    )
