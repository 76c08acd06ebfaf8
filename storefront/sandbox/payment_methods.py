"""Payment methods: cards, and whose they are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .cards import BY_ALIAS, BY_NUMBER, TestCard
from .errors import declined, refused
from .params import merged
from .world import Thing, World, unset

if TYPE_CHECKING:
    from .routes import Call

EMPTY_ADDRESS = unset("city country line1 line2 postal_code state")


def attach(world: World, call: Call) -> Thing:
    """Save a card with a customer. Cards that always decline cannot be saved: 402."""
    customer = world.fetch("customer", call.params["customer"], "customer")
    method = resolve(world, call.ids[0], None)
    if method["customer"] == customer.id:
        return method
    refuse_unattachable(method)
    return attach_to(world, method, customer.id)


def retrieve(world: World, call: Call) -> Thing:
    """Give a card; a test alias gives a card of its own, as everywhere."""
    return resolve(world, call.ids[0], None)


def detach(world: World, call: Call) -> Thing:
    """Take a card away from its customer, for good."""
    method = world.fetch("payment_method", call.ids[0])
    if not method["customer"]:
        message = "The payment method you provided is not attached to a customer so detachment is impossible."
        raise refused(message, code="payment_method_unexpected_state")
    return detach_from(world, method)


def resolve(world: World, ident: str, param: str | None = "payment_method") -> Thing:
    """Give the card of that id; a test alias such as pm_card_visa becomes a card of its own."""
    if ident in BY_ALIAS:
        expires = datetime.fromtimestamp(world.now, UTC).year + 4
        return make(world, BY_ALIAS[ident], 12, expires)
    return world.fetch("payment_method", ident, param)


def make(world: World, card: TestCard, month: int, year: int, email: str | None = None) -> Thing:
    """Store a new card that is nobody's yet."""
    body: dict[str, Any] = {
        "id": world.ids.new("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": _billing_details(email),
        "card": _card(card, month, year),
        "created": world.now,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }
    return world.add(Thing(body, {"number": card.number}))


def attach_to(world: World, method: Thing, customer: str) -> Thing:
    """Make a card a customer's, and say so."""
    method["customer"] = customer
    world.save(method)
    world.emit("payment_method.attached", method)
    return method


def detach_from(world: World, method: Thing) -> Thing:
    """Make a card nobody's; it cannot be used again, nor be the default of the customer that it was of."""
    before = {"customer": method["customer"]}
    _prefer_no_more(world, method)
    method["customer"] = None
    method.hidden["spent"] = True
    world.save(method)
    world.emit("payment_method.detached", method, before)
    return method


def _prefer_no_more(world: World, method: Thing) -> None:
    customer = world.fetch("customer", method["customer"])
    settings = customer["invoice_settings"]
    if settings["default_payment_method"] == method.id:
        customer["invoice_settings"] = {**settings, "default_payment_method": None}
        world.save(customer)
        world.emit("customer.updated", customer, {"invoice_settings": settings})


def card_of(method: Thing) -> TestCard:
    """Give the test card behind a payment method."""
    return BY_NUMBER[method.hidden["number"]]


def is_expired(method: Thing, now: int) -> bool:
    """Say whether the month printed on a card is over."""
    today = datetime.fromtimestamp(now, UTC)
    return (method["card"]["exp_year"], method["card"]["exp_month"]) < (today.year, today.month)


def update(world: World, call: Call) -> Thing:
    """Change a saved card's expiry, address or metadata, as its holder tells the shop."""
    method = world.fetch("payment_method", call.ids[0])
    if not method["customer"]:
        message = "You must save this PaymentMethod to a customer before you can update it."
        raise refused(message, code="payment_method_unexpected_state")
    before = {name: method[name] for name in ("allow_redisplay", "billing_details", "card", "metadata")}
    _apply(method, call.params)
    world.save(method)
    changed = {name: value for name, value in before.items() if method[name] != value}
    world.emit("payment_method.updated", method, changed)
    return method


def renew(world: World, method: Thing, card: TestCard, month: int, year: int) -> Thing:
    """Let the bank send its holder a new card, as card networks tell Stripe of by themselves."""
    before = {"card": method["card"]}
    method["card"] = _card(card, month, year)
    method.hidden["number"] = card.number
    world.save(method)
    world.emit("payment_method.automatically_updated", method, before)
    return method


def _apply(method: Thing, params: dict[str, Any]) -> None:
    details = {**method["billing_details"], **params.get("billing_details", {})}
    if details["address"] is None or "address" in params.get("billing_details", {}):
        details["address"] = {**EMPTY_ADDRESS, **(details["address"] or {})}
    method["billing_details"] = details
    method["card"] = {**method["card"], **params.get("card", {})}
    method["metadata"] = merged(method["metadata"], params.get("metadata"))
    if "allow_redisplay" in params:
        method["allow_redisplay"] = params["allow_redisplay"]


def refuse_unattachable(method: Thing) -> None:
    """Refuse to save a card that is somebody's, was used up, or (402) is declined by its bank already now."""
    if method["customer"]:
        message = "The payment method you provided has already been attached to a customer."
        raise refused(message, code="payment_method_unexpected_state")
    refuse_spent(method)
    card = card_of(method)
    if not card.attachable and card.decline:
        error = declined(card.decline.facts())
        error.keeps = False
        raise error


def refuse_spent(method: Thing) -> None:
    """Refuse a card that was used once without a customer, or detached."""
    if method.hidden.get("spent"):
        message = (
            "The provided PaymentMethod was used before without being attached to a Customer,"
            " or was detached from one. It may not be used again."
        )
        raise refused(message, code="payment_method_unexpected_state")


def refuse_parted(world: World, intent: Thing) -> None:
    """Refuse an intent whose card and customer do not go together (any more), or whose customer is gone."""
    if intent["customer"]:
        world.fetch("customer", intent["customer"], "customer")
    if intent["payment_method"]:
        method = world.fetch("payment_method", intent["payment_method"], "payment_method")
        refuse_stranger(method, intent["customer"])


def refuse_stranger(method: Thing, customer: str | None) -> None:
    """Refuse to use a card with anyone but its customer."""
    refuse_spent(method)
    if method["customer"] and method["customer"] != customer:
        message = (
            f"The provided PaymentMethod {method.id} belongs to another Customer"
            " than the one given in `customer`, or none was given."
        )
        raise refused(message, code="payment_method_unexpected_state", param="payment_method")


def _billing_details(email: str | None) -> dict[str, Any]:
    return {
        "address": EMPTY_ADDRESS,
        "email": email,
        "name": None,
        "phone": None,
        "tax_id": None,
    }


def _card(card: TestCard, month: int, year: int) -> dict[str, Any]:
    return {
        "brand": card.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": "US",
        "display_brand": "american_express" if card.brand == "amex" else card.brand,
        "exp_month": month,
        "exp_year": year,
        "fingerprint": card.fingerprint,
        "funding": "credit",
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
