"""The shop's clock: wall time, ahead by what its file says, and moved forward only where money is play money."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.clock import Clock, parse_span

SLACK = timedelta(seconds=30)


def test_without_a_file_it_is_wall_time() -> None:
    assert abs(Clock().now() - datetime.now(UTC)) < SLACK
    assert Clock().now().tzinfo is UTC


def test_a_live_shops_clock_cannot_be_moved() -> None:
    with pytest.raises(ValueError, match="only with a sandbox key"):
        Clock().advance(timedelta(days=1))


def test_steps_add_up_and_every_process_sees_them(tmp_path: Path) -> None:
    here, there = Clock(tmp_path / "clock"), Clock(tmp_path / "clock")
    assert here.offset() == timedelta()
    here.advance(timedelta(days=6))
    told = there.advance(timedelta(hours=1))
    assert here.offset() == timedelta(days=6, hours=1)
    assert abs(told - datetime.now(UTC) - timedelta(days=6, hours=1)) < SLACK
    assert [each.name for each in tmp_path.iterdir()] == ["clock"]


def test_it_never_goes_back(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock")
    with pytest.raises(ValueError, match="forward only"):
        clock.advance(timedelta(seconds=-1))
    assert clock.offset() == timedelta()


def test_an_empty_file_is_no_step(tmp_path: Path) -> None:
    (tmp_path / "clock").touch()
    assert Clock(tmp_path / "clock").offset() == timedelta()


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("6d", timedelta(days=6)),
        ("36h", timedelta(hours=36)),
        ("1d12h30m5s", timedelta(days=1, hours=12, minutes=30, seconds=5)),
        ("0s", timedelta()),
    ],
)
def test_spans_are_read(text: str, span: timedelta) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize(
    "text", ["", "6", "d", "6 d", "-6d", "6w", "1.5h", "6d!", "d6", "9" * 12 + "d", "9" * 5000 + "s"]
)
def test_what_is_no_span_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="is no span"):
        parse_span(text)


@given(st.integers(0, 999), st.integers(0, 99), st.integers(0, 99))
def test_any_span_reads_back(days: int, hours: int, minutes: int) -> None:
    assert parse_span(f"{days}d{hours}h{minutes}m") == timedelta(days=days, hours=hours, minutes=minutes)
