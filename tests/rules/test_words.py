"""Days come with their zone; day and month never part; marks leave nothing behind."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storefront.rules import words
from storefront.rules.words import NBSP

AT = datetime(2027, 5, 12, 8, tzinfo=UTC)
ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "America/St_Johns", "UTC"])
INSTANTS = st.datetimes(datetime(2025, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def test_days_are_told_in_a_zone() -> None:
    told = {
        words.day_month: f"12{NBSP}May",
        words.day_month_year: f"12{NBSP}May 2027",
        words.weekday_day: f"Wednesday 12{NBSP}May",
        words.short_weekday_day: f"Wed 12{NBSP}May",
        words.clock: "10:00",
        words.day_clock: f"12{NBSP}May, 10:00",
        words.weekday_clock_place: f"Wednesday 12{NBSP}May, 10:00 in Berlin",
        words.full: f"Wednesday 12{NBSP}May 2027, 10:00 in Berlin (UTC+2)",
    }
    assert {verb: verb(AT, "Europe/Berlin") for verb in told} == told


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("UTC", "08:00 UTC"),
        ("America/New_York", "04:00 in New York (UTC-4)"),
        ("Asia/Kathmandu", "13:45 in Kathmandu (UTC+5:45)"),
        ("America/St_Johns", "05:30 in St Johns (UTC-2:30)"),
    ],
)
def test_a_zone_is_told_by_its_place_and_its_distance(zone: str, said: str) -> None:
    assert words.clock_place(AT, zone) == said


def test_the_distance_is_the_one_of_that_day() -> None:
    winter = datetime(2027, 1, 12, 8, tzinfo=UTC)
    assert words.offset(AT, "Europe/Berlin") == "UTC+2"
    assert words.offset(winter, "Europe/Berlin") == "UTC+1"


@given(INSTANTS, ZONES)
@settings(max_examples=40)
def test_no_day_parts_from_its_month(at: datetime, zone: str) -> None:
    for told in (words.full(at, zone), words.day_month(at, zone), words.weekday_day(at, zone)):
        assert NBSP in told
        assert "~" not in told
    day = words.day(at, zone)
    assert (day.numeral, day.iso) == (words.day_month(at, zone).split(NBSP)[0], at.isoformat())


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(days=25, hours=18), "25 days 18 h"),
        (timedelta(days=1, hours=1), "1 day 1 h"),
        (timedelta(hours=18, minutes=4), "18 h 4 min"),
        (timedelta(minutes=3, seconds=59), "3 min"),
        (timedelta(), "now"),
        (timedelta(seconds=-1), "now"),
    ],
)
def test_what_is_left_is_told_in_two_units(span: timedelta, said: str) -> None:
    assert words.left(AT + span, AT) == said
    assert (words.countdown(AT + span, AT) is None) == (said == "now")


@given(st.text(st.characters(blacklist_categories=("Co", "Cs"))))
@settings(max_examples=40)
def test_marks_come_off_again(text: str) -> None:
    assert words.plain(words.red(text) + words.bold(text)) == text + text


@pytest.mark.parametrize(("email", "said"), [("miriam@posteo.de", "m…@posteo.de"), ("a@b.de", "a…@b.de"), ("", "…@")])
def test_an_address_is_known_to_its_owner_only(email: str, said: str) -> None:
    assert words.masked(email) == said


def test_a_calendar_entry_is_whole_and_a_later_one_replaces_it() -> None:
    told = words.calendar_entry(
        uid="launch-1@shop.example", title="One; two, three\\", url="https://shop.example/p/x", at=AT, version=2, now=AT
    )
    lines = told.split("\r\n")
    assert "\n" not in told.replace("\r\n", "")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert "DTSTART:20270512T080000Z" in lines
    assert "SEQUENCE:2" in lines
    assert "SUMMARY:One\\; two\\, three\\\\" in lines
