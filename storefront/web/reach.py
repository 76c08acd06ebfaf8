"""How a buyer is reached, behind the order's link: their address, a number for texts, its code. GET shows, POST acts."""

from dataclasses import dataclass

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront.actions import bouncing, reaching
from storefront.actions.reading import NOT_TO_READERS
from storefront.models import inboxes, orders, phones
from storefront.models.orders import Order
from storefront.models.phones import Phone
from storefront.rules import phone, reach_words, text_words
from storefront.rules.access import fingerprint
from storefront.rules.words import Note
from storefront.web.context import now, shop
from storefront.web.limits import limiter

pages = Blueprint("reach", __name__)
LONGEST_NUMBER, LONGEST_CODE = 40, 20
UNREADABLE = 422
AGREE = "Tick this box so that we may text you. Without it nothing is texted."


@dataclass(frozen=True)
class Typed:
    """What was typed and is wrong."""

    number: str = ""
    agreed: bool = False
    number_error: str = ""
    consent_error: str = ""
    code_error: str = ""


@pages.get("/orders/<token>/reach")
def show(token: str) -> Response:
    """Which address and which number, and whether letters arrive."""
    with shop().db.read() as db:
        return _page(db, _found(db, token), token, Typed())


def _found(db: Session, token: str, *, lock: bool = False) -> Order:
    found = orders.by_link(db, fingerprint(token)) or abort(404)
    if lock:
        db.refresh(found, with_for_update=True)
    return found


def _page(db: Session, found: Order, token: str, typed: Typed, status: int = 200) -> Response:
    given = phones.of_order(db, found.id)
    proved = given is not None and given.confirmed_at is not None
    html = render_template(
        "orders/reach.html",
        order=found,
        token=token,
        sentence=reach_words.sentence(
            found.email, given.number if given else "", bounces=found.bounced_at is not None, proved=proved
        ),
        bounced=reach_words.bounced(found.bounce, by_text=proved) if found.bounced_at else "",
        number=phone.shown(given.number) if given else "",
        e164=given.number if given else "",
        proved=proved,
        agreed_at=given.agreed_at if given else None,
        consent=given.consent if given else text_words.consent(found.number),
        may_text=shop().outside.sms is not None and reaching.may_agree(found),
        letters=letters_link(db, found, token),
        typed=typed,
    )
    return make_response(html, status)


@pages.post("/orders/<token>/reach/phone")
@limiter.limit("10/minute")
def give(token: str) -> Response:
    """A number and the consent: a code goes there."""
    number, agreed = request.form.get("phone", "")[:LONGEST_NUMBER], bool(request.form.get("texts"))
    read = phone.read(number)
    error = read if isinstance(read, str) else ""
    with shop().db.write() as db:
        found = _found(db, token, lock=True)
        if shop().outside.sms is None:
            abort(404)
        if error or not agreed or isinstance(read, str):
            typed = Typed(number, agreed, error, "" if agreed else AGREE)
            return _page(db, found, token, typed, UNREADABLE)
        kept = reaching.agree(db, found, read, now())
        if isinstance(kept, reaching.No):
            return _page(db, found, token, Typed(number, agreed, kept.sentence), UNREADABLE)
        _say_code(kept)
    return _back(token)


def _say_code(kept: Phone) -> None:
    if kept.confirmed_at is None:
        flash(f"A code is on its way to {phone.shown(kept.number)}. It is good for ten minutes.", "news")


@pages.post("/orders/<token>/reach/code")
@limiter.limit("10/minute")
def prove(token: str) -> Response:
    """The code was typed in: texts begin."""
    here, code = shop(), request.form.get("code", "")[:LONGEST_CODE]
    with here.db.write() as db:
        found = _found(db, token, lock=True)
        no = reaching.confirm(db, here.outside.links, found, code, now())
        if no is not None and phones.of_order(db, found.id) is not None:
            return _page(db, found, token, Typed(code_error=no.sentence), UNREADABLE)
    if no is None:
        flash("The number is yours. We text you about this order from now on.", "done")
    return _back(token)


@pages.post("/orders/<token>/reach/end")
@limiter.limit("20/minute")
def end(token: str) -> Response:
    """No more texts, at once."""
    with shop().db.write() as db:
        if reaching.stop(db, _found(db, token, lock=True), "the buyer ended it", now()):
            flash("Ended. Nothing more is texted about this order.", "done")
    return _back(token)


@pages.post("/orders/<token>/reach/email")
@limiter.limit("10/minute")
def again(token: str) -> Response:
    """The address is right after all: what came back is mailed once more."""
    with shop().db.write() as db:
        if bouncing.write_again(db, _found(db, token, lock=True), "buyer", now()):
            flash("Noted. What came back is on its way once more.", "done")
    return _back(token)


def _back(token: str) -> Response:
    return redirect(url_for("reach.show", token=token), code=303)


def order_note(found: Order, token: str) -> Note | None:
    """What the order's page says while letters come back."""
    if found.bounced_at is None:
        return None
    url = url_for("reach.show", token=token)
    text = Markup('{} <a href="{}">See how we reach you</a>').format(
        "What is new stands on this page until the address is put right.", url
    )
    return Note("needs", f"Our letters to {found.email} come back", text)


def letters_link(db: Session, found: Order, token: str) -> tuple[str, str]:
    """The letters of an order, and how many of them were not opened here."""
    unread = inboxes.unread(db, inboxes.of_order(found.id, NOT_TO_READERS))
    words = f"Letters, {unread} unread" if unread else "Letters"
    return words, url_for("inbox.of_order", token=token)
