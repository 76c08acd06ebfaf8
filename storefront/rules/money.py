"""Amounts: integers of minor units with their currency, never floats (docs.stripe.com/currencies).

A minor unit is what Stripe counts in: 100 to the euro, 1 to the yen, 1000 to the Kuwaiti dinar. Not every number of them
can be charged: a dinar's last digit is always 0, and króna and Ugandan shilling have two digits that are always 00.
"""

import re
from decimal import Decimal
from functools import lru_cache

from babel.numbers import get_currency_symbol

ZERO_DECIMAL = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
)
THREE_DECIMAL = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
WHOLE_ONLY = frozenset(["ISK", "UGX"])
# What Stripe charges cards in: with two decimals, unless they stand above.
CURRENCIES = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CNY COP CRC CVE
    CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR ISK JMD KES KGS KHR KYD KZT
    LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN
    QAR RON RSD RUB SAR SBD SCR SEK SGD SHP SLE SOS SRD STD SZL THB TJS TOP TRY TTD TWD TZS UAH UGX USD UYU UZS WST XCD
    XCG YER ZAR ZMW
    """.split()  # noqa: SIM905 (a table)
) | (ZERO_DECIMAL | THREE_DECIMAL)
# Stripe's least charge, in minor units, where it names one; of the others the equivalent in the account's currency.
MINIMUM = {
    "AED": 200,
    "BGN": 100,
    "CZK": 1500,
    "DKK": 250,
    "GBP": 30,
    "HKD": 400,
    "HUF": 17500,
    "JPY": 50,
    "MXN": 1000,
    "MYR": 200,
    "NOK": 300,
    "PLN": 200,
    "RON": 200,
    "SEK": 300,
    "THB": 1000,
}
# What half a US dollar came to in 2026, generously and in whole units, where a unit is worth far less: a smaller price
# would be refused on the day, when cards are charged, and not when it is set.
HALF_A_DOLLAR = {
    "AFN": 40, "ALL": 50, "AMD": 200, "AOA": 500, "ARS": 900, "BDT": 70, "BIF": 1800, "CDF": 1500, "CLP": 550,
    "COP": 2500, "CRC": 280, "CVE": 60, "DJF": 100, "DOP": 35, "DZD": 75, "EGP": 30, "ETB": 90, "GMD": 40, "GNF": 5000,
    "GYD": 120, "HNL": 15, "HTG": 75, "IDR": 9000, "ISK": 75, "JMD": 85, "KES": 75, "KGS": 50, "KHR": 2500, "KMF": 250,
    "KRW": 800, "KZT": 300, "LAK": 12000, "LBP": 50000, "LKR": 170, "LRD": 100, "MGA": 2500, "MKD": 35, "MMK": 1500,
    "MNT": 2000, "MUR": 25, "MWK": 1000, "MZN": 35, "NGN": 850, "NIO": 20, "NPR": 75, "PHP": 32, "PKR": 150,
    "PYG": 4000, "RSD": 60, "RUB": 50, "RWF": 800, "SLE": 15, "SOS": 300, "SRD": 20, "STD": 12000, "TRY": 25, "TWD": 17,
    "TZS": 1500, "UAH": 25, "UGX": 2000, "UYU": 25, "UZS": 7000, "VND": 14000, "VUV": 65, "XAF": 350, "XOF": 350,
    "XPF": 60, "YER": 300,
}  # fmt: skip
USUAL_MINIMUM = 50
# Stripe's greatest charge: eight digits, twelve in rupiah.
MOST = 99_999_999
MOST_RUPIAH = 999_999_999_999
WRITTEN = re.compile(r"(?P<minus>-?)(?P<whole>[0-9]{1,18})(?:\.(?P<part>[0-9]{1,18}))?", re.ASCII)
NBSP = "\N{NO-BREAK SPACE}"


class BadAmount(ValueError):
    """A price that cannot be charged; the message says why."""


def decimals(currency: str) -> int:
    """How many of an amount's digits stand behind the point, as Stripe counts them."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def digits(currency: str) -> int:
    """How many digits people read behind the point."""
    return 0 if currency in WHOLE_ONLY else decimals(currency)


def step(currency: str) -> int:
    """The smallest amount that can be charged or refunded in minor units; every other is a multiple of it."""
    if currency in WHOLE_ONLY:
        return 100
    return 10 if currency in THREE_DECIMAL else 1


def least(currency: str) -> int:
    """The least charge, in minor units."""
    if currency in HALF_A_DOLLAR:
        return int(HALF_A_DOLLAR[currency] * 10 ** decimals(currency))
    if currency in THREE_DECIMAL:
        return 10 * USUAL_MINIMUM
    return MINIMUM.get(currency, USUAL_MINIMUM)


def most(currency: str) -> int:
    """The greatest charge, in minor units."""
    ceiling: int = MOST_RUPIAH if currency == "IDR" else MOST
    return ceiling - ceiling % step(currency)


def parse(text: str, currency: str, *, lowest: int | None = None) -> int:
    """Minor units of a written price ("24.00", "EUR" → 2400), from `lowest` or the least charge on. Raises BadAmount."""
    found = WRITTEN.fullmatch(text)
    if found is None:
        raise BadAmount(f"{text!r} is not a price")
    minor = Decimal(text).scaleb(decimals(currency))
    if minor > most(currency):
        raise BadAmount(f"{text!r} is more than can be charged at once, {exact(most(currency), currency)}")
    if minor != int(minor) or Decimal(text) != round(Decimal(text), digits(currency)):
        raise BadAmount(f"{text!r} has more digits than {currency} has")
    if int(minor) % step(currency):
        raise BadAmount(f"{text!r} cannot be charged: {currency} goes in steps of {exact(step(currency), currency)}")
    lowest = least(currency) if lowest is None else lowest
    if minor < lowest:
        raise BadAmount(f"{text!r} is below the least that can be charged, {exact(lowest, currency)}")
    return int(minor)


def exact(minor: int, currency: str) -> str:
    """For receipts: "119.00 €"; the number and its sign never part."""
    amount = Decimal(minor).scaleb(-decimals(currency))
    fits = minor % step(currency) == 0
    return f"{amount:,.{digits(currency) if fits else decimals(currency)}f}{NBSP}{symbol(currency)}"


def short(minor: int, currency: str) -> str:
    """For headlines: "119 €" where the amount is whole, "18.50 €" where it is not."""
    unit = 10 ** decimals(currency)
    return exact(minor, currency) if minor % unit else f"{minor // unit:,}{NBSP}{symbol(currency)}"


@lru_cache(maxsize=256)
def symbol(currency: str) -> str:
    """The currency's sign as English readers write it."""
    return str(get_currency_symbol(currency, locale="en"))
