"""SetupIntents: saving a card without charging it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .cards import Decline, ask_bank
from .errors import declined, invalid, refused
from .params import merged
from .payment_intents import automatic_methods, check_way_back
from .payment_methods import attach_to, card_of, refuse_parted, resolve
from .payments import Presence, challenge, visit_of
from .world import Thing, World, unset

if TYPE_CHECKING:
    from .errors import StripeError
    from .routes import Call

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")

# Fields of Stripe that are null until something sets them.
UNSET = unset(
    """
    application cancellation_reason customer customer_account description excluded_payment_method_types
    flow_directions last_setup_error latest_attempt mandate next_action on_behalf_of payment_method
    payment_method_configuration_details single_use_mandate
    """
)


def create(world: World, call: Call) -> Thing:
    """Make a setup intent and, with confirm=true, ask the bank at once."""
    params = call.params
    if "return_url" in params and not params.get("confirm"):
        message = "`return_url` can only be used when `confirm` is true."
        raise invalid(message, param="return_url")
    intent = make(world, params)
    if params.get("confirm"):
        _confirm(world, intent, params)
    return intent


def make(world: World, params: dict[str, Any], session: str | None = None) -> Thing:
    """Store a new setup intent that nobody has confirmed."""
    intent = Thing(_blank(world, params), {"session": session})
    _apply(world, intent, params)
    world.add(intent)
    world.emit("setup_intent.created", intent)
    return intent


def update(world: World, call: Call) -> Thing:
    """Change a setup intent that is not decided."""
    intent = world.fetch("setup_intent", call.ids[0])
    if intent["status"] not in OPEN and set(call.params) - {"metadata", "description", "expand"}:
        raise _unexpected(intent, "updated")
    _apply(world, intent, call.params)
    return world.save(intent)


def confirm(world: World, call: Call) -> Thing:
    """Ask the bank. 402 when it says no."""
    intent = world.fetch("setup_intent", call.ids[0])
    if intent["status"] not in OPEN:
        raise _unexpected(intent, "confirmed")
    if intent.hidden.get("session"):
        message = "This SetupIntent belongs to a Checkout Session; only its page confirms it."
        raise refused(message, code="setup_intent_unexpected_state", setup_intent=intent)
    _apply(world, intent, call.params)
    _confirm(world, intent, call.params)
    return intent


def cancel(world: World, call: Call) -> Thing:
    """End a setup intent that is not decided. A session's is ended by expiring the session."""
    intent = world.fetch("setup_intent", call.ids[0])
    if intent["status"] not in OPEN:
        raise _unexpected(intent, "canceled")
    if intent.hidden.get("session"):
        message = (
            "You cannot cancel this SetupIntent because it was created by a Checkout Session."
            " Expire the Session instead."
        )
        raise refused(message, code="setup_intent_unexpected_state", setup_intent=intent)
    end(world, intent, call.params.get("cancellation_reason"))
    return intent


def end(world: World, intent: Thing, reason: str | None) -> None:
    """End a setup intent."""
    intent.update(cancellation_reason=reason, next_action=None, status="canceled")
    world.save(intent)
    world.emit("setup_intent.canceled", intent)


def save_card(world: World, intent: Thing, method: Thing, presence: Presence) -> Decline | None:
    """Ask the bank whether the card may be kept; leave the intent in the state that follows."""
    verdict = ask_bank(card_of(method), visit_of(intent, method, presence))
    if isinstance(verdict, Decline):
        error = {**verdict.facts(), "payment_method": dict(method)}
        return _failed(world, intent, error, verdict)
    intent["payment_method"] = method.id
    if verdict == "challenge":
        challenge(world, intent, "setup_intent.requires_action")
        return None
    _succeed(world, intent, method)
    return None


def fail_authentication(world: World, intent: Thing, method: Thing) -> Decline:
    """Note that the card's holder did not authenticate."""
    reason = Decline(
        "setup_intent_authentication_failure",
        "We could not authenticate your card. Choose another one, or try again.",
    )
    error = {
        "type": "invalid_request_error",
        "code": reason.code,
        "message": reason.message,
        "payment_method": dict(method),
    }
    return _failed(world, intent, error, reason)


def _failed(world: World, intent: Thing, error: dict[str, Any], reason: Decline) -> Decline:
    intent.update(
        last_setup_error=error,
        next_action=None,
        payment_method=None,
        status="requires_payment_method",
    )
    world.save(intent)
    world.emit("setup_intent.setup_failed", intent)
    return reason


def _succeed(world: World, intent: Thing, method: Thing) -> None:
    intent.update(last_setup_error=None, next_action=None, status="succeeded")
    world.save(intent)
    if intent["usage"] == "off_session":
        method.hidden["set_up"] = True
    if intent["customer"] and not method["customer"]:
        attach_to(world, method, intent["customer"])
    else:
        method.hidden["spent"] = not method["customer"]
        world.save(method)
    world.emit("setup_intent.succeeded", intent)


def _confirm(world: World, intent: Thing, params: dict[str, Any]) -> None:
    if not intent["payment_method"]:
        message = "You cannot confirm this SetupIntent because it's missing a payment method."
        raise invalid(message, param="payment_method", code="parameter_missing")
    check_way_back(intent, params)
    refuse_parted(world, intent)
    method = world.fetch("payment_method", intent["payment_method"], "payment_method")
    intent.hidden["return_url"] = params.get("return_url", intent.hidden.get("return_url"))
    decline = save_card(world, intent, method, Presence())
    if decline:
        raise declined({**intent["last_setup_error"], "setup_intent": dict(intent)})


def _apply(world: World, intent: Thing, params: dict[str, Any]) -> None:
    for name in ("description", "usage"):
        if name in params:
            intent[name] = params[name]
    for name in ("allowed_payment_method_types", "excluded_payment_method_types"):
        if name in params:
            intent[name] = params[name]
    intent["metadata"] = merged(intent["metadata"], params.get("metadata"))
    if "customer" in params:
        intent["customer"] = params["customer"]
    if "payment_method_options" in params:
        intent["payment_method_options"] = _options(params)
    if params.get("payment_method"):
        intent["payment_method"] = resolve(world, params["payment_method"]).id
        intent.update(next_action=None, status="requires_confirmation")
    if {"customer", "payment_method"} & set(params):
        refuse_parted(world, intent)


def _options(params: dict[str, Any]) -> dict[str, Any]:
    card = params.get("payment_method_options", {}).get("card", {})
    wanted = card.get("request_three_d_secure", "automatic")
    return {"card": {"mandate_options": None, "network": None, "request_three_d_secure": wanted}}


def _blank(world: World, params: dict[str, Any]) -> dict[str, Any]:
    ident = world.ids.new("seti")
    return {
        "id": ident,
        "object": "setup_intent",
        **UNSET,
        "automatic_payment_methods": automatic_methods(params),
        "client_secret": world.ids.secret_of(ident),
        "created": world.now,
        "livemode": False,
        "managed_payments": {"enabled": False},
        "metadata": {},
        "payment_method_options": _options({}),
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
        "usage": "off_session",
    }


def _unexpected(intent: Thing, verb: str) -> StripeError:
    message = (
        f"This SetupIntent could not be {verb} because it has a status of {intent['status']}."
        f" Only one with one of the following statuses may be {verb}: {', '.join(OPEN)}."
    )
    return refused(message, code="setup_intent_unexpected_state", setup_intent=dict(intent))
