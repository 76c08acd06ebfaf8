"""What happens to a PaymentIntent once the bank is asked: approved, challenged, declined, ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import charges, tax_transactions
from .cards import EXPIRED, UNAUTHENTICATED, Decline, Visit, ask_bank
from .payment_methods import attach_to, card_of, is_expired
from .world import Thing, World

CANCELLABLE = (
    "requires_payment_method",
    "requires_capture",
    "requires_confirmation",
    "requires_action",
)


@dataclass(frozen=True)
class Presence:
    """Who is there when the bank is asked."""

    off_session: bool = False
    authenticated: bool = False
    no_challenge: bool = False


def authorise(world: World, intent: Thing, method: Thing, presence: Presence) -> Decline | None:
    """Ask the bank and leave the intent in the state that follows. Gives the decline, if any."""
    verdict = (
        EXPIRED if is_expired(method, world.now) else ask_bank(card_of(method), visit_of(intent, method, presence))
    )
    if verdict == "challenge" and presence.no_challenge:
        verdict = UNAUTHENTICATED
    if isinstance(verdict, Decline):
        return decline(world, intent, method, verdict)
    intent["payment_method"] = method.id
    if verdict == "challenge":
        challenge(world, intent, "payment_intent.requires_action")
        return None
    _approve(world, intent, method, off_session=presence.off_session)
    return None


def visit_of(intent: Thing, method: Thing, presence: Presence) -> Visit:
    """Give the visit as the bank sees it."""
    options = charges.card_options(intent)
    return Visit(
        off_session=presence.off_session,
        saving=intent["object"] == "setup_intent",
        authenticated=presence.authenticated,
        set_up=bool(method.hidden.get("set_up")),
        challenge_wanted=options.get("request_three_d_secure") in ("any", "challenge"),
    )


def challenge(world: World, intent: Thing, event: str) -> None:
    """Send the card's holder to the 3-D Secure page."""
    url = f"{world.public_url}/c/3ds/{intent.id}"
    back = intent.hidden.get("return_url")
    if back or intent.hidden.get("session"):
        action: dict[str, Any] = {
            "redirect_to_url": {"return_url": back, "url": url},
            "type": "redirect_to_url",
        }
    else:
        action = {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {"stripe_js": url, "type": "three_d_secure_redirect"},
        }
    intent.update(next_action=action, status="requires_action")
    world.save(intent)
    world.emit(event, intent)


def decline(world: World, intent: Thing, method: Thing, reason: Decline) -> Decline:
    """Note a refusal: a failed charge, the error on the intent, and no card any more."""
    charge = charges.fail(world, intent, method, reason)
    error = {**reason.facts(), "charge": charge.id, "payment_method": dict(method)}
    intent["latest_charge"] = charge.id
    return _failed(world, intent, error, reason)


def fail_authentication(world: World, intent: Thing, method: Thing) -> Decline:
    """Note that the card's holder did not authenticate; no charge was tried."""
    reason = Decline(
        "payment_intent_authentication_failure",
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
        last_payment_error=error,
        next_action=None,
        payment_method=None,
        status="requires_payment_method",
    )
    world.save(intent)
    world.emit("payment_intent.payment_failed", intent)
    return reason


def _approve(world: World, intent: Thing, method: Thing, *, off_session: bool) -> None:
    charge = charges.approve(world, intent, method, off_session=off_session)
    intent.update(last_payment_error=None, latest_charge=charge.id, next_action=None)
    if charge["captured"]:
        intent.update(amount_received=intent["amount"], status="succeeded")
        tax_transactions.settle(world, intent)
    else:
        intent.update(amount_capturable=intent["amount"], status="requires_capture")
        intent.due = charge["payment_method_details"]["card"]["capture_before"]
    world.save(intent)
    _keep_card(world, intent, method)
    event = "succeeded" if charge["captured"] else "amount_capturable_updated"
    world.emit(f"payment_intent.{event}", intent)


def _keep_card(world: World, intent: Thing, method: Thing) -> None:
    options = charges.card_options(intent)
    usage = options.get("setup_future_usage") or intent["setup_future_usage"]
    if usage == "none":
        # For cards: whatever the intent says of other methods.
        usage = None
    if usage == "off_session":
        method.hidden["set_up"] = True
    if usage and intent["customer"] and not method["customer"]:
        attach_to(world, method, intent["customer"])
    elif not method["customer"]:
        # A card that was used once and belongs to nobody cannot be used again.
        method.hidden["spent"] = True
        world.save(method)
    elif usage:
        world.save(method)


def lapse(world: World, intent: Thing) -> None:
    """End an intent whose hold is over: it lived until `capture_before`."""
    charges.release(world, world.fetch("charge", intent["latest_charge"]), "charge.expired")
    _end(world, intent, "automatic")


def cancel_intent(world: World, intent: Thing, reason: str | None) -> None:
    """End an intent and let go of what it holds."""
    if intent["status"] == "requires_capture":
        charges.release(world, world.fetch("charge", intent["latest_charge"]), "charge.refunded")
    _end(world, intent, reason)


def _end(world: World, intent: Thing, reason: str | None) -> None:
    intent.update(
        amount_capturable=0,
        canceled_at=world.now,
        cancellation_reason=reason,
        next_action=None,
        status="canceled",
    )
    intent.due = None
    world.save(intent)
    world.emit("payment_intent.canceled", intent)


def session_of(world: World, intent: Thing) -> Thing | None:
    """Give the Checkout Session that made an intent, if one did."""
    ident = intent.hidden.get("session")
    return world.find("checkout.session", ident) if ident else None
