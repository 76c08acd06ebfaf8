"""Currencies: how many decimals an amount has, and what is too little or too much for a card."""

from __future__ import annotations

from .errors import StripeError, invalid

WITHOUT_CENTS = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
)
THOUSANDTHS = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
# They have no cents, and yet Stripe writes them with two decimals, always 00.
WHOLE_WITH_CENTS = frozenset(["isk", "ugx"])
# What cards are charged in.
CURRENCIES = frozenset(
    """
    aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny cop crc cve
    czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr isk jmd kes kgs khr kyd kzt
    lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln
    qar ron rsd rub sar sbd scr sek sgd shp sle sos srd std szl thb tjs top try ttd twd tzs uah ugx usd uyu uzs wst xcd
    xcg yer zar zmw
    """.split()  # noqa: SIM905 (a table)
) | (WITHOUT_CENTS | THOUSANDTHS)

# Stripe's least amounts, in minor units; of a currency it names none for, the euro's.
LEAST = {
    "aed": 200,
    "bgn": 100,
    "czk": 1500,
    "dkk": 250,
    "gbp": 30,
    "hkd": 400,
    "huf": 17500,
    "mxn": 1000,
    "myr": 200,
    "nok": 300,
    "pln": 200,
    "ron": 200,
    "sek": 300,
    "thb": 1000,
}
LEAST_OTHERS = 50
# Eight digits; twelve in rupiah.
MOST = 99_999_999
MOST_RUPIAH = 999_999_999_999


def decimals(currency: str) -> int:
    """Give how many of an amount's digits stand behind the point."""
    if currency in WITHOUT_CENTS:
        return 0
    return 3 if currency in THOUSANDTHS else 2


def check_amount(amount: int, currency: str, param: str = "amount") -> None:
    """Refuse what no card network would carry."""
    check_digits(amount, currency, param)
    least = LEAST.get(currency, LEAST_OTHERS)
    if amount < least:
        message = f"Amount must be at least {least} (in minor units) {currency}."
        raise invalid(message, param=param, code="amount_too_small")


def check_digits(amount: int, currency: str, param: str = "amount") -> None:
    """Refuse more digits than Stripe takes, and a last digit that the currency does not have."""
    most = MOST_RUPIAH if currency == "idr" else MOST
    if amount > most:
        message = f"Amount must be no more than {most} (in minor units) {currency}."
        raise invalid(message, param=param, code="amount_too_large")
    step = _step(currency)
    if amount % step:
        raise _uneven(amount, currency, step, param)


def _step(currency: str) -> int:
    if currency in WHOLE_WITH_CENTS:
        return 100
    return 10 if currency in THOUSANDTHS else 1


def _uneven(amount: int, currency: str, step: int, param: str) -> StripeError:
    message = f"Invalid amount: {amount}. An amount of {currency} has to be evenly divisible by {step}."
    return invalid(message, param=param, code="invalid_charge_amount")
