"""Declines: their classes, our own next tries, and the networks' limits on them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.rules.declining import LADDER, LIMITS, Answer, Class, after_move, classify, next_try

NOW = datetime(2027, 5, 12, 8, tzinfo=UTC)
ENDS = NOW + timedelta(days=7)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REASONS = [
    "expired_card",
    "authentication_required",
    "insufficient_funds",
    "processing_error",
    "lost_card",
    "generic_decline",
    "do_not_honor",
    "something_new",
]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer("expired_card"), Class.EXPIRED),
        (Answer("authentication_required"), Class.AUTHENTICATION),
        (Answer("insufficient_funds"), Class.FUNDS),
        (Answer("card_velocity_exceeded"), Class.FUNDS),
        (Answer("processing_error"), Class.PROCESSING),
        (Answer("issuer_not_available"), Class.PROCESSING),
        (Answer("lost_card"), Class.STOP),
        (Answer("stolen_card"), Class.STOP),
        (Answer("revocation_of_all_authorizations"), Class.STOP),
        (Answer("generic_decline"), Class.BANK),
        (Answer("a_reason_of_next_year"), Class.BANK),
        (Answer("insufficient_funds", advice="do_not_try_again"), Class.STOP),
        (Answer("generic_decline", advice="confirm_card_data"), Class.STOP),
        (Answer("generic_decline", advice="try_again_later"), Class.BANK),
        (Answer("insufficient_funds", network_advice="03"), Class.STOP),
        (Answer("insufficient_funds", network_advice="21"), Class.STOP),
        (Answer("expired_card", network_advice="03"), Class.EXPIRED),
    ],
)
def test_every_no_has_a_class(answer: Answer, expected: Class) -> None:
    assert classify(answer) is expected


@pytest.mark.parametrize("reason", ["expired_card", "authentication_required", "lost_card"])
def test_what_only_its_owner_can_mend_is_not_tried_again(reason: str) -> None:
    assert next_try(Answer(reason), "visa", [NOW], NOW, NOW, ENDS) is None


def test_too_little_money_is_asked_again_after_one_three_and_five_days_and_then_no_more() -> None:
    said, tries, now = Answer("insufficient_funds"), [NOW], NOW
    waits = []
    while (at := next_try(said, "visa", tries, NOW, now, ENDS)) is not None:
        waits.append(at - NOW)
        now = at
        tries.append(at)
    assert waits == [DAY, 3 * DAY, 5 * DAY]


def test_a_bank_that_could_not_be_asked_is_asked_again_within_the_hour() -> None:
    assert next_try(Answer("processing_error"), "visa", [NOW], NOW, NOW, ENDS) == NOW + HOUR


def test_a_worker_that_slept_over_a_try_goes_on_with_the_next() -> None:
    later = NOW + 2 * DAY
    assert next_try(Answer("insufficient_funds"), "visa", [NOW], NOW, later, ENDS) == NOW + 3 * DAY


def test_mastercards_own_wait_is_kept() -> None:
    said = Answer("insufficient_funds", network_advice="26")
    assert next_try(said, "mastercard", [NOW], NOW, NOW, ENDS) == NOW + 2 * DAY


def test_a_wait_that_ends_after_the_grace_is_none() -> None:
    said = Answer("insufficient_funds", network_advice="30")
    assert next_try(said, "mastercard", [NOW], NOW, NOW, ENDS) is None


def test_ten_tries_of_a_mastercard_in_a_day_are_the_most() -> None:
    tried = [NOW - timedelta(minutes=30 * n) for n in range(10)]
    at = next_try(Answer("processing_error"), "mastercard", tried, NOW, NOW, ENDS)
    assert at == min(tried) + DAY
    assert next_try(Answer("processing_error"), "mastercard", tried[:9], NOW, NOW, ENDS) == NOW + HOUR


def test_fifteen_tries_of_a_visa_card_in_thirty_days_are_the_most() -> None:
    tried = [NOW - timedelta(days=n) for n in range(15)]
    assert next_try(Answer("insufficient_funds"), "visa", tried, NOW, NOW, NOW + 90 * DAY) == min(tried) + 30 * DAY
    assert next_try(Answer("insufficient_funds"), "visa", tried, NOW, NOW, ENDS) is None


def test_a_try_that_waited_for_the_pre_flight_moves_with_it_and_none_comes_before_it() -> None:
    old, nearer, farther = NOW + 20 * DAY, NOW + 9 * DAY, NOW + 40 * DAY
    assert after_move(old, old, nearer) == nearer
    assert after_move(old, old, farther) == farther
    assert after_move(NOW, old, nearer) == nearer, "the bank is not asked before the pre-flight"
    assert after_move(NOW + 10 * DAY, NOW, nearer) == NOW + 10 * DAY, "the ladder and the networks come first"


@given(
    reason=st.sampled_from(REASONS),
    advice=st.sampled_from(["", "try_again_later", "do_not_try_again", "confirm_card_data"]),
    network=st.sampled_from(["", "02", "03", "21", "24", "27", "30", "99"]),
    brand=st.sampled_from(["visa", "mastercard", "amex", ""]),
    ages=st.lists(st.integers(0, 29 * 24 * 60), max_size=40),
    waited=st.integers(0, 6 * 24 * 60),
)
def test_a_next_try_is_later_than_now_inside_the_grace_and_the_networks_limits(
    reason: str, advice: str, network: str, brand: str, ages: list[int], waited: int
) -> None:
    now = NOW + timedelta(minutes=waited)
    tried = [now - timedelta(minutes=age) for age in ages]
    said = Answer(reason, advice, network)
    at = next_try(said, brand, tried, NOW, now, ENDS)
    if at is None:
        return
    assert now < at < ENDS
    assert classify(said) in LADDER
    assert network not in {"03", "21"}
    for span, most in LIMITS.get(brand, LIMITS["visa"]):
        assert sum(1 for each in tried if each > at - span) < most
