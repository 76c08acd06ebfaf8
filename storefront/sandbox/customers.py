"""Customers: Stripe's record of a person, not our account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import invalid
from .params import merged
from .payment_methods import attach_to, detach_from, refuse_unattachable, resolve
from .world import Thing, World, unset

if TYPE_CHECKING:
    from .routes import Call

FIELDS = ("address", "description", "email", "name", "phone", "preferred_locales")

# Fields of Stripe that are null until something sets them.
UNSET = unset(
    """
    address currency default_source description discount email name phone shipping test_clock
    """
)


def create(world: World, call: Call) -> Thing:
    """Make a customer, with a card if one is given."""
    return make(world, call.params)


def make(world: World, params: dict[str, Any]) -> Thing:
    """Store a new customer."""
    customer = world.add(Thing(_blank(world)))
    if "payment_method" in params:
        params = _with_card(world, customer, params)
    _apply(world, customer, params)
    world.save(customer)
    world.emit("customer.created", customer)
    return customer


def update(world: World, call: Call) -> Thing:
    """Change a customer."""
    return change(world, world.fetch("customer", call.ids[0]), call.params)


def prefer(world: World, customer: Thing, method: str) -> None:
    """Make a card the one that a customer's invoices would be charged to."""
    change(world, customer, {"invoice_settings": {"default_payment_method": method}})


def change(world: World, customer: Thing, params: dict[str, Any]) -> Thing:
    """Change a customer, and say what was before."""
    old = dict(customer)
    _apply(world, customer, params)
    world.save(customer)
    before = {name: old[name] for name in old if old[name] != customer[name]}
    world.emit("customer.updated", customer, before)
    return customer


def retrieve(world: World, call: Call) -> Thing:
    """Give a customer; one that was deleted says only that."""
    customer = world.find("customer", call.ids[0])
    return customer or world.fetch("customer", call.ids[0])


def delete(world: World, call: Call) -> dict[str, Any]:
    """Delete a customer; its cards are detached."""
    customer = world.fetch("customer", call.ids[0])
    for method in world.query("payment_method", "customer = ?", customer.id):
        detach_from(world, method)
    world.emit("customer.deleted", customer)
    gone = {"id": customer.id, "object": "customer", "deleted": True}
    customer.clear()
    customer.update(gone)
    world.save(customer)
    return gone


def _blank(world: World) -> dict[str, Any]:
    ident = world.ids.new("cus", 14)
    return {
        "id": ident,
        "object": "customer",
        **UNSET,
        "balance": 0,
        "created": world.now,
        "delinquent": False,
        "invoice_prefix": ident[-8:].upper(),
        "invoice_settings": _invoice_settings(None),
        "livemode": False,
        "metadata": {},
        "next_invoice_sequence": 1,
        "preferred_locales": [],
        "tax_exempt": "none",
    }


def _with_card(world: World, customer: Thing, params: dict[str, Any]) -> dict[str, Any]:
    """Attach the card that a customer comes with; its test alias may name the default one too."""
    given = params["payment_method"]
    method = resolve(world, given)
    refuse_unattachable(method)
    attach_to(world, method, customer.id)
    settings = params.get("invoice_settings", {})
    named = {"default_payment_method": method.id} if settings.get("default_payment_method") == given else {}
    return {**params, "invoice_settings": {**settings, **named}}


def _apply(world: World, customer: Thing, params: dict[str, Any]) -> None:
    customer.update({name: params[name] for name in FIELDS if name in params})
    customer["metadata"] = merged(customer["metadata"], params.get("metadata"))
    settings = params.get("invoice_settings", {})
    if "default_payment_method" in settings:
        method = settings["default_payment_method"]
        if method is not None:
            _refuse_strange_card(world, customer, method)
        customer["invoice_settings"] = _invoice_settings(method)


def _refuse_strange_card(world: World, customer: Thing, ident: str) -> None:
    method = world.find("payment_method", ident)
    if method is None or method["customer"] != customer.id:
        message = (
            f"The customer does not have a payment method with the ID {ident}."
            " The payment method must be attached to the customer."
        )
        raise invalid(message, param="invoice_settings[default_payment_method]", code="resource_missing")


def _invoice_settings(method: str | None) -> dict[str, Any]:
    return {
        "custom_fields": None,
        "default_payment_method": method,
        "footer": None,
        "rendering_options": None,
    }
