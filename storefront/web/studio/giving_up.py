"""Cancelling a product: first what it does and the cash it needs, then one action, then how far it is."""

from dataclasses import dataclass
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront.actions import giving_up
from storefront.actions.giving_up import Cost
from storefront.models import cancellations
from storefront.models.cancellations import Cancellation, CancelledOrder
from storefront.models.products import Product
from storefront.outside.stripe_answers import StripeSilent
from storefront.rules import cancellation_words, words
from storefront.rules.cancellation_words import Cash, Progress
from storefront.web.context import now, shop
from storefront.web.studio.launch_form import LONGEST_REASON
from storefront.web.studio.room import find_product, pages, signature

UNREADABLE, CONFLICT = 422, 409


@dataclass(frozen=True)
class Typed:
    """What was typed, and what was wrong with it."""

    reason: str = ""
    title: str = ""
    reason_error: str = ""
    title_error: str = ""

    @property
    def wrong(self) -> bool:
        """Whether it has to be looked at once more."""
        return bool(self.reason_error or self.title_error)


@pages.get("/products/<slug>/cancel")
def cancellation(slug: str) -> Response:
    """What cancelling this product would do; or how far it is, once it has begun."""
    with shop().db.read() as session:
        found = find_product(session, slug)
        made = cancellations.of_product(session, found.id)
        if made is not None:
            return make_response(_progress_page(session, found, made))
        would = giving_up.cost(session, found.id)
    return _ask(found, would, Typed())


@pages.post("/products/<slug>/cancel")
def cancel_product(slug: str) -> Response:
    """Do it, where the reason is given and the title was typed."""
    typed = _read(slug)
    if typed.wrong:
        with shop().db.read() as session:
            found = find_product(session, slug)
            would = giving_up.cost(session, found.id)
        return _ask(found, would, typed, UNREADABLE)
    with shop().db.write() as session:
        found = find_product(session, slug)
        refused = giving_up.give_up(session, found, who=signature(), reason=typed.reason, now=now())
    if refused:
        flash(refused.sentence, "needs")
    else:
        flash("It has left the shop. Its orders end now, one after the other; you need not wait here.", "done")
    return redirect(url_for("studio.cancellation", slug=slug), code=303)


def _read(slug: str) -> Typed:
    with shop().db.read() as session:
        title = find_product(session, slug).title
    reason = " ".join(request.form.get("reason", "").split())[:LONGEST_REASON]
    given = " ".join(request.form.get("title", "").split())
    same = given.casefold() == " ".join(title.split()).casefold()
    return Typed(
        reason=reason,
        title=given,
        reason_error="" if reason else "Write why, in your own words. Every buyer reads it.",
        title_error="" if same else f"Type the title as it stands here: {title}",
    )


def _ask(found: Product, would: Cost, typed: Typed, status: int = 200) -> Response:
    """Stripe is asked what it has, with no transaction open."""
    cash = Cash(found.currency, would.to_refund, _available(found.currency) if would.to_refund else 0)
    html = render_template(
        "studio/cancel_product.html",
        product=found,
        facts=cancellation_words.will(would.by_state, would.held, cash, would.refunds, would.opened),
        cash=cancellation_words.cash_note(cash),
        disputed=would.disputed,
        orders=would.orders,
        typed=typed,
    )
    return make_response(html, status)


def _available(currency: str) -> int | None:
    try:
        return shop().outside.stripe.balance().get(currency, 0)
    except StripeSilent:
        return None


def progress(session: Session, found: Product, made: Cancellation) -> Progress:
    """How far a cancellation is, for the studio and the terminal."""
    went = giving_up.back(session, made.id)
    return Progress(
        title=found.title,
        currency=found.currency,
        counts=cancellations.counts(session, made.id),
        returned=went.returned,
        under_way=went.under_way,
        owed=went.owed,
        over=made.done_at is not None,
    )


def _progress_page(session: Session, found: Product, made: Cancellation) -> str:
    here = progress(session, found, made)
    parts = cancellation_words.parts(here)
    zone = found.launch.zone
    return render_template(
        "studio/cancelled_product.html",
        product=found,
        here=here,
        sentence=cancellation_words.sentence(here),
        since=words.day_clock(made.started_at, zone),
        over=words.day_clock(made.done_at, zone) if made.done_at else "",
        reason=made.reason,
        figures=cancellation_words.figures(here),
        parts=parts,
        parts_label=cancellation_words.parts_label(parts),
        rows=[_row(each) for each in giving_up.troubled(session, made.id)],
        every=0 if here.resting else 2,
    )


def _row(row: CancelledOrder) -> dict[str, Any]:
    return {
        "number": row.order.number,
        "email": words.masked(row.order.email),
        "why": row.why,
        "to_do": cancellation_words.WHAT_TO_DO if row.state == "failed" else "It goes on by itself.",
        "tag": ("needs", "Needs you") if row.state == "failed" else ("ended", "Waiting"),
    }


@pages.post("/products/<slug>/cancel/again")
def cancel_again(slug: str) -> Response:
    """Try once more what failed."""
    with shop().db.write() as session:
        found = find_product(session, slug)
        made = cancellations.of_product(session, found.id)
        tried = giving_up.try_again(session, made.id, now()) if made is not None else 0
    told = "Nothing has failed." if not tried else "They are tried again now."
    flash(told, "news")
    return redirect(url_for("studio.cancellation", slug=slug), code=303)
