"""The answer to a moved day, behind the order's link and without sign-in: GET shows, POST acts."""

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront.actions import cancelling, compensating, delaying
from storefront.actions.leaving import wish
from storefront.models import money, orders
from storefront.models.delays import Reply, replies
from storefront.models.orders import Order, Promise
from storefront.outside.stripe_answers import StripeSilent
from storefront.rules import delay_page_words, gift, words
from storefront.rules.access import fingerprint
from storefront.rules.delay_page_words import Asked
from storefront.rules.money import short
from storefront.rules.words import Note
from storefront.web.context import now, shop
from storefront.web.limits import limiter

pages = Blueprint("delay", __name__)
WHY = "cancelled by the buyer"
SECOND = "The day has moved, and this is so only if you say that you wait."


@pages.get("/orders/<token>/delay")
def show(token: str) -> Response:
    """What moved, why, what silence means; nothing changes by looking, whoever looks."""
    with shop().db.read() as db:
        found = orders.by_link(db, fingerprint(token)) or abort(404)
        return _page(db, found, token)


def _page(db: Session, found: Order, token: str, note: Note | None = None, status: int = 200) -> Response:
    moved = delaying.last_move(found)
    if moved is None:
        return redirect(url_for("orders.order", token=token), code=303)
    asked = asked_of(db, found, moved)
    html = render_template(
        "orders/delay.html",
        order=found,
        token=token,
        asked=asked,
        version=moved.version,
        reason=moved.cause,
        creator=found.product.creator.name,
        facts=_facts(found, moved, asked),
        note=note,
    )
    return make_response(html, status)


def asked_of(db: Session, found: Order, moved: Promise) -> Asked:
    """A moved day as its buyer is asked about it now."""
    said = next((each for each in replies(db, found.id) if _clicked(each, moved)), None)
    offered = compensating.offered(db, found) if said is None else None
    return Asked(
        title=found.product.title,
        kind=found.product.kind,
        zone=moved.zone,
        day=None if moved.undated else moved.by,
        found=delaying.verdict(db, found, now()),
        back=_back(db, found),
        gift=gift.words(offered, found.currency) if offered else "",
        said=said.at if said else None,
        over=found.state not in delaying.DECIDED or found.cancel_wished_at is not None or found.released_at is not None,
        queued=found.kind == "back_order",
    )


def _clicked(reply: Reply, moved: Promise) -> bool:
    return (reply.version, reply.how, reply.answer) == (moved.version, "click", "wait")


def _back(db: Session, found: Order) -> str:
    has = money.moved(db, found.id).net
    if has > 0:
        return f"all {short(has, found.currency)} go back to the card you paid with, started the same day"
    freed = f"the {short(found.price, found.currency)} set aside are freed and " if found.hold_intent else ""
    return f"{freed}nothing is charged"


def _facts(found: Order, moved: Promise, asked: Asked) -> list[tuple[str, str]]:
    before = found.promises[found.promises.index(moved) - 1]
    rows = [
        (
            "At the latest" if asked.queued else "The new day",
            words.full(moved.by, moved.zone) if asked.day else "No day yet",
        ),
        ("It was", "No day" if before.undated else words.full(before.by, before.zone)),
    ]
    if asked.gift:
        rows.append(("For waiting", asked.gift))
    kept = ", as before" if found.price == before.price else ""
    return [*rows, ("Your price", f"{short(found.price, found.currency)}{kept}"), ("Order", found.number)]


@pages.post("/orders/<token>/delay")
@limiter.limit("20/minute")
def answer(token: str) -> Response:
    """Wait, wait and take what is offered, or cancel."""
    given, version = request.form.get("answer", ""), request.form.get("version", "")
    if given not in {"wait", "gift", "cancel"} or not (version.isascii() and version.isdigit()):
        abort(400)
    return _cancel(token) if given == "cancel" else _wait(token, int(version[:9]), gift_too=given == "gift")


def _wait(token: str, version: int, *, gift_too: bool) -> Response:
    with shop().db.write() as db:
        found = orders.by_link(db, fingerprint(token)) or abort(404)
        db.refresh(found, with_for_update=True)
        closed = delaying.agree(db, found, version, now(), gift=gift_too)
        if closed is not None:
            return _page(db, found, token, Note("needs", "That was not noted", closed.sentence), 409)
    flash("Noted: you wait. You may still cancel at any time until it opens.", "done")
    return redirect(url_for("orders.order", token=token), code=303)


def _cancel(token: str) -> Response:
    here = shop()
    with here.db.write() as db:
        found = orders.by_link(db, fingerprint(token)) or abort(404)
        db.refresh(found, with_for_update=True)
        if found.state not in delaying.DECIDED or found.released_at is not None:
            return redirect(url_for("orders.order", token=token), code=303)
        delaying.note_cancel(db, found, now())
        wish(db, found, who="buyer", why=WHY, now=now())
    try:
        cancelling.cancel(here.outside, here.db, found.id, who="buyer", why=WHY, now=now())
    except StripeSilent:
        flash("Your cancellation is noted. Stripe does not answer just now; it goes on by itself.")
    return redirect(url_for("orders.order", token=token), code=303)


def order_note(db: Session, found: Order, token: str, *, only_open: bool = False) -> Note | None:
    """What the order's page says of a day that moved, as long as it is ahead; `only_open`: while it can be answered."""
    moved = delaying.last_move(found)
    if moved is None:
        return None
    asked = asked_of(db, found, moved)
    if asked.over or (only_open and not asked.open):
        return None
    link = Markup('<a href="/orders/{}/delay">{}</a>').format(token, "Wait or cancel" if asked.open else "See the move")
    text = Markup("“{}” {} {}").format(moved.cause, asked.means, link)
    return Note("needs" if asked.asks else "news", asked.head, text)


def needs_answer(db: Session, found: Order) -> bool:
    """Whether silence would cancel this order."""
    moved = delaying.last_move(found)
    if moved is None:
        return False
    asked = asked_of(db, found, moved)
    return asked.open and asked.asks


def history(db: Session, found: Order) -> dict[int, list[str]]:
    """What was answered to each version of a promise: the same words for buyer and creator."""
    told: dict[int, list[str]] = {each.version: [] for each in found.promises}
    for each in replies(db, found.id):
        zone = found.promises[0].zone
        said = delay_page_words.said(each.answer, each.how, each.rule, each.at, zone, each.gift)
        told.setdefault(each.version, []).append(said)
    return told
