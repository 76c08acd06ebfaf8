"""Which offer holds: by units, by time, by the launch; and the ladder that shows it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storefront.rules.pricing import after_launch, current, ended, gone, ladder, left, left_words
from storefront.rules.words import NBSP

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Gift:
    title: str


@dataclass(frozen=True)
class Price:
    name: str
    price: int
    units: int | None = None
    taken: int = 0
    until: datetime | None = None
    until_launch: bool = False
    bonuses: Sequence[Gift] = field(default=())


EARLY = Price("First 50", 1900, units=50, taken=12, bonuses=(Gift("The source"),))
NEXT = Price("Until April", 2400, until=NOW + timedelta(days=30))
LAST = Price("Regular", 2900)
TIMES = st.one_of(st.none(), st.datetimes(datetime(2027, 1, 1), datetime(2027, 6, 1), timezones=st.just(UTC)))  # noqa: DTZ001
PRICES = st.builds(
    Price,
    name=st.just("offer"),
    price=st.integers(50, 10_000),
    units=st.one_of(st.none(), st.integers(1, 3)),
    taken=st.integers(0, 3),
    until=TIMES,
    until_launch=st.booleans(),
)


def test_the_first_that_is_neither_gone_nor_ended_holds() -> None:
    offers = [EARLY, NEXT, LAST]
    assert current(offers, out=False, now=NOW) == 0
    sold = Price("First 50", 1900, units=50, taken=50)
    assert current([sold, NEXT, LAST], out=False, now=NOW) == 1
    assert current([sold, NEXT, LAST], out=False, now=NOW + timedelta(days=30)) == 2, "the instant itself is past"
    assert current([sold, NEXT, LAST], out=False, now=NOW + timedelta(days=30, seconds=-1)) == 1
    assert current([sold], out=False, now=NOW) is None
    assert current([], out=False, now=NOW) is None


def test_an_offer_until_the_launch_ends_with_it() -> None:
    early = Price("Early", 1900, until_launch=True)
    assert current([early, LAST], out=False, now=NOW) == 0
    assert current([early, LAST], out=True, now=NOW) == 1


def test_the_ladder_shows_what_is_gone_what_holds_and_what_comes() -> None:
    sold = Price("First 5", 900, units=5, taken=5)
    tiers = ladder([sold, EARLY, NEXT, LAST], "EUR", "Europe/Berlin", out=False, now=NOW)
    assert [each.state for each in tiers] == ["gone", "now", "later", "after"]
    assert [each.name for each in tiers] == ["First 5", "First 50", "Until April", "Price after launch"]
    assert [each.note for each in tiers] == ["gone", "", f"until 31{NBSP}March", ""]
    assert (tiers[1].taken, tiers[1].units, tiers[1].bonus) == (12, 50, "The source")
    assert tiers[1].price == f"19{NBSP}€"


@given(st.lists(PRICES, max_size=5), st.booleans())
@settings(max_examples=60)
def test_one_rung_at_most_holds_and_it_is_the_one_a_buyer_pays(offers: list[Price], out: bool) -> None:  # noqa: FBT001
    here = current(offers, out=out, now=NOW)
    states = [each.state for each in ladder(offers, "EUR", "UTC", out=out, now=NOW)]
    assert states.count("now") == (here is not None)
    if here is not None:
        assert states[here] == "now"
        assert not gone(offers[here])
        assert not ended(offers[here], out=out, now=NOW)
        assert all(gone(each) or ended(each, out=out, now=NOW) for each in offers[:here])
    last = after_launch(offers)
    assert last is None or not ended(offers[last], out=True, now=datetime.max.replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("offer", "stock", "count", "said"),
    [
        (EARLY, None, 38, "38 of 50 left"),
        (EARLY, 38, 38, "38 of 50 left"),
        (EARLY, 2, 2, "2 left"),
        (EARLY, 0, 0, ""),
        (LAST, None, None, ""),
        (LAST, 5, 5, "5 left"),
        (LAST, 6, None, ""),
        (LAST, 0, 0, ""),
    ],
)
def test_what_is_left_is_the_lesser_of_the_offers_units_and_the_stock(
    offer: Price, stock: int | None, count: int | None, said: str
) -> None:
    assert left(offer, stock) == count
    assert left_words(offer, stock) == said
    now = next(each for each in ladder([offer], "EUR", "UTC", out=True, now=NOW, stock=stock) if each.state == "now")
    assert now.left == said
    assert (now.taken is not None) == (count is not None and said.endswith("of 50 left"))
