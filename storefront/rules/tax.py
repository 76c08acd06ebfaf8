"""Tax: what it hangs on, how long a calculation serves, and how much of it is in a part (stripe.md 1.8)."""

from datetime import datetime, timedelta

# Stripe's codes of what is sold: digital books and downloaded software for good, and lessons that nobody leads.
CODES = {"course": "txcd_20060058", "ebook": "txcd_10302000", "software": "txcd_10202000"}
GENERAL = "txcd_10000000"
FRESH = timedelta(hours=24)
NAMES = {
    "gst": "GST",
    "hst": "HST",
    "igst": "IGST",
    "jct": "consumption tax",
    "pst": "PST",
    "qst": "QST",
    "rst": "RST",
    "sales_tax": "sales tax",
    "service_tax": "service tax",
    "vat": "VAT",
}


def code(kind: str) -> str:
    """Stripe's tax code for a kind of product."""
    return CODES.get(kind, GENERAL)


def serves(made_at: datetime, expires_at: datetime, now: datetime) -> bool:
    """Whether a new payment may go by a calculation: it is of today, and Stripe still has it."""
    return now < min(made_at + FRESH, expires_at)


def share(tax: int, amount: int, part: int, *, before: int = 0, taken: int = 0) -> int:
    """The tax in a part of an amount, in minor units, rounded half up.

    `before` of the amount went back already, with `taken` of its tax: the shares of all parts add up to all of the tax.
    """
    if not amount:
        return 0
    so_far = (2 * tax * (before + part) + amount) // (2 * amount)
    return min(max(so_far - taken, 0), part)


def words(rate: str, name: str, place: str) -> str:
    """As a receipt says it: including 19 % VAT (DE)."""
    percent = f"{rate}\N{NO-BREAK SPACE}% " if rate else ""
    where = f" ({place})" if place else ""
    return f"including {percent}{NAMES.get(name, 'tax')}{where}"
