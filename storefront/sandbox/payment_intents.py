"""PaymentIntents: the verbs of the API. payments.py says what follows when the bank is asked."""

# requires_payment_method ─► requires_confirmation ─┬─► requires_action ─┬─► requires_capture ─► succeeded
#    ▲                                              └────────────────────┴─► succeeded (not manual)
#    └── the bank says no, or its holder does not authenticate
# canceled: from any of them but succeeded

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import charges, tax, tax_transactions
from .currencies import check_amount, check_digits
from .errors import declined, invalid, refused
from .params import merged
from .payment_methods import refuse_parted, resolve
from .payments import CANCELLABLE, Presence, authorise, cancel_intent, session_of
from .world import Thing, World, unset

if TYPE_CHECKING:
    from .errors import StripeError
    from .routes import Call

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
ALWAYS_EDITABLE = {"metadata", "description", "hooks", "receipt_email", "statement_descriptor_suffix"}
PLAIN = (
    "amount",
    "currency",
    "description",
    "receipt_email",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "setup_future_usage",
    "transfer_group",
    "capture_method",
)

# Fields of Stripe that are null until something sets them.
UNSET = unset(
    """
    application application_fee_amount canceled_at cancellation_reason customer customer_account
    description excluded_payment_method_types last_payment_error latest_charge next_action on_behalf_of
    payment_method payment_method_configuration_details processing receipt_email review
    setup_future_usage shipping statement_descriptor statement_descriptor_suffix transfer_data
    transfer_group
    """
)


def create(world: World, call: Call) -> Thing:
    """Make an intent and, with confirm=true, ask the bank at once."""
    params = call.params
    _check_create(params)
    intent = make(world, params)
    if params.get("confirm"):
        _confirm(world, intent, params)
    return intent


def make(world: World, params: dict[str, Any], session: str | None = None) -> Thing:
    """Store a new intent that nobody has confirmed."""
    check_amount(params["amount"], params["currency"])
    intent = Thing(_blank(world, params), {"session": session})
    _apply(world, intent, params)
    world.add(intent)
    world.emit("payment_intent.created", intent)
    return intent


def update(world: World, call: Call) -> Thing:
    """Change an intent that is not yet decided; its words may change later too."""
    intent = world.fetch("payment_intent", call.ids[0])
    fixed = set(call.params) - ALWAYS_EDITABLE - {"expand"}
    if intent["status"] not in OPEN and fixed:
        raise _unexpected(intent, "updated", OPEN)
    if "amount" in call.params:
        check_amount(call.params["amount"], call.params.get("currency", intent["currency"]))
    _apply(world, intent, call.params)
    return world.save(intent)


def confirm(world: World, call: Call) -> Thing:
    """Ask the bank. 402 when it says no."""
    intent = world.fetch("payment_intent", call.ids[0])
    if intent["status"] not in OPEN:
        raise _unexpected(intent, "confirmed", OPEN)
    if intent.hidden.get("session"):
        message = "This PaymentIntent belongs to a Checkout Session; only its page confirms it."
        raise refused(message, code="payment_intent_unexpected_state", payment_intent=intent)
    _apply(world, intent, call.params)
    _confirm(world, intent, call.params)
    return intent


def capture(world: World, call: Call) -> Thing:
    """Take the money that is held, or a part of it; the rest is released."""
    intent = world.fetch("payment_intent", call.ids[0])
    if intent["status"] != "requires_capture":
        raise _unexpected(intent, "captured", ("requires_capture",))
    held = intent["amount_capturable"]
    amount = call.params.get("amount_to_capture", held)
    if amount > held:
        message = f"The amount to capture ({amount}) is more than what is held ({held})."
        raise refused(message, code="amount_too_large", param="amount_to_capture")
    check_digits(amount, intent["currency"], "amount_to_capture")
    if call.params.get("final_capture") is False:
        message = "This account has no multicapture: the one capture is the final one."
        raise invalid(message, param="final_capture")
    _take(world, intent, amount, call.params)
    return intent


def cancel(world: World, call: Call) -> Thing:
    """End an intent; what is held is released. A session's intent only while it holds money."""
    intent = world.fetch("payment_intent", call.ids[0])
    if intent["status"] not in CANCELLABLE:
        raise _unexpected(intent, "canceled", CANCELLABLE)
    if intent.hidden.get("session") and intent["status"] != "requires_capture":
        message = (
            "You cannot cancel this PaymentIntent because it was created by a Checkout Session."
            " Expire the Session instead."
        )
        raise refused(message, code="payment_intent_unexpected_state", payment_intent=intent)
    cancel_intent(world, intent, call.params.get("cancellation_reason"))
    return intent


def _check_create(params: dict[str, Any]) -> None:
    needs_confirm = ("off_session", "return_url", "error_on_requires_action")
    if not params.get("confirm"):
        for name in needs_confirm:
            if name in params:
                message = f"`{name}` can only be used when `confirm` is true."
                raise invalid(message, param=name)
    if params.get("off_session") and params.get("setup_future_usage"):
        message = "`setup_future_usage` cannot be used with `off_session`."
        raise invalid(message, param="setup_future_usage")


