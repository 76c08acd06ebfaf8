"""The inbox: every letter a reader was owed, for whoever is signed in, and for one order behind its link.

GET shows and changes nothing; opening an unread letter is a button that posts.
"""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, abort, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront.actions import reading
from storefront.models import inboxes, orders
from storefront.models.letters import Letter
from storefront.models.phones import TextMessage
from storefront.rules import inbox as kept
from storefront.rules import inbox_words
from storefront.rules.access import fingerprint
from storefront.web.context import now, shop
from storefront.web.limits import limiter

pages = Blueprint("inbox", __name__)
A_PAGE, ON_A_PAGE = 50, 3


@dataclass(frozen=True)
class _Box:
    """Whose letters, and where they stand: `mine` is the condition, `token` an order's link, or ""."""

    mine: Any
    token: str = ""
    title: str = ""

    def url(self, letter_id: int = 0) -> str:
        """The address of the list, or of a letter in it."""
        if self.token:
            one = url_for("inbox.letter_of_order", token=self.token, letter_id=letter_id) if letter_id else ""
            return one or url_for("inbox.of_order", token=self.token)
        return url_for("inbox.letter", letter_id=letter_id) if letter_id else url_for("inbox.inbox")

    @property
    def read_url(self) -> str:
        """Where letters are marked as read."""
        return url_for("inbox.read_of_order", token=self.token) if self.token else url_for("inbox.read")


def install(app: Flask) -> None:
    """Every page knows how many letters wait for whoever is signed in; asked only where the header says it."""
    app.jinja_env.globals["unread_letters"] = _unread


def _unread() -> int:
    if not current_user.is_authenticated:
        return 0
    with shop().db.read() as db:
        return inboxes.unread(db, _mine().mine)


def _mine() -> _Box:
    return _Box(inboxes.of_person(current_user.id, current_user.email, reading.NOT_TO_READERS))


def _of_order(db: Session, token: str) -> _Box:
    found = orders.by_link(db, fingerprint(token)) or abort(404)
    return _Box(inboxes.of_order(found.id, reading.NOT_TO_READERS), token, found.product.title)


@pages.get("/inbox")
def inbox() -> str | Response:
    """Everything, the newest first. Signed out: how to get in."""
    if not current_user.is_authenticated:
        return redirect(url_for("library.library"), code=303)
    with shop().db.read() as db:
        return _list(db, _mine())


@pages.get("/orders/<token>/letters")
def of_order(token: str) -> str:
    """The letters about one order."""
    with shop().db.read() as db:
        return _list(db, _of_order(db, token))


def _list(db: Session, box: _Box) -> str:
    given = request.args.get("before", "")
    before = int(given) if given.isascii() and given.isdigit() and len(given) <= orders.LONGEST_ID else 0
    found = db.scalars(inboxes.newest(box.mine, before, A_PAGE + 1)).all()
    page, more = found[:A_PAGE], len(found) > A_PAGE
    waiting = inboxes.unread(db, box.mine)
    return render_template(
        "inbox/inbox.html",
        sentence=inbox_words.sentence(waiting, some=bool(found) or bool(before)),
        box=box,
        letters=[_row(each, box) for each in page],
        unread=waiting,
        older=f"{box.url()}?before={page[-1].id}" if more else "",
        newer=box.url() if before else "",
    )


def section(db: Session, found: orders.Order, token: str) -> dict[str, Any] | None:
    """The newest letters about an order, for its page; None before the first."""
    box = _Box(inboxes.of_order(found.id, reading.NOT_TO_READERS), token, found.product.title)
    newest = db.scalars(inboxes.newest(box.mine, limit=ON_A_PAGE + 1)).all()
    if not newest:
        return None
    more = inbox_words.more(inboxes.unread(db, box.mine)) if len(newest) > ON_A_PAGE else ""
    return {"box": box, "newest": [_row(each, box) for each in newest[:ON_A_PAGE]], "more": more}


def _row(letter: Letter, box: _Box) -> dict[str, Any]:
    return {
        "id": letter.id,
        "at": letter.shown_at,
        "zone": _zone(letter),
        "subject": _subject(letter),
        "title": "" if box.token else _title(letter),
        "unread": letter.read_at is None,
        "url": box.url(letter.id),
    }


def _subject(letter: Letter) -> str:
    return letter.subject or inbox_words.NAMELESS


def _title(letter: Letter) -> str:
    about = letter.order or letter.ticket
    return about.product.title if about else ""


def _zone(letter: Letter) -> str:
    if letter.order is not None:
        return letter.order.promise.zone
    return letter.ticket.product.launch.zone if letter.ticket else "UTC"


@pages.get("/inbox/<int:letter_id>")
def letter(letter_id: int) -> str | Response:
    """One letter, in the words that were sent."""
    if not current_user.is_authenticated:
        return redirect(url_for("library.library"), code=303)
    with shop().db.read() as db:
        return _letter(db, _mine(), letter_id)


@pages.get("/orders/<token>/letters/<int:letter_id>")
def letter_of_order(token: str, letter_id: int) -> str:
    """The same behind an order's link."""
    with shop().db.read() as db:
        return _letter(db, _of_order(db, token), letter_id)


def _letter(db: Session, box: _Box, letter_id: int) -> str:
    found = _find(db, box, letter_id)
    texted = db.scalar(select(TextMessage.sent_at).where(TextMessage.letter_id == found.id))
    return render_template(
        "inbox/letter.html",
        box=box,
        subject=_subject(found),
        title=_title(found),
        parts=kept.parts(found.body),
        ways=inbox_words.ways(found.sent_at, found.failed_at, texted, _zone(found)),
        unread=found.read_at is None,
        letter_id=found.id,
        way_on=_way_on(found),
    )


def _find(db: Session, box: _Box, letter_id: int) -> Letter:
    if letter_id >= 10**orders.LONGEST_ID:
        abort(404)
    return db.scalar(select(Letter).where(Letter.id == letter_id, box.mine)) or abort(404)


def _way_on(letter: Letter) -> tuple[str, str] | None:
    """Where its link led, for its reader: the row holds none."""
    links = shop().outside.links
    if letter.ticket is not None:
        return "To the place on the list", links.ticket(letter.ticket.id, letter.ticket.link_sha256 or "")
    order = letter.order
    url = links.order(order.id, order.link_generation, order.link_sha256)
    if letter.kind == "access" and order.account_id is not None and current_user.is_authenticated:
        return "To your library", url_for("library.library")
    return ("Wait, or cancel", f"{url}/delay") if letter.kind == "moved" else ("To the order", url)


@pages.post("/inbox/read")
@limiter.limit("60/minute")
def read() -> Response:
    """Open an unread letter, or mark all as read."""
    if not current_user.is_authenticated:
        return redirect(url_for("library.library"), code=303)
    with shop().db.write() as db:
        return _read(db, _mine())


@pages.post("/orders/<token>/letters/read")
@limiter.limit("60/minute")
def read_of_order(token: str) -> Response:
    """The same behind an order's link."""
    with shop().db.write() as db:
        return _read(db, _of_order(db, token))


def _read(db: Session, box: _Box) -> Response:
    given = request.form.get("letter", "")
    if given == "all":
        reading.read(db, box.mine, now())
        return redirect(box.url(), code=303)
    if not (given.isascii() and given.isdigit() and len(given) <= orders.LONGEST_ID):
        abort(400)
    found = _find(db, box, int(given))
    reading.read(db, box.mine, now(), found.id)
    return redirect(box.url(found.id), code=303)
