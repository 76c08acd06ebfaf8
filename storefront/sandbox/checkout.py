"""Checkout Sessions: the verbs of the API. hosted.py is their page's side."""

# open ─► complete        (the hosted page: paid, held, or card saved)
#   └───► expired         (by the API, or by the clock at expires_at)

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import checkout_tax, lists
from .currencies import check_amount
from .errors import invalid, refused
from .params import exclusive, merged, missing
from .payments import cancel_intent
from .setup_intents import end
from .world import Thing, World, unset

if TYPE_CHECKING:
    from .routes import Call

MINUTE = 60
DAY = 24 * 60 * MINUTE
SHORTEST = 30 * MINUTE
# Stripe compares with its own clock; a caller's may be a little behind.
SLACK = MINUTE
# What a session shows as it was given.
ECHOED = (
    "allowed_payment_method_types",
    "billing_address_collection",
    "cancel_url",
    "client_reference_id",
    "customer",
    "customer_email",
    "locale",
    "submit_type",
)


def create(world: World, call: Call) -> Thing:
    """Open a session. Its intent is made when its page is submitted, not before."""
    params = call.params
    _check(world, params)
    items = [_item(world, entry) for entry in params.get("line_items", [])]
    session = Thing(_blank(world, params, items), _hidden(params, items))
    session.due = session["expires_at"]
    return world.add(session)


def line_items(world: World, call: Call) -> dict[str, Any]:
    """Give one page of what a session sells."""
    session = world.fetch("checkout.session", call.ids[0])
    return lists.items(call, session.hidden["line_items"])


def expire(world: World, call: Call) -> Thing:
    """Close a session that is still open."""
    session = world.fetch("checkout.session", call.ids[0])
    if session["status"] != "open":
        message = (
            'Only Checkout Sessions with a status in ["open"] can be expired.'
            f" This Checkout Session has a status of {session['status']}."
        )
        raise refused(message)
    close(world, session)
    return session


def close(world: World, session: Thing) -> None:
    """Expire a session, and end the intent that its page may have begun."""
    session.update(status="expired", url=None)
    session.due = None
    world.save(session)
    intent = intent_of(world, session)
    if intent and intent["object"] == "payment_intent":
        cancel_intent(world, intent, "automatic")
    elif intent:
        end(world, intent, "abandoned")
    world.emit("checkout.session.expired", session)


def intent_of(world: World, session: Thing) -> Thing | None:
    """Give the intent that the page made, if it was submitted yet."""
    if session["payment_intent"]:
        return world.fetch("payment_intent", session["payment_intent"])
    if session["setup_intent"]:
        return world.fetch("setup_intent", session["setup_intent"])
    return None


def _check(world: World, params: dict[str, Any]) -> None:
    if params["mode"] == "payment":
        _check_payment(params)
    else:
        _check_setup(params)
    checkout_tax.check(world, params)
    if "customer_update" in params and "customer" not in params:
        raise missing("customer")
    if "customer" in params and "customer_email" in params:
        raise exclusive("customer", "customer_email")
    if "customer" in params and "customer_creation" in params:
        raise exclusive("customer", "customer_creation")
    if "customer" in params:
        world.fetch("customer", params["customer"], "customer")
    expires = params.get("expires_at")
    longest = DAY + SLACK
    if expires is not None and not SHORTEST - SLACK <= expires - world.now <= longest:
        message = "`expires_at` must be at least 30 minutes and at most 24 hours from now."
        raise invalid(message, param="expires_at")


def _check_payment(params: dict[str, Any]) -> None:
    if not params.get("line_items"):
        raise missing("line_items")
    if "setup_intent_data" in params:
        message = "You can not pass `setup_intent_data` in `payment` mode."
        raise invalid(message, param="setup_intent_data")
    currencies = {entry["price_data"]["currency"] for entry in params["line_items"]}
    if len(currencies | ({params["currency"]} if "currency" in params else set())) > 1:
        message = "All line items of a session have one currency."
        raise invalid(message, param="line_items")
    total = sum(entry["price_data"]["unit_amount"] * entry.get("quantity", 1) for entry in params["line_items"])
    check_amount(total, currencies.pop())


def _check_setup(params: dict[str, Any]) -> None:
    for name in ("line_items", "payment_intent_data", "customer_creation", "submit_type"):
        if name in params:
            message = f"You can not pass `{name}` in `setup` mode."
            raise invalid(message, param=name)
    if "currency" not in params and "allowed_payment_method_types" not in params:
        raise missing("currency")


def _hidden(params: dict[str, Any], items: list[dict[str, Any]]) -> dict[str, Any]:
    names = ("payment_intent_data", "setup_intent_data", "payment_method_options")
    return {
        "line_items": items,
        "allowed": params.get("allowed_payment_method_types"),
        "customer_update": params.get("customer_update", {}),
        "tax_codes": _tax_codes(params, items),
        **{name: params.get(name, {}) for name in names},
    }


