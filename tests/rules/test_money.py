"""Amounts: minor units in, words out, and nothing lost between."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storefront.rules.money import (
    CURRENCIES,
    NBSP,
    BadAmount,
    decimals,
    digits,
    exact,
    least,
    most,
    parse,
    short,
    step,
    symbol,
)

ALL = st.sampled_from(sorted(CURRENCIES))


@st.composite
def prices(draw: st.DrawFn) -> tuple[int, str]:
    """Something that can be charged, in any currency."""
    currency = draw(ALL)
    by = step(currency)
    return draw(st.integers(-(-least(currency) // by), most(currency) // by)) * by, currency


def number(told: str) -> str:
    """The number of a told amount, as somebody would type it again."""
    return told.split(NBSP, maxsplit=1)[0].replace(",", "")


@given(prices())
@settings(max_examples=400)
def test_a_price_that_is_told_and_typed_again_is_the_same(price: tuple[int, str]) -> None:
    minor, currency = price
    assert parse(number(exact(minor, currency)), currency) == minor
    assert parse(number(short(minor, currency)), currency) == minor
    assert parse(str(Decimal(minor).scaleb(-decimals(currency))), currency) == minor


@given(st.integers(0, 10**9), ALL)
@settings(max_examples=400)
def test_the_number_and_its_sign_never_part_and_nothing_is_lost(minor: int, currency: str) -> None:
    for told in (short(minor, currency), exact(minor, currency)):
        amount, _, sign = told.partition(NBSP)
        assert sign == symbol(currency)
        assert " " not in told.replace("\N{NARROW NO-BREAK SPACE}", "")
        assert Decimal(amount.replace(",", "")).scaleb(decimals(currency)) == minor


@given(prices(), st.integers(1, 99))
@settings(max_examples=200)
def test_what_lies_between_two_steps_is_no_price(price: tuple[int, str], beside: int) -> None:
    minor, currency = price
    if beside % step(currency) and minor + beside < most(currency):
        with pytest.raises(BadAmount, match=r"digits|steps"):
            parse(str(Decimal(minor + beside).scaleb(-decimals(currency))), currency)


@pytest.mark.parametrize("currency", sorted(CURRENCIES))
def test_the_ends_of_each_currency_hold(currency: str) -> None:
    assert parse(number(exact(least(currency), currency)), currency) == least(currency)
    assert parse(number(exact(most(currency), currency)), currency) == most(currency)
    assert least(currency) % step(currency) == 0
    with pytest.raises(BadAmount, match="below the least"):
        parse(number(exact(least(currency) - step(currency), currency)), currency)
    with pytest.raises(BadAmount, match="more than can be charged"):
        parse(number(exact(most(currency) + step(currency), currency)), currency)


@pytest.mark.parametrize(
    ("minor", "currency", "headline", "receipt"),
    [
        (11900, "EUR", "119 €", "119.00 €"),
        (1850, "EUR", "18.50 €", "18.50 €"),
        (123456789, "USD", "1,234,567.89 $", "1,234,567.89 $"),
        (1500, "JPY", "1,500 ¥", "1,500 ¥"),
        (12500, "KWD", "12.500 KWD", "12.500 KWD"),
        (12000, "KWD", "12 KWD", "12.000 KWD"),
        (249000, "ISK", "2,490 ISK", "2,490 ISK"),
        (500, "UGX", "5 UGX", "5 UGX"),
        (199050, "HUF", "1,990.50 HUF", "1,990.50 HUF"),
    ],
)
def test_amounts_are_told(minor: int, currency: str, headline: str, receipt: str) -> None:
    assert short(minor, currency).replace(NBSP, " ") == headline
    assert exact(minor, currency).replace(NBSP, " ") == receipt


def test_five_shillings_and_five_kronur_are_sent_as_five_hundred() -> None:
    assert parse("5", "UGX", lowest=1) == parse("5", "ISK", lowest=1) == 500
    assert parse("2490.00", "ISK") == 249000


@pytest.mark.parametrize(
    "text", ["", "x", "12,50", "NaN", "Infinity", "1e400000", "1e7", "--1", "1.005", "1_000", " 5", "٣", ".5", "5."]
)
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(BadAmount):
        parse(text, "EUR")


@pytest.mark.parametrize(
    ("text", "currency"), [("0", "EUR"), ("0.49", "EUR"), ("-5", "EUR"), ("49", "JPY"), ("0.29", "GBP"), ("174", "HUF")]
)
def test_less_than_stripe_charges_is_refused(text: str, currency: str) -> None:
    with pytest.raises(BadAmount, match="below the least"):
        parse(text, currency)


@pytest.mark.parametrize(
    ("text", "currency", "why"),
    [
        ("500.5", "JPY", "more digits"),
        ("2490.50", "ISK", "more digits"),
        ("5.125", "KWD", "steps of 0.010"),
        ("5.1250", "KWD", "steps of 0.010"),
        ("5.1255", "KWD", "more digits"),
    ],
)
def test_what_a_currency_does_not_have_is_refused(text: str, currency: str, why: str) -> None:
    with pytest.raises(BadAmount, match=why):
        parse(text, currency)


def test_rupiah_have_twelve_digits_and_others_eight() -> None:
    assert parse("9999999999.99", "IDR") == 999_999_999_999
    with pytest.raises(BadAmount, match="more than can be charged"):
        parse("1000000", "EUR")


def test_every_currency_is_read_in_one_way() -> None:
    assert {
        currency: (decimals(currency), digits(currency), step(currency)) for currency in ("JPY", "KWD", "ISK", "TWD")
    } == {
        "JPY": (0, 0, 1),
        "KWD": (3, 3, 10),
        "ISK": (2, 0, 100),
        "TWD": (2, 2, 1),
    }
    assert all(len(each) == 3 and each.isupper() for each in CURRENCIES)
    assert len(CURRENCIES) > 135
