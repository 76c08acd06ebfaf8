"""What a person types on a hosted page, read as a bank's form would."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .cards import BY_NUMBER, CARDS
from .payment_methods import EMPTY_ADDRESS
from .tax_rates import COUNTRIES

if TYPE_CHECKING:
    from .cards import TestCard

EXPIRY = re.compile(r"^\s*(\d{1,2})\s*/?\s*(\d{2}|20\d{2})\s*$")
EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
CENTURY = 2000
DECEMBER = 12
# Where the country alone does not say where somebody lives.
NEED_POSTAL_CODE = ("CA", "GB", "US")
YEARS_AHEAD = 4


@dataclass(frozen=True)
class TypedCard:
    """A card as it was typed."""

    card: TestCard
    month: int
    year: int


def default_values(typed: dict[str, str], now: int) -> dict[str, str]:
    """Give what stands in the fields: what was typed, or a card that works."""
    year = datetime.fromtimestamp(now, UTC).year + YEARS_AHEAD
    return {
        "cardnumber": typed.get("cardnumber", CARDS[0].spaced),
        "exp": typed.get("exp", f"12 / {year % 100}"),
        "cvc": typed.get("cvc", "123"),
        "email": typed.get("email", ""),
        "country": typed.get("country", ""),
        "postal_code": typed.get("postal_code", ""),
    }


def read_card(form: dict[str, str], now: int) -> tuple[TypedCard | None, str]:
    """Give the card, or a sentence that says what is wrong with it."""
    card = BY_NUMBER.get(re.sub(r"[\s-]", "", form.get("cardnumber", "")))
    if card is None:
        return None, "The sandbox knows only the test cards listed below. Take one of those."
    expiry = EXPIRY.match(form.get("exp", ""))
    if expiry is None or not 1 <= int(expiry.group(1)) <= DECEMBER:
        return None, "Write the card's expiry date as month and year, for example 12 / 34."
    month, year = int(expiry.group(1)), int(expiry.group(2)) % 100 + CENTURY
    today = datetime.fromtimestamp(now, UTC)
    if (year, month) < (today.year, today.month):
        return None, "The card's expiry date is in the past."
    if not re.fullmatch(r"\d{3,4}", form.get("cvc", "").strip()):
        return None, "The security code has three digits, four on American Express."
    return TypedCard(card, month, year), ""


def read_email(form: dict[str, str]) -> tuple[str | None, str]:
    """Give the e-mail address, if the form asked for one, or a sentence that says what is wrong."""
    email = form.get("email", "").strip()
    if "email" in form and not EMAIL.match(email):
        return None, "That e-mail address is not complete."
    return email or None, ""


def read_address(form: dict[str, str]) -> tuple[dict[str, Any] | None, str]:
    """Give the country and postal code, or a sentence that says what is missing."""
    country, code = form.get("country", ""), form.get("postal_code", "").strip()
    if country not in COUNTRIES:
        return None, "Choose the country that you live in."
    if country in NEED_POSTAL_CODE and not code:
        return None, "Write your postal code."
    return {**EMPTY_ADDRESS, "country": country, "postal_code": code or None}, ""
