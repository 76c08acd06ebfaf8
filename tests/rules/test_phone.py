"""A number is kept as E.164 with the zones it may be in; a code is derived."""

import pytest

from storefront.rules import phone
from storefront.rules.phone import Number

KEYS = ("a-key-of-thirty-two-characters-now", "an-older-key-of-thirty-two-characters")


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("+49 151 23456789", Number("+4915123456789", ("Europe/Berlin",))),
        (" 0049 (0)151 / 234-567-89 ", Number("+4915123456789", ("Europe/Berlin",))),
        ("+1 (415) 555-2671", Number("+14155552671", ("America/Los_Angeles",))),
        ("+91 98765 43210", Number("+919876543210", ("Asia/Calcutta",))),
    ],
)
def test_a_number_is_read_however_it_is_written(typed: str, number: Number) -> None:
    assert phone.read(typed) == number


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("0151 23456789", "Begin with +"),
        ("", "Begin with +"),
        ("call me", "Begin with +"),
        ("+", "no telephone number"),
        ("+49 151", "does not exist"),
        ("+999 123456789", "no telephone number"),
        ("+49 30 901820", "takes no texts"),
        ("+49 800 1234567", "takes no texts"),
    ],
)
def test_what_is_no_mobile_number_is_refused_in_a_sentence(typed: str, said: str) -> None:
    found = phone.read(typed)
    assert isinstance(found, str)
    assert said in found


def test_a_wide_country_has_many_zones() -> None:
    found = phone.read("+7 912 345 67 89")
    assert isinstance(found, Number)
    assert len(found.zones) > 5


def test_a_creator_sees_the_country_and_two_digits() -> None:
    assert phone.masked("+4915123456789") == "+49 … 89"
    assert phone.shown("+4915123456789") == "+49\N{NO-BREAK SPACE}1512\N{NO-BREAK SPACE}3456789"


def test_a_code_is_the_same_each_time_and_another_for_each_phone_and_count() -> None:
    codes = {phone.code(KEYS[0], ident, count) for ident in (1, 2) for count in (1, 2, 3)}
    assert len(codes) == 6
    assert all(len(each) == 6 and each.isdigit() for each in codes)
    mine = phone.code(KEYS[0], 1, 1)
    assert phone.is_code(KEYS, 1, 1, f" {mine[:3]} {mine[3:]} ")
    assert phone.is_code(KEYS, 1, 1, phone.code(KEYS[1], 1, 1)), "an older key"
    assert not phone.is_code(KEYS, 1, 2, mine)
    assert not phone.is_code(KEYS, 1, 1, "")
    assert not phone.is_code(KEYS, 1, 1, "１２３４５６")