def _tax_codes(params: dict[str, Any], items: list[dict[str, Any]]) -> dict[str, str]:
    products = [entry["price_data"]["product_data"] for entry in params.get("line_items", [])]
    pairs = zip(items, products, strict=True)
    return {item["id"]: product["tax_code"] for item, product in pairs if "tax_code" in product}


def _item(world: World, entry: dict[str, Any]) -> dict[str, Any]:
    price = entry["price_data"]
    quantity = entry.get("quantity", 1)
    amount = price["unit_amount"] * quantity
    return {
        "id": world.ids.new("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": price["product_data"]["name"],
        "metadata": merged({}, entry.get("metadata")),
        "price": _price(world, price),
        "quantity": quantity,
    }


def _price(world: World, price: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": world.ids.new("price"),
        "object": "price",
        "active": False,
        "billing_scheme": "per_unit",
        "created": world.now,
        "currency": price["currency"],
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": world.ids.new("prod", 14),
        "recurring": None,
        "tax_behavior": price.get("tax_behavior", "unspecified"),
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": price["unit_amount"],
        "unit_amount_decimal": str(price["unit_amount"]),
    }


def _blank(world: World, params: dict[str, Any], items: list[dict[str, Any]]) -> dict[str, Any]:
    ident = world.ids.new("cs_test", 58)
    paying = params["mode"] == "payment"
    path = "pay" if paying else "setup"
    total = sum(item["amount_total"] for item in items) if paying else None
    currency = items[0]["currency"] if items else params.get("currency")
    return {
        "id": ident,
        "object": "checkout.session",
        **_absent_features(),
        **{name: params.get(name) for name in ECHOED},
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": checkout_tax.shown(params),
        "consent_collection": _consent_collection(params),
        "created": world.now,
        "currency": currency,
        "custom_text": _custom_text(params),
        "customer_creation": _customer_creation(params),
        "customer_details": _first_details(world, params),
        "expires_at": params.get("expires_at", world.now + DAY),
        "metadata": merged({}, params.get("metadata")),
        "mode": params["mode"],
        "payment_intent": None,
        "payment_method_collection": "always" if paying else None,
        "payment_method_options": _options(params),
        "payment_method_types": ["card"],
        "payment_status": "unpaid" if paying else "no_payment_required",
        "setup_intent": None,
        "status": "open",
        "success_url": params["success_url"],
        "total_details": _total_details() if paying else None,
        "ui_mode": params.get("ui_mode", "hosted_page"),
        "url": f"{world.public_url}/c/{path}/{ident}",
    }


def _options(params: dict[str, Any]) -> dict[str, Any]:
    given = params.get("payment_method_options", {})
    return {name: {"request_three_d_secure": "automatic", **card} for name, card in given.items()}


def _absent_features() -> dict[str, Any]:
    # Features of Stripe that nothing here uses, as they look when they are off.
    nothing = unset(
        "adaptive_pricing after_expiration allow_promotion_codes client_secret"
        " collected_information consent currency_conversion customer_account integration_identifier"
        " invoice origin_context payment_link payment_method_configuration_details permissions"
        " recovered_from saved_payment_method_options shipping_address_collection shipping_cost"
        " subscription wallet_options"
    )
    return {
        **nothing,
        "custom_fields": [],
        "discounts": [],
        "invoice_creation": None,
        "livemode": False,
        "managed_payments": {"enabled": False},
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
    }


def _customer_creation(params: dict[str, Any]) -> str | None:
    if params["mode"] != "payment" or "customer" in params:
        return None
    return str(params.get("customer_creation", "if_required"))


def _custom_text(params: dict[str, Any]) -> dict[str, Any]:
    given = params.get("custom_text", {})
    names = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
    return {name: given.get(name) for name in names}


def _consent_collection(params: dict[str, Any]) -> dict[str, Any] | None:
    given = params.get("consent_collection")
    if given is None:
        return None
    names = ("payment_method_reuse_agreement", "promotions", "terms_of_service")
    return {name: given.get(name) for name in names}


def _first_details(world: World, params: dict[str, Any]) -> dict[str, Any] | None:
    if "customer" in params:
        customer = world.fetch("customer", params["customer"], "customer")
        return details(customer["email"], customer["name"], customer["address"]) if customer["email"] else None
    email = params.get("customer_email")
    return details(email) if email else None


def details(email: str | None, name: str | None = None, address: dict[str, Any] | None = None) -> dict[str, Any]:
    """Give customer_details as far as the page knows them."""
    return {
        "address": address,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": None,
    }


def _total_details() -> dict[str, Any]:
    return {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0}
