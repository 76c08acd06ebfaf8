"""Customers: Stripe's record of a person, not our account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import declined
from .params import merged
from .payment_methods import attach_to, card_of, detach_from, refuse_spent, resolve
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
    customer = make(world, call.params)
    if "payment_method" in call.params:
        method = resolve(world, call.params["payment_method"])
        card = card_of(method)
        refuse_spent(method)
        if not card.attachable and card.decline:
            raise declined(card.decline.facts())
        attach_to(world, method, customer.id)
    return customer


def make(world: World, params: dict[str, Any]) -> Thing:
    """Store a new customer."""
    ident = world.ids.new("cus", 14)
    body: dict[str, Any] = {
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
    customer = Thing(body)
    _apply(world, customer, params)
    world.add(customer)
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


def _apply(world: World, customer: Thing, params: dict[str, Any]) -> None:
    customer.update({name: params[name] for name in FIELDS if name in params})
    customer["metadata"] = merged(customer["metadata"], params.get("metadata"))
    settings = params.get("invoice_settings", {})
    if "default_payment_method" in settings:
        method = settings["default_payment_method"]
        if method is not None:
            world.fetch("payment_method", method, "invoice_settings[default_payment_method]")
        customer["invoice_settings"] = _invoice_settings(method)


def _invoice_settings(method: str | None) -> dict[str, Any]:
    return {
        "custom_fields": None,
        "default_payment_method": method,
        "footer": None,
        "rendering_options": None,
    }
