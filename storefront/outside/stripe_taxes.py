"""What Stripe says of taxes and addresses, in our words: read from the plain objects that its client returns."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from storefront.outside.stripe_answers import Calculation, Tax


def session_tax(data: dict[str, Any]) -> Tax | None:
    """The tax that a visit's page has reckoned; None where it was not asked to."""
    if (data.get("automatic_tax") or {}).get("status") != "complete":
        return None
    items = (data.get("line_items") or {}).get("data") or []
    rates = [each["rate"] | {"amount": each["amount"]} for item in items for each in item.get("taxes") or []]
    place = ((data.get("customer_details") or {}).get("address") or {}).get("country") or ""
    return told_as_one((data.get("total_details") or {}).get("amount_tax") or 0, rates, "percentage", place)


def told_as_one(amount: int, rates: list[dict[str, Any]], percentage: str, place: str) -> Tax:
    """Several taxes of one place (a state's and a county's) are told as one, by the sum of their rates."""
    taxed = [each for each in rates if each["amount"]]
    total = sum((Decimal(str(each[percentage])) for each in taxed), Decimal())
    names = {str(each.get("tax_type") or "") for each in taxed}
    return Tax(amount, f"{total.normalize():f}" if taxed else "", names.pop() if len(names) == 1 else "", place.upper())


def calculation(data: dict[str, Any]) -> Calculation:
    """Tax as it was reckoned for an amount that is to be paid."""
    rates = [each["tax_rate_details"] | {"amount": each["amount"]} for each in data["tax_breakdown"]]
    address = (data.get("customer_details") or {}).get("address") or {}
    place = address.get("country") or ""
    tax = told_as_one(data["tax_amount_inclusive"], rates, "percentage_decimal", place)
    ends = data["expires_at"] or data["tax_date"]
    return Calculation(data["id"], "", data["amount_total"], tax, datetime.fromtimestamp(ends, UTC))


def hooked(hooks: dict[str, Any]) -> str:
    """The calculation that a payment reports its tax by."""
    return str(((hooks.get("inputs") or {}).get("tax") or {}).get("calculation") or "")


def address_of(given: dict[str, Any], bank: str) -> dict[str, str]:
    """As much of an address as a tax hangs on; no street and no name are kept."""
    if not given.get("country"):
        return {"country": bank} if bank else {}
    return {name: str(given[name]) for name in ("country", "state", "postal_code") if given.get(name)}