def _confirm(world: World, intent: Thing, params: dict[str, Any]) -> None:
    _check_confirm(intent, params)
    refuse_parted(world, intent)
    method = world.fetch("payment_method", intent["payment_method"], "payment_method")
    intent.hidden["return_url"] = params.get("return_url", intent.hidden.get("return_url"))
    away = bool(params.get("off_session"))
    presence = Presence(off_session=away, no_challenge=bool(params.get("error_on_requires_action")))
    decline = authorise(world, intent, method, presence)
    if decline:
        raise declined({**intent["last_payment_error"], "payment_intent": dict(intent)})


def _check_confirm(intent: Thing, params: dict[str, Any]) -> None:
    if not intent["payment_method"]:
        message = (
            "You cannot confirm this PaymentIntent because it's missing a payment method. Give one in `payment_method`."
        )
        raise invalid(message, param="payment_method", code="parameter_missing")
    check_way_back(intent, params)
    if params.get("off_session") and intent["setup_future_usage"]:
        message = (
            "You cannot confirm with `off_session=true` when `setup_future_usage` is set on the PaymentIntent:"
            " the customer has to be there while a card is set up."
        )
        raise invalid(message, param="off_session")


def check_way_back(intent: Thing, params: dict[str, Any]) -> None:
    """Refuse to confirm what may send its customer away, and names no address to come back to."""
    redirects = (intent["automatic_payment_methods"] or {}).get("allow_redirects") != "never"
    stays = "allowed_payment_method_types" in intent or not redirects
    if not (stays or params.get("return_url") or intent.hidden.get("return_url")):
        message = (
            "This intent may use payment methods that redirect. You must provide a"
            " `return_url`, or set `automatic_payment_methods[allow_redirects]` to never,"
            " or give `allowed_payment_method_types`."
        )
        raise invalid(message, param="return_url")


def _take(world: World, intent: Thing, amount: int, params: dict[str, Any]) -> None:
    words = ("statement_descriptor", "statement_descriptor_suffix")
    changes = {name: params[name] for name in words if name in params}
    charge = world.fetch("charge", intent["latest_charge"])
    charges.capture(world, charge, amount, changes)
    intent["metadata"] = merged(intent["metadata"], params.get("metadata"))
    if "hooks" in params:
        tax.attach(world, intent, params["hooks"])
    intent.update(amount_capturable=0, amount_received=amount, status="succeeded", **changes)
    tax_transactions.settle(world, intent)
    intent.due = None
    world.save(intent)
    session = session_of(world, intent)
    if session:
        session["payment_status"] = "paid"
        world.save(session)
    world.emit("payment_intent.succeeded", intent)


def _apply(world: World, intent: Thing, params: dict[str, Any]) -> None:
    intent.update({name: params[name] for name in PLAIN if name in params})
    intent["metadata"] = merged(intent["metadata"], params.get("metadata"))
    for name in ("allowed_payment_method_types", "excluded_payment_method_types"):
        if name in params:
            intent[name] = params[name]
    if "hooks" in params:
        tax.attach(world, intent, params["hooks"])
    if "customer" in params:
        intent["customer"] = params["customer"]
    if "payment_method_options" in params:
        intent["payment_method_options"] = options_of(params)
    if params.get("payment_method"):
        intent["payment_method"] = resolve(world, params["payment_method"]).id
        intent.update(next_action=None, status="requires_confirmation")
    if {"customer", "payment_method"} & set(params):
        refuse_parted(world, intent)


def options_of(params: dict[str, Any]) -> dict[str, Any]:
    """Give payment_method_options as they are shown."""
    card = params.get("payment_method_options", {}).get("card", {})
    shown = {
        "installments": None,
        "mandate_options": None,
        "network": None,
        "request_three_d_secure": card.get("request_three_d_secure", "automatic"),
    }
    names = ("capture_method", "request_extended_authorization", "setup_future_usage")
    extra = {name: card[name] for name in names if name in card}
    return {"card": {**shown, **extra}}


def _blank(world: World, params: dict[str, Any]) -> dict[str, Any]:
    ident = world.ids.new("pi")
    return {
        "id": ident,
        "object": "payment_intent",
        **UNSET,
        "amount": params["amount"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "automatic_payment_methods": automatic_methods(params),
        "capture_method": "automatic_async",
        "client_secret": world.ids.secret_of(ident),
        "confirmation_method": params.get("confirmation_method", "automatic"),
        "created": world.now,
        "currency": params["currency"],
        "livemode": False,
        "managed_payments": {"enabled": False},
        "metadata": {},
        "payment_method_options": options_of({}),
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
    }


def automatic_methods(params: dict[str, Any]) -> dict[str, Any] | None:
    """Give automatic_payment_methods: on unless the types were named."""
    if "allowed_payment_method_types" in params:
        return None
    given = params.get("automatic_payment_methods", {})
    return {"allow_redirects": given.get("allow_redirects", "always"), "enabled": True}


def _unexpected(intent: Thing, verb: str, allowed: tuple[str, ...]) -> StripeError:
    message = (
        f"This PaymentIntent could not be {verb} because it has a status of {intent['status']}."
        f" Only one with one of the following statuses may be {verb}: {', '.join(allowed)}."
    )
    return refused(message, code="payment_intent_unexpected_state", payment_intent=dict(intent))
