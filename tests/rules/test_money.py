"""Amounts: minor units in, words out, and nothing lost between."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storefront.rules.money import NBSP, BadAmount, decimals, exact, parse, short, symbol

CURRENCIES = st.sampled_from(["EUR", "USD", "GBP", "JPY", "KRW", "KWD", "TND", "CHF"])


@given(st.integers(500, 99_999_999), CURRENCIES)
@settings(max_examples=60)
def test_a_price_that_is_written_and_read_is_the_same(minor: int, currency: str) -> None:
    assert parse(str(Decimal(minor).scaleb(-decimals(currency))), currency) == minor


@given(st.integers(0, 10**9), CURRENCIES)
@settings(max_examples=60)
def test_the_number_and_its_sign_never_part(minor: int, currency: str) -> None:
    for told in (short(minor, currency), exact(minor, currency)):
        number, sign = told.split(NBSP)
        assert sign == symbol(currency)
        assert Decimal(number.replace(",", "")).scaleb(decimals(currency)) == minor


@pytest.mark.parametrize(
    ("minor", "currency", "headline", "receipt"),
    [
        (11900, "EUR", "119 €", "119.00 €"),
        (1850, "EUR", "18.50 €", "18.50 €"),
        (123456789, "USD", "1,234,567.89 $", "1,234,567.89 $"),
        (1500, "JPY", "1,500 ¥", "1,500 ¥"),
        (12500, "KWD", "12.500 KWD", "12.500 KWD"),
        (12000, "KWD", "12 KWD", "12.000 KWD"),
    ],
)
def test_amounts_are_told(minor: int, currency: str, headline: str, receipt: str) -> None:
    assert short(minor, currency).replace(NBSP, " ") == headline
    assert exact(minor, currency).replace(NBSP, " ") == receipt


@pytest.mark.parametrize("text", ["", "x", "12,50", "NaN", "Infinity", "1e400000", "1e7", "--1", "1.005"])
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(BadAmount):
        parse(text, "EUR")


@pytest.mark.parametrize(
    ("text", "currency"), [("0", "EUR"), ("0.49", "EUR"), ("-5", "EUR"), ("49", "JPY"), ("0.29", "GBP")]
)
def test_less_than_stripe_charges_is_refused(text: str, currency: str) -> None:
    with pytest.raises(BadAmount, match="below the least"):
        parse(text, currency)


def test_yen_have_no_decimals_and_dinars_have_three() -> None:
    assert (parse("500", "JPY"), parse("5.125", "KWD"), parse("5.12", "EUR")) == (500, 5125, 512)
    with pytest.raises(BadAmount, match="more digits"):
        parse("500.5", "JPY")
