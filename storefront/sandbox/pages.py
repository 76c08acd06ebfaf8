"""The hosted pages: pay, save a card, authenticate. They work without JavaScript."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from . import checkout_tax, hosted, portal_pages
from .card_form import default_values, read_address, read_card, read_email
from .cards import CARDS
from .errors import StripeError
from .hosted import Entry, Outcome
from .tax_rates import BY_NAME
from .templating import amount, page, price_of

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from .machine import Machine
    from .world import Thing, World

SESSION = re.compile(r"^/c/(pay|setup)/(cs_test_[A-Za-z0-9]+)$")
CHALLENGE = re.compile(r"^/c/3ds/((?:pi|seti)_[A-Za-z0-9]+)$")


class Pages:
    """Answers /c/… and the front page."""

    def __init__(self, machine: Machine) -> None:
        """Keep the machine."""
        self._machine = machine

    def respond(self, request: Request) -> Response:
        """Answer one request of a browser."""
        try:
            return self._page(request)
        except StripeError as refusal:
            # Such as: the session's customer was deleted while somebody typed.
            return page("refused.html", 409, reason=str(refusal))

    def _page(self, request: Request) -> Response:
        if match := SESSION.match(request.path):
            return self._session(request, match.group(2))
        if match := CHALLENGE.match(request.path):
            return self._challenge(request, match.group(1))
        if match := portal_pages.PORTAL.match(request.path):
            with self._machine.world() as world:
                return portal_pages.respond(world, request, match.group(1))
        if request.path == "/":
            return page("front.html", cards=CARDS)
        return page("absent.html", 404)

    def _session(self, request: Request, ident: str) -> Response:
        with self._machine.world() as world:
            session = world.find("checkout.session", ident)
            if session is None:
                return page("absent.html", 404)
            if session["status"] != "open":
                return _closed(session)
            if request.method != "POST":
                return _form(world, session, {}, session.hidden.pop("message", ""))
            outcome = _submit(world, session, request.form)
        return outcome if isinstance(outcome, Response) else self._leave(outcome)

    def _challenge(self, request: Request, ident: str) -> Response:
        with self._machine.world() as world:
            kind = "payment_intent" if ident.startswith("pi_") else "setup_intent"
            intent = world.find(kind, ident)
            if intent is None:
                return page("absent.html", 404)
            if intent["status"] != "requires_action":
                return page("challenge_over.html", 409, intent=intent)
            if request.method != "POST":
                return page("challenge.html", intent=intent)
            passed = request.form.get("answer") == "authenticate"
            outcome = hosted.answer_challenge(world, intent, passed=passed)
            session = intent.hidden.get("session")
            if outcome.message and session:
                path = "pay" if kind == "payment_intent" else "setup"
                return redirect(f"/c/{path}/{session}", 303)
        return self._leave(outcome)

    def _leave(self, outcome: Outcome) -> Response:
        # As Stripe does: the shop hears of it first, then the buyer is sent back.
        if outcome.event:
            self._machine.deliverer.wait_for(outcome.event)
        if not outcome.go_to:
            return page("challenge_done.html")
        return redirect(outcome.go_to, 303)


def _submit(world: World, session: Thing, typed: dict[str, str]) -> Outcome | Response:
    entry, problem = _read(session, typed, world.now)
    if entry is None:
        return _form(world, session, typed, problem)
    hosted.settle_address(world, session, entry.address)
    total = str(session["amount_total"])
    if typed.get("total", total) != total:
        words = "The total is another one now, since it depends on your country. Look at it, then pay."
        return _form(world, session, typed, "", words)
    outcome = hosted.submit(world, session, entry)
    return _form(world, session, typed, outcome.message) if outcome.message else outcome


def _form(world: World, session: Thing, typed: dict[str, str], problem: str, notice: str = "") -> Response:
    world.save(session)
    details = session["customer_details"] or {}
    known = details.get("address") or {}
    lines = {name: known[name] for name in ("country", "postal_code") if known.get(name)}
    return page(
        "session.html",
        402 if problem else 200,
        session=session,
        items=session.hidden["line_items"],
        price=price_of(session),
        tax=_tax_words(session),
        email=details.get("email"),
        asks_address=checkout_tax.asks_address(session),
        countries=BY_NAME,
        values=default_values({**lines, **typed}, world.now),
        problem=problem,
        notice=notice,
        cards=CARDS,
    )


def _tax_words(session: Thing) -> str:
    tax = session["automatic_tax"]
    if not tax["enabled"]:
        return ""
    if tax["status"] != "complete":
        return "Tax depends on the country that you live in."
    return f"{amount(session['total_details']['amount_tax'], session['currency'])} of it is tax."


def _closed(session: Thing) -> Response:
    way = hosted.success_url(session) if session["status"] == "complete" else session["cancel_url"]
    return page("closed.html", 200 if session["status"] == "complete" else 410, session=session, way=way)


def _read(session: Thing, form: dict[str, str], now: int) -> tuple[Entry | None, str]:
    card, problem = read_card(form, now)
    if card is None:
        return None, problem
    email, problem = read_email(form)
    address: dict[str, Any] | None = None
    if not problem and checkout_tax.asks_address(session):
        address, problem = read_address(form)
    if problem:
        return None, problem
    return Entry(card.card, card.month, card.year, email, address), ""
