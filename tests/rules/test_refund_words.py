"""Money on its way back, told to whom it belongs."""

from datetime import UTC, datetime, timedelta

import pytest

from storefront.actions.refunding import LATER
from storefront.models.money import GONE_BACK
from storefront.rules.refund_words import OUTCOMES, Back, failure, to_buyer
from storefront.rules.words import NBSP

NOW = datetime(2027, 5, 20, 8, tzinfo=UTC)


def told(status: str, days: float = 1) -> str:
    made = NOW - timedelta(days=days)
    return to_buyer(Back(500, "EUR", status, made, made), "Europe/Berlin", NOW).replace(NBSP, " ")


def test_every_state_a_refund_can_be_in_has_its_words() -> None:
    known = {*GONE_BACK, *LATER}
    assert set(OUTCOMES) == known
    assert all(outcome and told(status).endswith(".") for status, (_, outcome) in OUTCOMES.items())


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("pending", "5.00 €, on the way to your card since 19 May. Banks show it within 5 to 10 working days."),
        ("succeeded", "5.00 €, sent to your card on 19 May. Banks show it within 5 to 10 working days."),
        ("failed", "5.00 € did not reach your card. We find another way and write to you."),
        ("by_hand", "5.00 €, paid back by other means on 19 May."),
    ],
)
def test_the_amount_comes_with_its_day(status: str, said: str) -> None:
    assert told(status) == said


def test_what_is_long_past_is_not_waited_for() -> None:
    assert told("succeeded", 30) == "5.00 €, sent to your card on 20 April."


@pytest.mark.parametrize("code", ["expired_or_canceled_card", "something_new", "unknown", ""])
def test_a_failure_is_no_code(code: str) -> None:
    assert "_" not in failure(code)
