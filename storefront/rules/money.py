"""Amounts: integers of minor units with their currency, never floats."""

from decimal import Decimal, InvalidOperation

from babel.numbers import get_currency_symbol

ZERO_DECIMAL = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"]
)
THREE_DECIMAL = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
# Stripe's least charge, in minor units (docs: currencies, minimum charge amounts); others are taken as 0.50.
MINIMUM = {"EUR": 50, "USD": 50, "GBP": 30, "CHF": 50, "JPY": 50, "DKK": 250, "SEK": 300, "NOK": 300, "PLN": 200}
# Stripe's greatest charge: eight digits.
MOST = 99_999_999
NBSP = "\N{NO-BREAK SPACE}"


class BadAmount(ValueError):
    """A price that cannot be charged; the message says why."""


def decimals(currency: str) -> int:
    """How many digits the currency has after the point, as Stripe counts them."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def parse(text: str, currency: str, *, least: int | None = None) -> int:
    """Minor units of a written price ("24.00", "EUR" → 2400), `least` what can be charged. Raises BadAmount."""
    try:
        minor = Decimal(text).scaleb(decimals(currency))
        whole = int(min(minor, Decimal(MOST)))
    except (InvalidOperation, ValueError, OverflowError):
        raise BadAmount(f"{text!r} is not a price") from None
    if minor > MOST:
        raise BadAmount(f"{text!r} is more than can be charged at once, {exact(MOST, currency)}")
    if minor != whole:
        raise BadAmount(f"{text!r} has more digits than {currency} has")
    if least is None:
        least = MINIMUM.get(currency, 5 * 10 ** max(decimals(currency) - 1, 0))
    if whole < least:
        raise BadAmount(f"{text!r} is below the least that can be charged, {exact(least, currency)}")
    return whole


def exact(minor: int, currency: str) -> str:
    """For receipts: "119.00 €"; the number and its sign never part."""
    digits = decimals(currency)
    return f"{Decimal(minor).scaleb(-digits):,.{digits}f}{NBSP}{symbol(currency)}"


def short(minor: int, currency: str) -> str:
    """For headlines: "119 €" where the amount is whole, "18.50 €" where it is not."""
    unit = 10 ** decimals(currency)
    return exact(minor, currency) if minor % unit else f"{minor // unit:,}{NBSP}{symbol(currency)}"


def symbol(currency: str) -> str:
    """The currency's sign as English readers write it."""
    return str(get_currency_symbol(currency, locale="en"))
