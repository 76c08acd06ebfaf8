"""What a hosted page does with a card: pay, save it, authenticate, complete the session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import checkout_tax, payment_intents, payment_methods, payments, portal, setup_intents
from .checkout import details, intent_of
from .customers import change as change_customer
from .customers import make as make_customer
from .payments import Presence

if TYPE_CHECKING:
    from .cards import Decline, TestCard
    from .world import Thing, World


@dataclass(frozen=True)
class Entry:
    """What a person typed."""

    card: TestCard
    month: int
    year: int
    email: str | None
    address: dict[str, Any] | None = None


@dataclass(frozen=True)
class Outcome:
    """What follows: a message to show, a page to go to, or a completed session."""

    message: str = ""
    go_to: str = ""
    event: str = ""


def submit(world: World, session: Thing, entry: Entry) -> Outcome:
    """Use the card that was typed for an open session."""
    _remember_email(world, session, entry.email)
    intent = intent_of(world, session) or _begin(world, session)
    if intent["object"] == "payment_intent":
        # Of an earlier try, perhaps with another country's tax.
        intent["amount"] = session["amount_total"]
    email = (session["customer_details"] or {}).get("email")
    method = payment_methods.make(world, entry.card, entry.month, entry.year, email)
    if entry.address:
        method["billing_details"] = {**method["billing_details"], "address": entry.address}
        world.save(method)
    decline = _ask(world, intent, method, Presence())
    return _after(world, session, intent, decline)


def settle_address(world: World, session: Thing, address: dict[str, Any] | None) -> None:
    """Keep where the buyer lives, and let the tax of that country into the total."""
    if address is None:
        return
    known = session["customer_details"] or details(None)
    session["customer_details"] = {**known, "address": address}
    world.save(session)
    checkout_tax.settle(world, session, address)


def answer_challenge(world: World, intent: Thing, *, passed: bool) -> Outcome:
    """Take the answer of the 3-D Secure page."""
    method = world.fetch("payment_method", intent["payment_method"])
    session = payments.session_of(world, intent)
    if passed:
        decline = _ask(world, intent, method, Presence(authenticated=True))
    elif intent["object"] == "payment_intent":
        decline = payments.fail_authentication(world, intent, method)
    else:
        decline = setup_intents.fail_authentication(world, intent, method)
    if session:
        return _after(world, session, intent, decline)
    if "portal" in intent.hidden:
        portal.settle(world, intent, method, decline)
        return Outcome(go_to=intent.hidden["return_url"])
    return Outcome(go_to=_way_back(intent, decline))


def success_url(session: Thing) -> str:
    """Give the address that the merchant wants to see the buyer at."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session.id)


def _after(world: World, session: Thing, intent: Thing, decline: Decline | None) -> Outcome:
    if decline:
        session.hidden["message"] = decline.message
        world.save(session)
        return Outcome(message=decline.message)
    if intent["status"] == "requires_action":
        return Outcome(go_to=f"/c/3ds/{intent.id}")
    return Outcome(go_to=success_url(session), event=_complete(world, session, intent))


def _ask(world: World, intent: Thing, method: Thing, presence: Presence) -> Decline | None:
    ask = setup_intents.save_card if intent["object"] == "setup_intent" else payments.authorise
    return ask(world, intent, method, presence)


def _remember_email(world: World, session: Thing, email: str | None) -> None:
    known = session["customer_details"] or details(None)
    if email and not known["email"]:
        session["customer_details"] = {**known, "email": email}
        world.save(session)


def _begin(world: World, session: Thing) -> Thing:
    params: dict[str, Any] = {"customer": _customer(world, session)}
    if session.hidden["allowed"]:
        params["allowed_payment_method_types"] = session.hidden["allowed"]
    if session.hidden["payment_method_options"]:
        params["payment_method_options"] = session.hidden["payment_method_options"]
    if session["mode"] == "setup":
        params.update(session.hidden["setup_intent_data"])
        intent = setup_intents.make(world, params, session.id)
    else:
        params.update(session.hidden["payment_intent_data"])
        params.update(amount=session["amount_total"], currency=session["currency"])
        intent = payment_intents.make(world, params, session.id)
    session[intent["object"]] = intent.id
    world.save(session)
    return intent


def _customer(world: World, session: Thing) -> str | None:
    known: str | None = session["customer"]
    if known or session["customer_creation"] != "always":
        return known
    email = (session["customer_details"] or {}).get("email")
    return make_customer(world, {"email": email}).id


def _complete(world: World, session: Thing, intent: Thing) -> str:
    session.update(customer=intent["customer"], status="complete", url=None)
    if intent["status"] == "succeeded" and session["mode"] == "payment":
        session["payment_status"] = "paid"
    session.due = None
    world.save(session)
    _update_customer(world, session)
    return world.emit("checkout.session.completed", session)


def _update_customer(world: World, session: Thing) -> None:
    address = (session["customer_details"] or {}).get("address")
    if session["customer"] and address and session.hidden["customer_update"].get("address") == "auto":
        change_customer(world, world.fetch("customer", session["customer"]), {"address": address})


def _way_back(intent: Thing, decline: Decline | None) -> str:
    back = intent.hidden.get("return_url")
    if not back:
        return ""
    result = "failed" if decline else "succeeded"
    name = intent["object"]
    join = "&" if "?" in back else "?"
    return f"{back}{join}{name}={intent.id}&{name}_client_secret={intent['client_secret']}&redirect_status={result}"
