"""Automatic tax of a Checkout Session: worked out once its page knows where the buyer lives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import invalid
from .tax import country_of
from .tax_rates import COUNTRIES, DIGITAL, NONTAXABLE, Country, behavior, tax_on

if TYPE_CHECKING:
    from .world import Thing, World

OFF = {"enabled": False, "liability": None, "provider": None, "status": None}
WAITING = {
    "enabled": True,
    "liability": {"type": "self"},
    "provider": "stripe",
    "status": "requires_location_inputs",
}


def check(world: World, params: dict[str, Any]) -> None:
    """Refuse automatic tax for a customer whose address nobody knows nor is going to ask for."""
    if not wanted(params):
        return
    if params["mode"] != "payment":
        message = "You can only use `automatic_tax` in `payment` mode."
        raise invalid(message, param="automatic_tax")
    known = "customer" in params and world.fetch("customer", params["customer"], "customer")["address"]
    asked = params.get("customer_update", {}).get("address") == "auto"
    if "customer" in params and not (known or asked):
        message = (
            "Automatic tax calculation in Checkout requires a valid address on the Customer."
            " Give the Customer one, or set `customer_update[address]` to 'auto'."
        )
        raise invalid(message, param="automatic_tax", code="customer_tax_location_invalid")


def wanted(params: dict[str, Any]) -> bool:
    """Say whether a session is to work out tax."""
    return bool(params.get("automatic_tax", {}).get("enabled"))


def shown(params: dict[str, Any]) -> dict[str, Any]:
    """Give automatic_tax as a fresh session shows it."""
    return WAITING if wanted(params) else OFF


def asks_address(session: Thing) -> bool:
    """Say whether the page of a session has to ask where the buyer lives."""
    return bool(session["automatic_tax"]["enabled"]) or session["billing_address_collection"] == "required"


def settle(world: World, session: Thing, address: dict[str, Any]) -> None:
    """Put the tax of an address into the session's items and totals."""
    if not session["automatic_tax"]["enabled"]:
        return
    country = country_of(address, "country")
    for item in session.hidden["line_items"]:
        code = session.hidden["tax_codes"].get(item["id"], DIGITAL)
        permille = country.permille if country and code != NONTAXABLE else 0
        _tax(item, permille)
        session.hidden.setdefault("taxes", {})[item["id"]] = [_told(world, item, address, permille)]
    items = session.hidden["line_items"]
    total = sum(item["amount_total"] for item in items)
    taxes = sum(item["amount_tax"] for item in items)
    session.update(amount_total=total, total_details={**session["total_details"], "amount_tax": taxes})
    session["automatic_tax"] = {**session["automatic_tax"], "status": "complete"}
    world.save(session)


def _tax(item: dict[str, Any], permille: int) -> None:
    how = behavior(item["price"]["tax_behavior"], item["currency"])
    item["amount_tax"] = tax_on(item["amount_subtotal"], permille, how)
    item["amount_total"] = item["amount_subtotal"] + (item["amount_tax"] if how == "exclusive" else 0)


def _told(world: World, item: dict[str, Any], address: dict[str, Any], permille: int) -> dict[str, Any]:
    """Give the tax of an item as a session shows it to whoever asks."""
    code = str(address["country"]).upper()
    country = COUNTRIES.get(code, Country(code, 0))
    rate = {
        "id": world.ids.new("txr"),
        "object": "tax_rate",
        "active": False,
        "country": code,
        "created": world.now,
        "description": None,
        "display_name": country.kind.upper().replace("_", " "),
        "effective_percentage": permille / 10,
        "flat_amount": None,
        "inclusive": behavior(item["price"]["tax_behavior"], item["currency"]) == "inclusive",
        "jurisdiction": country.name,
        "jurisdiction_level": "country",
        "livemode": False,
        "metadata": {},
        "percentage": permille / 10,
        "rate_type": "percentage",
        "state": None,
        "tax_type": country.kind,
    }
    reason = "standard_rated" if permille else "not_collecting"
    taxable = item["amount_total"] - item["amount_tax"] if permille else 0
    return {"amount": item["amount_tax"], "rate": rate, "taxability_reason": reason, "taxable_amount": taxable}
