"""The standard rate of value added tax in some countries, as a calculation of the sandbox needs it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Country:
    """A country: its name, the standard rate in thousandths, and what the tax is called."""

    name: str
    permille: int
    kind: str = "vat"


# One rate for everything: no reduced ones, no regions. Rates of 2026; the real ones are Stripe's to know.
COUNTRIES = {
    "AT": Country("Austria", 200),
    "AU": Country("Australia", 100, "gst"),
    "BE": Country("Belgium", 210),
    "BG": Country("Bulgaria", 200),
    "BR": Country("Brazil", 0),
    "CA": Country("Canada", 50, "gst"),
    "CH": Country("Switzerland", 81),
    "CY": Country("Cyprus", 190),
    "CZ": Country("Czechia", 210),
    "DE": Country("Germany", 190),
    "DK": Country("Denmark", 250),
    "EE": Country("Estonia", 240),
    "ES": Country("Spain", 210),
    "FI": Country("Finland", 255),
    "FR": Country("France", 200),
    "GB": Country("United Kingdom", 200),
    "GR": Country("Greece", 240),
    "HR": Country("Croatia", 250),
    "HU": Country("Hungary", 270),
    "IE": Country("Ireland", 230),
    "IN": Country("India", 180, "gst"),
    "IS": Country("Iceland", 240),
    "IT": Country("Italy", 220),
    "JP": Country("Japan", 100, "jct"),
    "KR": Country("South Korea", 100),
    "LT": Country("Lithuania", 210),
    "LU": Country("Luxembourg", 170),
    "LV": Country("Latvia", 210),
    "MT": Country("Malta", 180),
    "MX": Country("Mexico", 160),
    "NL": Country("Netherlands", 210),
    "NO": Country("Norway", 250),
    "NZ": Country("New Zealand", 150, "gst"),
    "PL": Country("Poland", 230),
    "PT": Country("Portugal", 230),
    "RO": Country("Romania", 210),
    "SE": Country("Sweden", 250),
    "SG": Country("Singapore", 90, "gst"),
    "SI": Country("Slovenia", 220),
    "SK": Country("Slovakia", 230),
    "US": Country("United States", 0, "sales_tax"),
    "ZA": Country("South Africa", 150),
}
BY_NAME = sorted(COUNTRIES.items(), key=lambda entry: entry[1].name)
# Digital goods that no country taxes.
NONTAXABLE = "txcd_00000000"
DIGITAL = "txcd_10000000"


def behavior(given: str | None, currency: str) -> str:
    """Give "inclusive" or "exclusive": as said, or as is usual where the currency is."""
    if given in ("inclusive", "exclusive"):
        return str(given)
    return "exclusive" if currency in ("usd", "cad") else "inclusive"


def tax_on(amount: int, permille: int, how: str) -> int:
    """Give the tax in an amount, or on it, in minor units, rounded half up."""
    whole = 1000 + permille if how == "inclusive" else 1000
    return (2 * amount * permille + whole) // (2 * whole)
