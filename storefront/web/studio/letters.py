"""What buyers of a product read: every kind of letter, its creator's own words in it, and how it looks."""

from dataclasses import dataclass

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from sqlalchemy import case, select
from sqlalchemy.orm import Session

from storefront.actions import wording, writing
from storefront.models import wordings
from storefront.models.orders import LIVE, Order
from storefront.models.products import Product
from storefront.rules import own_words, standing_words, words
from storefront.rules.asking import tidy
from storefront.rules.standing_words import LETTERS
from storefront.web.context import now, shop
from storefront.web.studio.ledger import names
from storefront.web.studio.room import find_product, pages, signature

UNREADABLE = 422
# The letter is shown in a frame: its styles stand in it, nothing runs, and its links lead nowhere.
LETTER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
PAGE_POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; font-src 'self'; connect-src 'self'; "
    "frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)


@dataclass(frozen=True)
class WordsForm:
    """What was typed, what is wrong with it, and the version it changes."""

    text: str = ""
    error: str = ""
    seen: int = 0


@pages.get("/products/<slug>/letters")
def letters(slug: str) -> str:
    """Every kind that buyers get, when it goes, and whether it has words of its creator's."""
    with shop().db.read() as session:
        found = find_product(session, slug)
        own = wordings.of_product(session, found.id)
        rows = [
            {"kind": kind, "name": LETTERS[kind], "when": when, "text": own[kind].text if kind in own else ""}
            for kind, (when, _) in own_words.KINDS.items()
        ]
        return render_template("studio/letters.html", product=found, rows=rows)


@pages.get("/products/<slug>/letters/<kind>")
def letter(slug: str, kind: str) -> Response:
    """The words as they are, or an earlier version of them in the field."""
    with shop().db.read() as session:
        found = _of_kind(session, slug, kind)
        rows = wordings.of_kind(session, found.id, kind)
        chosen = next(
            (each for each in rows if str(each.version) == request.args.get("version")), rows[0] if rows else None
        )
        return _page(
            session, found, kind, WordsForm(chosen.text if chosen else "", seen=rows[0].version if rows else 0)
        )


def _of_kind(session: Session, slug: str, kind: str) -> Product:
    return find_product(session, slug) if kind in own_words.KINDS else abort(404)


def _page(session: Session, found: Product, kind: str, form: WordsForm, status: int = 200) -> Response:
    rows = wordings.of_kind(session, found.id, kind)
    known = names(session, (each.who for each in rows))
    when, locked = own_words.KINDS[kind]
    html = render_template(
        "studio/letter.html",
        product=found,
        kind=kind,
        name=LETTERS[kind],
        when=when,
        locked=locked,
        form=form,
        gaps=own_words.GAPS,
        shows=_an_order(session, found) is not None,
        versions=[
            {
                "version": each.version,
                "at": words.day_clock(each.at, found.launch.zone),
                "who": standing_words.who(each.who, known),
                "text": each.text,
            }
            for each in rows
        ],
    )
    answer = make_response(html, status)
    answer.headers["Content-Security-Policy"] = PAGE_POLICY
    return answer


def _form() -> WordsForm:
    seen = request.form.get("seen", "")
    text = tidy(request.form.get("text", ""))
    return WordsForm(text, own_words.refuse(text), int(seen) if seen.isascii() and seen.isdigit() else 0)


@pages.post("/products/<slug>/letters/<kind>")
def write_letter(slug: str, kind: str) -> Response:
    """Keep the words; letters that are owed from now on have them."""
    with shop().db.write() as session:
        found, form = _of_kind(session, slug, kind), _form()
        why = wording.write_words(session, found, kind, form.text, form.seen, signature(), now())
        if why:
            newest = wordings.of_kind(session, found.id, kind)
            seen = newest[0].version if newest else 0
            return _page(session, found, kind, WordsForm(form.text, why, seen), UNREADABLE)
    flash("Kept. Letters from now on say it.", "done")
    return redirect(url_for("studio.letter", slug=slug, kind=kind), code=303)  # type: ignore[return-value]


@pages.post("/products/<slug>/letters/<kind>/preview")
def preview_letter(slug: str, kind: str) -> Response:
    """The letter with these words, as the last buyer would read it; nothing is kept and nothing is sent."""
    with shop().db.read() as session:
        found, form = _of_kind(session, slug, kind), _form()
        order = _an_order(session, found) or abort(404)
        if form.error:
            return _framed(render_template("mail/_preview.html", error=form.error))
        written = writing.trial(session, shop().outside, order, kind, now(), own=form.text)
        if request.form.get("as") == "text":
            return _framed(render_template("mail/_preview.html", text=f"{written.subject}\n\n{written.text}"))
        return _framed(written.html)


def _framed(html: str) -> Response:
    answer = make_response(html)
    answer.headers["Content-Security-Policy"] = LETTER_POLICY
    return answer


def _an_order(session: Session, found: Product) -> Order | None:
    """The newest order, one that still goes on if there is any: real data, not made up."""
    mine = select(Order).where(Order.product_id == found.id, Order.state != "placed")
    return session.scalars(mine.order_by(case((Order.state.in_(LIVE), 0), else_=1), Order.id.desc()).limit(1)).first()
