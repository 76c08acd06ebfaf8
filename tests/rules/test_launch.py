"""The moment that was meant: zones, skipped and doubled hours, and which dates may be set."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storefront.rules.launch import (
    Ambiguous,
    Missing,
    Moment,
    Refused,
    moment_at,
    refuse_first_date,
    refuse_move,
    resolve,
)

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
OLD = NOW + timedelta(days=20)
SECOND = timedelta(seconds=1)
ZONES = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC", "Pacific/Apia"]
)


def test_a_wall_time_becomes_an_instant() -> None:
    wall = datetime(2027, 5, 12, 10)  # noqa: DTZ001 (a wall time)
    moment = resolve(wall, "Europe/Berlin")
    assert moment == Moment(datetime(2027, 5, 12, 8, tzinfo=UTC), wall, "Europe/Berlin")


@pytest.mark.parametrize(
    ("zone", "skipped", "after"),
    [
        ("Europe/Berlin", (2027, 3, 28, 2, 30), (2027, 3, 28, 3, 0)),
        ("America/New_York", (2027, 3, 14, 2, 0), (2027, 3, 14, 3, 0)),
        ("Australia/Lord_Howe", (2027, 10, 3, 2, 10), (2027, 10, 3, 2, 30)),
        ("Pacific/Apia", (2011, 12, 30, 10, 0), (2011, 12, 31, 0, 0)),
    ],
)
def test_a_time_that_the_clocks_skip_is_refused_and_the_next_is_named(
    zone: str, skipped: tuple[int, ...], after: tuple[int, ...]
) -> None:
    assert resolve(datetime(*skipped), zone) == Missing(datetime(*after))  # type: ignore[arg-type]  # noqa: DTZ001


def test_a_time_that_happens_twice_is_asked_and_the_answer_kept() -> None:
    wall = datetime(2026, 10, 25, 2, 30)  # noqa: DTZ001 (a wall time)
    asked = resolve(wall, "Europe/Berlin")
    assert isinstance(asked, Ambiguous)
    assert asked.second.at - asked.first.at == timedelta(hours=1)
    assert resolve(wall, "Europe/Berlin", fold=0) == asked.first
    assert resolve(wall, "Europe/Berlin", fold=1) == asked.second


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "europe/berlin", "CEST"])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    told = resolve(datetime(2027, 5, 12, 10), zone)  # noqa: DTZ001 (a wall time)
    assert isinstance(told, Refused)
    assert told.code == "unknown_zone"


@given(st.datetimes(datetime(2025, 1, 1), datetime(2031, 1, 1)), ZONES)  # noqa: DTZ001 (drawn as wall times)
@settings(max_examples=80)
def test_whatever_is_meant_is_shown_again(wall: datetime, zone: str) -> None:
    wall = wall.replace(second=0, microsecond=0)
    found = resolve(wall, zone)
    for moment in (found.first, found.second) if isinstance(found, Ambiguous) else (found,):
        if isinstance(moment, Moment):
            assert moment.at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall
            assert moment_at(moment.at, zone).wall == wall
            assert moment_at(moment.at, zone).at == moment.at
        else:
            assert isinstance(moment, Missing)
            assert wall < moment.after


def code(refused: Refused | None) -> str:
    return refused.code if refused else ""


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (NOW, "in_the_past"),
        (NOW + SECOND, ""),
        (NOW + timedelta(days=365), ""),
        (NOW + timedelta(days=365) + SECOND, "too_far"),
    ],
)
def test_a_first_date_lies_within_a_year(new: datetime, expected: str) -> None:
    assert code(refuse_first_date(new, NOW)) == expected


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (OLD + timedelta(days=30) + SECOND, ""),
        (None, ""),
        (NOW + timedelta(days=365), ""),
        (NOW + timedelta(days=365) + SECOND, "too_far"),
        (NOW + timedelta(hours=24), ""),
        (NOW + timedelta(hours=24) - SECOND, "too_soon"),
        (OLD, "same_date"),
    ],
)
def test_a_promised_launch_moves_with_24_hours_notice_within_a_year(new: datetime | None, expected: str) -> None:
    assert code(refuse_move(OLD, new, now=NOW)) == expected


def test_a_launch_without_a_day_gets_one_and_loses_none() -> None:
    assert refuse_move(None, NOW + timedelta(days=3), now=NOW) is None
    assert code(refuse_move(None, None, now=NOW)) == "same_date"


@given(st.timedeltas(timedelta(days=-60), timedelta(days=60)))
@settings(max_examples=40)
def test_nothing_moves_once_the_moment_has_come(by: timedelta) -> None:
    assert code(refuse_move(OLD, OLD + by, now=OLD)) == "launch_due"


def test_a_refusal_is_a_sentence() -> None:
    told = refuse_move(OLD, NOW, now=NOW)
    assert told is not None
    assert told.sentence.endswith(".")
