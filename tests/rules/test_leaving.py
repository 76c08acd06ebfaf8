"""Who may cancel when: every line of the table in the policy."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from storefront.rules.leaving import Leaver, Way, last_day, way_out, withdraw_until
from storefront.rules.words import NBSP

T = datetime(2027, 5, 12, 8, tzinfo=UTC)
ORDER = Leaver("reserved", T - timedelta(days=30), "Europe/Berlin")
OUT = {"launched_at": T}


@pytest.mark.parametrize(
    ("facts", "days", "way"),
    [
        ({"state": "placed"}, -30, Way.LEAVE),
        ({"state": "reserved"}, -1, Way.CANCEL),
        ({"state": "held"}, -1, Way.CANCEL),
        ({"state": "past_due"}, -1, Way.CANCEL),
        ({"state": "past_due", **OUT}, 3, Way.CANCEL),
        ({"state": "reserved", **OUT}, 0, Way.CANCEL),
        ({"state": "paid"}, -1, Way.CANCEL),
        ({"state": "paid", **OUT}, 1, Way.WITHDRAW),
        ({"state": "held", **OUT}, 0, Way.WITHDRAW),
        ({"state": "paid", **OUT}, 13.9, Way.WITHDRAW),
        ({"state": "paid", **OUT}, 15, Way.ASK),
        ({"state": "paid", **OUT, "opened": True}, 1, Way.ASK),
        ({"state": "held", **OUT, "opened": True}, 0, Way.ASK),
        ({"state": "past_due", **OUT, "opened": True}, 1, Way.CANCEL),
        ({"state": "reserved", **OUT, "opened": True}, 1, Way.CANCEL),
        ({"state": "paid", **OUT, "days": 30}, 29, Way.WITHDRAW),
        ({"state": "paid", **OUT, "days": 3}, 13, Way.WITHDRAW),
        ({"state": "paid", **OUT, "disputed": True}, 1, Way.NONE),
        ({"state": "paid", "leaving": True}, -1, Way.NONE),
        ({"state": "cancelled"}, -1, Way.NONE),
        ({"state": "expired"}, -1, Way.NONE),
        ({"state": "refunded"}, 1, Way.NONE),
    ],
)
def test_each_line_of_the_table(facts: dict[str, object], days: float, way: Way) -> None:
    assert way_out(replace(ORDER, **facts), T + timedelta(days=days)) is way  # type: ignore[arg-type]


def test_a_purchase_counts_its_days_from_the_order() -> None:
    bought = Leaver("paid", T + timedelta(days=100), "Europe/Berlin", T)
    assert way_out(bought, T + timedelta(days=114)) is Way.WITHDRAW
    assert way_out(bought, T + timedelta(days=115)) is Way.ASK


def test_the_fourteenth_day_counts_to_its_end_where_the_seller_is() -> None:
    until = withdraw_until(ORDER.placed_at, T, ORDER.zone)
    assert until == datetime(2027, 5, 26, 22, tzinfo=UTC), "midnight in Berlin"
    assert last_day(ORDER.placed_at, T, ORDER.zone).replace(NBSP, " ") == "26 May 2027"
    paid = replace(ORDER, state="paid", launched_at=T)
    assert way_out(paid, until - timedelta(seconds=1)) is Way.WITHDRAW
    assert way_out(paid, until) is Way.ASK


def test_a_change_of_the_clocks_in_between_moves_no_day() -> None:
    launch = datetime(2027, 10, 25, 8, tzinfo=UTC)
    assert withdraw_until(launch, launch, "Europe/Berlin") == datetime(2027, 11, 8, 23, tzinfo=UTC)
