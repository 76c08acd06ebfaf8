"""Moving the latest date of those who wait for a unit: first what it would do, then, on a second button, the deed."""

from dataclasses import replace

from flask import flash, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront.actions import postponing
from storefront.actions.postponing import Later
from storefront.models import queues
from storefront.models.products import Product
from storefront.rules import launch_words, stock_words, words
from storefront.rules.launch import Moment, Refused
from storefront.rules.launch_words import Effects, counted
from storefront.rules.money import short
from storefront.rules.words import Note
from storefront.web.context import now, shop
from storefront.web.studio.launch_form import LaunchForm, gift_words
from storefront.web.studio.product import Preview, gifts
from storefront.web.studio.room import find_product, pages, signature

UNREADABLE, NOT_NOW = 422, 409
END_OF_DAY = "23:59"


@pages.get("/products/<slug>/stock/day")
def later(slug: str) -> Response:
    """The form."""
    with shop().db.read() as session:
        found = find_product(session, slug)
        return _page(session, found, LaunchForm(zone=found.launch.zone))


@pages.post("/products/<slug>/stock/day")
def postpone(slug: str) -> Response:
    """Look at what a later date would do, go back to the form, or do it."""
    step = request.form.get("step")
    with shop().db.write() if step == "do" else shop().db.read() as session:
        found = find_product(session, slug)
        form = replace(LaunchForm.read(request.form), time=END_OF_DAY, zone=found.launch.zone)
        if step == "edit":
            return _page(session, found, form)
        meant = _meant(form, found)
        if isinstance(meant, LaunchForm):
            return _page(session, found, meant, status=UNREADABLE)
        if step != "do":
            return _look(session, found, form, meant)
        told = postponing.postpone(session, found, meant, signature(), now())
    if isinstance(told, Refused):
        with shop().db.read() as session:
            return _page(session, find_product(session, slug), form.refused(told), status=NOT_NOW)
    flash(f"The date is moved. {counted(told, 'letter goes out', 'letters go out')} now.", "done")
    return redirect(url_for("studio.stock", slug=slug), code=303)


def _meant(form: LaunchForm, found: Product) -> Later | LaunchForm:
    moment, offered = form.meant(now()), form.offered(found)
    if isinstance(moment, LaunchForm):
        return moment
    if isinstance(offered, LaunchForm):
        return offered
    return Later(moment.at if isinstance(moment, Moment) else None, form.reason, offered)


def _look(session: Session, found: Product, form: LaunchForm, meant: Later) -> Response:
    """What it would do; what cannot be done is refused here already."""
    ahead = postponing.foresee(session, found, meant.to, now())
    refused = postponing.refuse(session, found, meant, ahead.told, now())
    if refused is not None:
        return _page(session, found, form.refused(refused), status=UNREADABLE)
    leaves = f"{short(ahead.releases, found.currency)} set aside are freed" if ahead.releases else ""
    zone = found.launch.zone
    would = Effects(
        at=meant.to,
        zone=zone,
        buyers=ahead.told,
        kept=ahead.told,
        agrees=ahead.agrees,
        asks=ahead.asked,
        until=ahead.until,
        last=ahead.last,
        leaves=leaves,
    )
    preview = Preview(
        when=words.full(meant.to, zone) if meant.to else "No date yet",
        clocks="",
        note=_note(would),
        button=f"{'Move the date' if meant.to else 'Take the date away'} and write to {counted(ahead.told, 'buyer')}",
    )
    return _page(session, found, form, preview)


def _note(would: Effects) -> Note:
    told = launch_words.consequences(would, now())
    if would.at is not None:
        return told
    return replace(told, text=f"{told.text} The page takes no more back-orders until you set a latest date again.")


def _page(
    session: Session, found: Product, form: LaunchForm, preview: Preview | None = None, status: int = 200
) -> Response:
    waiting = queues.length(session, found.id)
    html = render_template(
        "studio/later.html",
        product=found,
        form=form,
        preview=preview,
        gifts=gifts(found),
        gift_words=gift_words(form, found),
        sentence=stock_words.waiting(waiting),
        waiting=waiting,
    )
    return make_response(html, status)
