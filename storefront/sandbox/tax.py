"""Tax calculations: what tax is in some items, or on top of them, where a buyer lives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import lists
from .errors import absent, invalid
from .params import exclusive, merged, missing
from .payment_methods import EMPTY_ADDRESS
from .tax_rates import COUNTRIES, DIGITAL, NONTAXABLE, behavior, tax_on
from .world import WORDS, Thing, World

if TYPE_CHECKING:
    from .routes import Call
    from .tax_rates import Country

DAY = 24 * 60 * 60
LIFE = 90 * DAY


def calculate(world: World, call: Call) -> Thing:
    """Say what tax is in some items, or on top of them, for a buyer's address."""
    customer = _customer(world, call.params)
    items = [_item(world, entry, customer, call.params["currency"]) for entry in call.params["line_items"]]
    calculation = Thing(_calculation(world, call.params, customer, items), {"line_items": items})
    return world.add(calculation)


def retrieve(world: World, call: Call) -> Thing:
    """Give a calculation that has not expired."""
    return usable(world, call.ids[0])


def line_items(world: World, call: Call) -> dict[str, Any]:
    """Give one page of the items of a calculation."""
    return lists.items(call, usable(world, call.ids[0]).hidden["line_items"])


def usable(world: World, ident: str, param: str | None = None) -> Thing:
    """Give a calculation; one that has expired counts as none."""
    found = world.fetch("tax.calculation", ident, param)
    if found["expires_at"] <= world.now:
        raise absent(WORDS["tax.calculation"], ident, param or "id", 400 if param else 404)
    return found


def attach(world: World, intent: Thing, hooks: dict[str, Any]) -> None:
    """Link a calculation to an intent, or with an empty one take the link away."""
    param = "hooks[inputs][tax][calculation]"
    ident = hooks["inputs"]["tax"].get("calculation")
    if ident is None:
        intent.pop("hooks", None)
        return
    calculation = usable(world, ident, param)
    if calculation["currency"] != intent["currency"]:
        message = f"The calculation {ident} is in {calculation['currency']}, the PaymentIntent in {intent['currency']}."
        raise invalid(message, param=param)
    intent["hooks"] = hooks


def country_of(address: dict[str, Any] | None, param: str) -> Country | None:
    """Give the country of an address; None for one whose tax is not known here, so that none is taken."""
    code = (address or {}).get("country") or ""
    if len(code) != len("DE") or not code.isalpha():
        message = f"The country of the address is not a country: '{code}'. Write two letters, such as DE."
        raise invalid(message, param=param, code="customer_tax_location_invalid")
    return COUNTRIES.get(code.upper())


def _customer(world: World, params: dict[str, Any]) -> dict[str, Any]:
    if "customer" in params and "customer_details" in params:
        raise exclusive("customer", "customer_details")
    given = params.get("customer_details")
    if "customer" in params:
        customer = world.fetch("customer", params["customer"], "customer")
        given = {"address": customer["address"] or {}, "address_source": "billing"}
    if given is None or "address" not in given:
        raise missing("customer_details[address]")
    country_of(given["address"], "customer_details[address][country]")
    return {
        "address": {**EMPTY_ADDRESS, **given["address"]},
        "address_source": given.get("address_source", "billing"),
        "ip_address": given.get("ip_address"),
        "tax_ids": [],
        "taxability_override": given.get("taxability_override", "none"),
    }


def _item(world: World, entry: dict[str, Any], customer: dict[str, Any], currency: str) -> dict[str, Any]:
    ident = world.ids.new("tax_li", 14)
    how = behavior(entry.get("tax_behavior", "exclusive"), currency)
    code = entry.get("tax_code", DIGITAL)
    permille, reason = _rate(customer, code)
    tax = tax_on(entry["amount"], permille, how)
    return {
        "id": ident,
        "object": "tax.calculation_line_item",
        "amount": entry["amount"],
        "amount_tax": tax,
        "livemode": False,
        "metadata": merged({}, entry.get("metadata")),
        "product": None,
        "quantity": entry.get("quantity", 1),
        "reference": entry.get("reference", ident),
        "tax_behavior": how,
        "tax_breakdown": [_breakdown(customer, tax, permille, reason, _taxable(entry["amount"], tax, how, reason))],
        "tax_code": code,
    }


def _rate(customer: dict[str, Any], code: str) -> tuple[int, str]:
    override = customer["taxability_override"]
    country = COUNTRIES.get(customer["address"]["country"].upper())
    if override != "none":
        return 0, override
    if country is None or not country.permille:
        return 0, "not_collecting"
    return (0, "product_exempt") if code == NONTAXABLE else (country.permille, "standard_rated")


def _taxable(amount: int, tax: int, how: str, reason: str) -> int:
    if reason != "standard_rated":
        return 0
    return amount - tax if how == "inclusive" else amount


def _breakdown(customer: dict[str, Any], tax: int, permille: int, reason: str, taxable: int) -> dict[str, Any]:
    code = customer["address"]["country"].upper()
    country = COUNTRIES.get(code)
    rate = {
        "display_name": country.kind.upper().replace("_", " ") if country else "Tax",
        "percentage_decimal": f"{permille // 10}.{permille % 10}",
        "tax_type": country.kind if country else "vat",
    }
    return {
        "amount": tax,
        "jurisdiction": {
            "country": code,
            "display_name": country.name if country else code,
            "level": "country",
            "state": None,
        },
        "sourcing": "destination",
        "tax_rate_details": rate if permille else None,
        "taxability_reason": reason,
        "taxable_amount": taxable,
    }


def _calculation(
    world: World, params: dict[str, Any], customer: dict[str, Any], items: list[dict[str, Any]]
) -> dict[str, Any]:
    taxes = {how: sum(i["amount_tax"] for i in items if i["tax_behavior"] == how) for how in ("exclusive", "inclusive")}
    return {
        "id": world.ids.new("taxcalc"),
        "object": "tax.calculation",
        "amount_total": sum(item["amount"] for item in items) + taxes["exclusive"],
        "currency": params["currency"],
        "customer": params.get("customer"),
        "customer_details": customer,
        "expires_at": world.now + LIFE,
        "livemode": False,
        "ship_from_details": None,
        "shipping_cost": None,
        "tax_amount_exclusive": taxes["exclusive"],
        "tax_amount_inclusive": taxes["inclusive"],
        "tax_breakdown": _summary(items),
        "tax_date": params.get("tax_date", world.now),
    }


def _summary(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows: dict[tuple[bool, str], dict[str, Any]] = {}
    for item in items:
        (part,) = item["tax_breakdown"]
        inclusive = item["tax_behavior"] == "inclusive"
        row = rows.setdefault((inclusive, part["taxability_reason"]), _summary_row(part, inclusive=inclusive))
        row["amount"] += part["amount"]
        row["taxable_amount"] += part["taxable_amount"]
    return list(rows.values())


def _summary_row(part: dict[str, Any], *, inclusive: bool) -> dict[str, Any]:
    rate = part["tax_rate_details"] or {}
    return {
        "amount": 0,
        "inclusive": inclusive,
        "tax_rate_details": {
            "country": part["jurisdiction"]["country"],
            "flat_amount": None,
            "percentage_decimal": rate.get("percentage_decimal", "0.0"),
            "rate_type": "percentage" if rate else None,
            "state": None,
            "tax_type": rate.get("tax_type"),
        },
        "taxability_reason": part["taxability_reason"],
        "taxable_amount": 0,
    }
