"""The billing portal's page: the saved cards, and a form for another one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from werkzeug.utils import redirect

from . import payment_methods, portal
from .card_form import default_values, read_card
from .cards import CARDS
from .templating import page

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

    from .world import Thing, World

PORTAL = re.compile(r"^/c/portal/(bps_[A-Za-z0-9]+)$")


def respond(world: World, request: Request, ident: str) -> Response:
    """Answer one request for the page of a portal session."""
    session = world.find("billing_portal.session", ident)
    if session is None:
        return page("absent.html", 404)
    if not portal.is_open(world, session):
        return page("portal_closed.html", 410, back=session["return_url"])
    if request.method == "POST":
        return _submit(world, session, request.form)
    return _shown(world, session, {})


def _submit(world: World, session: Thing, typed: dict[str, str]) -> Response:
    card, problem = read_card(typed, world.now)
    if card is None:
        return _form(world, session, typed, problem)
    customer = world.fetch("customer", session["customer"])
    method = payment_methods.make(world, card.card, card.month, card.year, customer["email"])
    intent = portal.save_card(world, session, method)
    if intent["status"] == "requires_action":
        return redirect(f"/c/3ds/{intent.id}", 303)
    return _shown(world, session, typed)


def _shown(world: World, session: Thing, typed: dict[str, str]) -> Response:
    back = portal.way_back(session)
    if back and portal.goes_back_now(session):
        return redirect(back, 303)
    return _form(world, session, typed, session.hidden.pop("message", ""))


def _form(world: World, session: Thing, typed: dict[str, str], problem: str) -> Response:
    world.save(session)
    customer = world.fetch("customer", session["customer"])
    ending = (session["flow"] or {}).get("after_completion", {}).get("hosted_confirmation") or {}
    return page(
        "portal.html",
        402 if problem else 200,
        back=portal.way_back(session),
        cards=CARDS,
        saved=portal.cards(world, session),
        preferred=customer["invoice_settings"]["default_payment_method"],
        values=default_values(typed, world.now),
        problem=problem,
        done="done" in session.hidden,
        words=ending.get("custom_message"),
    )
