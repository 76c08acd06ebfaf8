"""The hosted pages: pay, save a card, authenticate. They work without JavaScript."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from werkzeug.utils import redirect

from . import hosted
from .cards import BY_NUMBER, CARDS
from .hosted import Entry, Outcome
from .templating import page, price_of

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

    from .machine import Machine
    from .world import Thing, World

SESSION = re.compile(r"^/c/(pay|setup)/(cs_test_[A-Za-z0-9]+)$")
CHALLENGE = re.compile(r"^/c/3ds/((?:pi|seti)_[A-Za-z0-9]+)$")
EXPIRY = re.compile(r"^\s*(\d{1,2})\s*/?\s*(\d{2}|20\d{2})\s*$")
EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
CENTURY = 2000
DECEMBER = 12


class Pages:
    """Answers /c/… and the front page."""

    def __init__(self, machine: Machine) -> None:
        """Keep the machine."""
        self._machine = machine

    def respond(self, request: Request) -> Response:
        """Answer one request of a browser."""
        if match := SESSION.match(request.path):
            return self._session(request, match.group(2))
        if match := CHALLENGE.match(request.path):
            return self._challenge(request, match.group(1))
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
            entry, problem = _read(request.form, world.now)
            if entry is None:
                return _form(world, session, request.form, problem)
            outcome = hosted.submit(world, session, entry)
            if outcome.message:
                return _form(world, session, request.form, outcome.message)
        return self._leave(outcome)

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


def _form(world: World, session: Thing, typed: dict[str, str], problem: str) -> Response:
    world.save(session)
    details = session["customer_details"] or {}
    year = datetime.fromtimestamp(world.now, UTC).year + 4
    values = {
        "cardnumber": typed.get("cardnumber", CARDS[0].spaced),
        "exp": typed.get("exp", f"12 / {year % 100}"),
        "cvc": typed.get("cvc", "123"),
        "email": typed.get("email", ""),
    }
    return page(
        "session.html",
        402 if problem else 200,
        session=session,
        items=session.hidden["line_items"],
        price=price_of(session),
        email=details.get("email"),
        values=values,
        problem=problem,
        cards=CARDS,
    )


def _closed(session: Thing) -> Response:
    way = hosted.success_url(session) if session["status"] == "complete" else session["cancel_url"]
    return page("closed.html", 200 if session["status"] == "complete" else 410, session=session, way=way)


def _read(form: dict[str, str], now: int) -> tuple[Entry | None, str]:
    card = BY_NUMBER.get(re.sub(r"[\s-]", "", form.get("cardnumber", "")))
    if card is None:
        return None, "The sandbox knows only the test cards listed below. Take one of those."
    expiry = EXPIRY.match(form.get("exp", ""))
    if expiry is None or not 1 <= int(expiry.group(1)) <= DECEMBER:
        return None, "Write the card's expiry date as month and year, for example 12 / 34."
    month, year = int(expiry.group(1)), int(expiry.group(2)) % 100 + CENTURY
    today = datetime.fromtimestamp(now, UTC)
    if (year, month) < (today.year, today.month):
        return None, "The card's expiry date is in the past."
    if not re.fullmatch(r"\d{3,4}", form.get("cvc", "").strip()):
        return None, "The security code has three digits, four on American Express."
    email = form.get("email", "").strip()
    if "email" in form and not EMAIL.match(email):
        return None, "That e-mail address is not complete."
    return Entry(card, month, year, email or None), ""
