"""Counting presses: a moving window for each address, and what is over is forgotten."""

import time
from unittest.mock import Mock

import pytest
from limits import parse
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from storefront.web.recent import FEW, Recent

LIMIT = parse("3/minute")


class Hands:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = 1_900_000_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    made = Hands()
    monkeypatch.setattr(time, "time", made)
    return made


@pytest.fixture
def counted() -> Recent:
    made = storage_from_string("recent://")
    assert isinstance(made, Recent)
    return made


def test_a_window_moves_with_each_press(hands: Hands, counted: Recent) -> None:
    limiter = MovingWindowRateLimiter(counted)
    for wait, may in ((0, True), (20, True), (20, True), (19, False), (2, True), (1, False), (20, True)):
        hands.at += wait
        assert limiter.hit(LIMIT, "127.0.0.1") is may, hands.at
    assert limiter.hit(LIMIT, "127.0.0.2")
    assert limiter.get_window_stats(LIMIT, "127.0.0.1").remaining == 0
    hands.at += 61
    assert limiter.get_window_stats(LIMIT, "127.0.0.1").remaining == LIMIT.amount


def test_more_at_once_than_the_limit_are_refused_and_not_counted(hands: Hands, counted: Recent) -> None:
    assert not counted.acquire_entry("one", 3, 60, amount=4)
    assert counted.acquire_entry("one", 3, 60, amount=3)
    assert not counted.acquire_entry("one", 3, 60)
    assert counted.get_moving_window("one", 3, 60) == (hands.at, 3)


def test_a_flood_of_addresses_is_searched_seldom_and_forgotten(
    hands: Hands, counted: Recent, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = Mock(wraps=counted._forget)
    monkeypatch.setattr(counted, "_forget", search)
    for number in range(10 * FEW):
        counted.acquire_entry(f"{number}", 3, 60)
    assert search.call_count <= 4
    assert len(counted.windows) == 10 * FEW
    hands.at += 61
    for number in range(10 * FEW):
        counted.acquire_entry(f"later {number}", 3, 60)
    assert len(counted.windows) < 11 * FEW


def test_what_was_counted_can_be_cleared(counted: Recent) -> None:
    for key in ("one", "two"):
        assert counted.acquire_entry(key, 1, 60)
    counted.clear("one")
    assert counted.acquire_entry("one", 1, 60)
    assert not counted.acquire_entry("two", 1, 60)
    assert counted.reset() == 2
    assert counted.acquire_entry("two", 1, 60)
