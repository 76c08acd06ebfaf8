"""The billing portal: a customer sees the saved cards and saves another one, on a link that soon dies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import customers, setup_intents
from .params import missing
from .payments import Presence
from .world import Thing, World

if TYPE_CHECKING:
    from .cards import Decline
    from .routes import Call

# Simulated seconds until the link is dead.
LIFE = 5 * 60


def create(world: World, call: Call) -> Thing:
    """Open the portal for a customer; the url is for that customer's eyes only."""
    customer = world.fetch("customer", call.params["customer"], "customer")
    flow = call.params.get("flow_data")
    session = Thing(_blank(world, call.params, customer.id, _flow(flow)), {"expires": world.now + LIFE})
    world.add(session)
    world.emit("billing_portal.session.created", session)
    return session


def is_open(world: World, session: Thing) -> bool:
    """Say whether the link still works."""
    return bool(world.now < session.hidden["expires"])


def cards(world: World, session: Thing) -> list[Thing]:
    """Give the customer's saved cards."""
    return world.query("payment_method", "customer = ?", session["customer"])


def save_card(world: World, session: Thing, method: Thing) -> Thing:
    """Ask the bank whether a new card may be kept. Gives the setup intent, in the state that follows."""
    params = {"customer": session["customer"], "allowed_payment_method_types": ["card"]}
    intent = setup_intents.make(world, params)
    intent.hidden.update(portal=session.id, return_url=session["url"])
    settle(world, intent, method, setup_intents.save_card(world, intent, method, Presence()))
    return intent


def settle(world: World, intent: Thing, method: Thing, decline: Decline | None) -> None:
    """Make a card the customer's default once it is saved; keep what the bank said otherwise."""
    session = world.fetch("billing_portal.session", intent.hidden["portal"])
    if decline:
        session.hidden["message"] = decline.message
    elif intent["status"] == "succeeded":
        session.hidden["done"] = method.id
        customers.prefer(world, world.fetch("customer", session["customer"]), method.id)
    world.save(session)


def way_back(session: Thing) -> str | None:
    """Give where the customer goes once the card is saved, if the flow says so."""
    ending = (session["flow"] or {}).get("after_completion", {})
    way: str | None = (ending.get("redirect") or session)["return_url"]
    return way


def goes_back_now(session: Thing) -> bool:
    """Say whether the customer leaves, since the card is saved and the flow wants no more."""
    flow = session["flow"]
    return "done" in session.hidden and bool(flow) and flow["after_completion"]["type"] == "redirect"


def _flow(given: dict[str, Any] | None) -> dict[str, Any] | None:
    if given is None:
        return None
    ending = given.get("after_completion", {"type": "portal_homepage"})
    if ending["type"] == "redirect" and "redirect" not in ending:
        raise missing("flow_data[after_completion][redirect]")
    return {
        "after_completion": {
            "hosted_confirmation": ending.get("hosted_confirmation"),
            "redirect": ending.get("redirect"),
            "type": ending["type"],
        },
        "subscription_cancel": None,
        "subscription_update": None,
        "subscription_update_confirm": None,
        "type": given["type"],
    }


def _blank(world: World, params: dict[str, Any], customer: str, flow: dict[str, Any] | None) -> dict[str, Any]:
    ident = world.ids.new("bps")
    return {
        "id": ident,
        "object": "billing_portal.session",
        "configuration": "bpc_sandbox",
        "created": world.now,
        "customer": customer,
        "customer_account": None,
        "flow": flow,
        "livemode": False,
        "locale": params.get("locale"),
        "on_behalf_of": None,
        "return_url": params.get("return_url"),
        "url": f"{world.public_url}/c/portal/{ident}",
    }
