"""Currencies: how many decimals an amount has, and what is too little or too much for a card."""

from __future__ import annotations

from .errors import StripeError, invalid

WITHOUT_CENTS = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
THOUSANDTHS = "bhd jod kwd omr tnd"
# They have no cents, and yet Stripe writes them with two decimals, always 00.
WHOLE_WITH_CENTS = "isk ugx"

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
MOST = 99_999_999


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
    """Refuse more than eight digits, and a last digit that the currency does not have."""
    if amount > MOST:
        message = f"Amount must be no more than {MOST} (in minor units) {currency}: eight digits."
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
