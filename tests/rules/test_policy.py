"""The policy says what the rules do."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from storefront.rules import charge, delay
from storefront.rules.leaving import Leaver, Way, asks_waiver, way_out
from storefront.rules.policy import STANDARD, About, Terms, of_product, of_store, version, waiver, who_may_cancel

AHEAD = About("A Book", "ebook", "Ines Okafor", out=False, upfront=False)
OUT = About("A Book", "ebook", "Ines Okafor", out=True, upfront=False)
T = datetime(2027, 5, 12, 8, tzinfo=UTC)


def test_its_numbers_are_those_of_the_rules() -> None:
    text = of_store(STANDARD)
    assert f"{charge.PREFLIGHT_BEFORE.days * 24} hours before the launch" in text
    assert f"up to {delay.SILENCE_AGREES_WITHIN.days} days later" in text
    assert "until seven days after the launch" in text
    assert "more than five days from now" in text
    assert "within 14 days of the launch" in text


def test_another_term_is_another_text_and_another_version() -> None:
    stricter = of_store(Terms(30))
    assert "within 30 days of the launch" in stricter
    assert version("store", stricter) != version("store", of_store(STANDARD))
    assert version("store", of_store(STANDARD)) == version("store", of_store(STANDARD))
    assert version("product", "x", 1) != version("product", "x", 2)


def test_a_product_that_is_out_says_nothing_of_days_that_move() -> None:
    ahead, out = of_product(AHEAD, STANDARD), of_product(OUT, STANDARD)
    assert "If the day moves" in ahead
    assert "If the day moves" not in out
    assert "before the launch" not in out
    assert "paid at once" in out
    assert "an e-book by Ines Okafor" in out


@pytest.mark.parametrize("text", [of_store(STANDARD), of_product(AHEAD, STANDARD), of_product(OUT, STANDARD)])
def test_it_speaks_plainly(text: str) -> None:
    assert not re.search(r"!|unfortunately|hereby|pursuant|None|\{", text)
    assert re.findall(r"^# ", text, re.MULTILINE) == [], "the page has its title already"


ACTS = {Way.LEAVE: "leave it", Way.CANCEL: "cancel at any time", Way.WITHDRAW: "withdraw within", Way.ASK: "ask its"}


@pytest.mark.parametrize(
    ("row", "facts", "days"),
    [
        (0, {"state": "placed"}, -3),
        (1, {"state": "reserved"}, -3),
        (1, {"state": "held"}, -3),
        (1, {"state": "past_due"}, -3),
        (1, {"state": "past_due", "launched_at": T, "opened": True}, 3),
        (2, {"state": "paid"}, -3),
        (4, {"state": "paid", "launched_at": T}, 3),
        (5, {"state": "paid", "launched_at": T, "opened": True}, 3),
    ],
)
def test_each_row_of_the_page_is_what_the_rule_lets_a_buyer_do(row: int, facts: dict[str, object], days: int) -> None:
    order = Leaver(**{"placed_at": T - timedelta(days=30), "zone": "Europe/Berlin", **facts})  # type: ignore[arg-type]
    way = way_out(order, T + timedelta(days=days))
    assert who_may_cancel(STANDARD)[row][1].startswith(ACTS[way])


def test_the_waiver_is_asked_while_an_order_can_be_withdrawn_from_and_never_before_the_launch() -> None:
    order = Leaver("paid", T - timedelta(days=9), "Europe/Berlin")
    assert not asks_waiver(order, T - timedelta(days=1))
    out = Leaver("paid", T - timedelta(days=9), "Europe/Berlin", T)
    assert asks_waiver(out, T + timedelta(days=13))
    assert not asks_waiver(out, T + timedelta(days=15))
    assert "right to withdraw ends" in waiver()
