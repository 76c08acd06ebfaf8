"""Words for days and parts of pages. A day always comes with its zone; day and month never part."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

NBSP = "\N{NO-BREAK SPACE}"
# Marks of the private use area, turned into markup by the `marked` filter, so that words stay plain strings.
DAY_OPEN, DAY_CLOSE, BOLD_OPEN, BOLD_CLOSE = "\ue000", "\ue001", "\ue002", "\ue003"
UNMARK = dict.fromkeys(map(ord, (DAY_OPEN, DAY_CLOSE, BOLD_OPEN, BOLD_CLOSE)))

NOUN = {"course": "course", "ebook": "e-book", "software": "software"}
THE_NOUN_OPENS = {"course": "the course opens", "ebook": "the e-book comes out", "software": "the software comes out"}
OPENS = {"course": "opens", "ebook": "comes out", "software": "comes out"}
KIND = {"course": "Course", "ebook": "E-book", "software": "Software"}


@dataclass(frozen=True)
class Day:
    """The day as a tear-off calendar shows it."""

    numeral: str
    weekday: str
    month_year: str
    time_zone: str
    iso: str
    at_latest: bool = False


@dataclass(frozen=True)
class Step:
    """A dot on the line: past, needs, day, future or if."""

    when: str
    text: str
    state: str
    aside: str = ""


@dataclass(frozen=True)
class Tier:
    """A rung of the ladder: gone, now, later or after."""

    name: str
    price: str
    state: str
    note: str = ""
    taken: int | None = None
    units: int | None = None
    left: str = ""
    bonus: str = ""


@dataclass(frozen=True)
class Countdown:
    """What is left until an instant; the server writes it, a script refreshes it."""

    iso: str
    days: int
    hours: int
    minutes: int


@dataclass(frozen=True)
class Note:
    """A box that tells one thing: news, needs or done."""

    kind: str
    title: str
    text: str


@dataclass(frozen=True)
class Telling:
    """A page's one true sentence, and what stands below it; `soon`: it is another one in seconds, so the page looks again."""

    sentence: str
    second: str
    tag: tuple[str, str] | None = None
    note: Note | None = None
    line: tuple[Step, ...] = field(default=())
    soon: bool = False


def red(text: str) -> str:
    """Mark the day."""
    return f"{DAY_OPEN}{text}{DAY_CLOSE}"


def bold(text: str) -> str:
    """Mark what is about money."""
    return f"{BOLD_OPEN}{text}{BOLD_CLOSE}"


def plain(text: str) -> str:
    """The words without their marks."""
    return text.translate(UNMARK)


def _told(at: datetime, zone: str, pattern: str) -> str:
    return _said(at.astimezone(UTC), zone, pattern)  # 02:30 comes twice in a zone, and Python calls both the same


@lru_cache(maxsize=4096)
def _said(at: datetime, zone: str, pattern: str) -> str:
    return str(format_datetime(at.astimezone(ZoneInfo(zone)), pattern, locale="en")).replace("~", NBSP)


def day_month(at: datetime, zone: str) -> str:
    """12 May."""
    return _told(at, zone, "d~MMMM")


def day_month_year(at: datetime, zone: str) -> str:
    """12 May 2027."""
    return _told(at, zone, "d~MMMM y")


def month_year(at: datetime) -> str:
    """May 2027, as UTC counts: what stands on a card."""
    return _told(at, "UTC", "MMMM y")


def weekday_day(at: datetime, zone: str) -> str:
    """Wednesday 12 May."""
    return _told(at, zone, "EEEE d~MMMM")


def short_weekday_day(at: datetime, zone: str) -> str:
    """Wed 12 May."""
    return _told(at, zone, "EEE d~MMM")


def clock(at: datetime, zone: str) -> str:
    """10:00."""
    return _told(at, zone, "HH:mm")


def day_clock(at: datetime, zone: str) -> str:
    """10 May, 10:00."""
    return _told(at, zone, "d~MMMM, HH:mm")


def place(zone: str) -> str:
    """The zone as people say it: "in Berlin", "UTC"."""
    return "UTC" if zone in {"UTC", "Etc/UTC"} else f"in {zone.rsplit('/', 1)[-1].replace('_', ' ')}"


def offset(at: datetime, zone: str) -> str:
    """The zone's distance from UTC at that instant: UTC+2, UTC-3:30."""
    minutes = int((at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()).total_seconds() // 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")


def clock_place(at: datetime, zone: str) -> str:
    """10:00 in Berlin (UTC+2)."""
    where = place(zone)
    return f"{clock(at, zone)} {where}" + ("" if where == "UTC" else f" ({offset(at, zone)})")


def weekday_clock_place(at: datetime, zone: str) -> str:
    """Wednesday 12 May, 10:00 in Berlin."""
    return f"{weekday_day(at, zone)}, {clock(at, zone)} {place(zone)}"


def full(at: datetime, zone: str) -> str:
    """Wednesday 12 May 2027, 10:00 in Berlin (UTC+2): for letters and promises."""
    return f"{_told(at, zone, 'EEEE d~MMMM y')}, {clock_place(at, zone)}"


def day(at: datetime, zone: str, *, at_latest: bool = False) -> Day:
    """The day of an instant, told in a zone."""
    return Day(
        numeral=_told(at, zone, "d"),
        weekday=_told(at, zone, "EEEE"),
        month_year=_told(at, zone, "MMMM y"),
        time_zone=clock_place(at, zone),
        iso=at.isoformat(),
        at_latest=at_latest,
    )


def countdown(at: datetime, now: datetime) -> Countdown | None:
    """The time left, or None once the instant has come."""
    if at <= now:
        return None
    minutes = int((at - now).total_seconds() // 60)
    return Countdown(at.isoformat(), minutes // 1440, minutes // 60 % 24, minutes % 60)


def left(at: datetime, now: datetime) -> str:
    """How long until then, in two units: "25 days 18 h", "18 h 4 min", "3 min"."""
    told = countdown(at, now)
    if told is None:
        return "now"
    if told.days:
        return f"{told.days} {'day' if told.days == 1 else 'days'} {told.hours} h"
    return f"{told.hours} h {told.minutes} min" if told.hours else f"{told.minutes} min"


def masked(email: str) -> str:
    """An address that its owner recognises and a stranger does not: m…@posteo.de."""
    name, _, host = email.partition("@")
    return f"{name[:1]}…@{host}"


def calendar_entry(*, uid: str, title: str, url: str, at: datetime, version: int, now: datetime) -> str:
    """An iCalendar file (RFC 5545) with one entry; a later version replaces an earlier one in the calendar."""

    def stamp(instant: datetime) -> str:
        return instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")

    safe = title.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//storefront//launch//EN",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"SEQUENCE:{version}",
        f"DTSTAMP:{stamp(now)}",
        f"DTSTART:{stamp(at)}",
        "DURATION:PT15M",
        f"SUMMARY:{safe}",
        f"URL:{url}",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    return "\r\n".join(lines)
