"""Setting a launch and moving it: first what it would do, then, on a second button, the deed."""

from flask import flash, make_response, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront.actions import launching
from storefront.models.products import Product
from storefront.models.rehearsals import open_holdup
from storefront.rules import launch as rule
from storefront.rules import launch_words, words
from storefront.rules.launch import Moment, Refused
from storefront.rules.launch_words import Effects, counted
from storefront.web.context import now, shop
from storefront.web.studio.launch_form import LaunchForm
from storefront.web.studio.product import Preview, product_page
from storefront.web.studio.room import find_product, pages, signature
from storefront.web.studio.tallies import effects

UNREADABLE, NOT_NOW = 422, 409


@pages.post("/products/<slug>/launch")
def move(slug: str) -> Response:
    """Look at what a moment would do, go back to the form, or set it."""
    form, step = LaunchForm.read(request.form), request.form.get("step")
    if step == "edit":
        return _page(slug, form, 200)
    moment = form.meant(now())
    if isinstance(moment, LaunchForm):
        return _page(slug, moment, UNREADABLE)
    return _set(slug, form, moment) if step == "do" else _look(slug, form, moment)


def _page(slug: str, form: LaunchForm, status: int) -> Response:
    with shop().db.read() as session:
        return make_response(product_page(session, find_product(session, slug), form), status)


def _look(slug: str, form: LaunchForm, moment: Moment | None) -> Response:
    """What it would do; what cannot be done is refused here already, before anybody reads on."""
    with shop().db.read() as session:
        found = find_product(session, slug)
        offered = form.offered(found)
        if isinstance(offered, LaunchForm):
            return make_response(product_page(session, found, offered), UNREADABLE)
        at, zone = (moment.at, moment.zone) if moment else (None, found.launch.zone)
        would = effects(session, found.launch, at, zone, now())
        held = open_holdup(session, found.launch) is not None
        refused = _refusal(found, form, moment, would, held_up=held)
        if refused:
            return make_response(product_page(session, found, form.refused(refused)), UNREADABLE)
        return make_response(product_page(session, found, form, _preview(found, moment, would)))


def _refusal(
    found: Product, form: LaunchForm, moment: Moment | None, would: Effects, *, held_up: bool
) -> Refused | None:
    """The rules' answer to a look; `launching.schedule` asks them again when it is done."""
    launch = found.launch
    if launch.launched_at:
        return Refused("launched", "This product is out. Its launch cannot be set again.")
    if not would.buyers:
        nobody = Refused("no_date", "Nobody has ordered, so there is nobody to tell. Set a day instead.")
        return rule.refuse_first_date(moment.at, now()) if moment else nobody
    refused = rule.refuse_move(launch.at, moment.at if moment else None, now=now(), held_up=held_up)
    if refused is None and not form.reason:
        return Refused("no_reason", "Give your buyers the reason, in your own words.")
    return refused


def _preview(found: Product, moment: Moment | None, would: Effects) -> Preview:
    verb = "Move" if found.launch.at else "Set"
    button = f"{verb if moment else 'Take the day away'} and write to {counted(would.buyers, 'buyer')}"
    return Preview(
        when=words.full(moment.at, moment.zone) if moment else "No day yet",
        clocks=launch_words.clock_words(moment.at, moment.zone, found.launch.at) if moment else "",
        note=launch_words.consequences(would, now()),
        button=button if would.buyers else f"{verb} the day",
    )


def _set(slug: str, form: LaunchForm, moment: Moment | None) -> Response:
    with shop().db.write() as session:
        found = find_product(session, slug)
        offered = form.offered(found)
        if isinstance(offered, LaunchForm):
            return make_response(product_page(session, found, offered), UNREADABLE)
        told = launching.live_orders(session, found.launch)
        refused = launching.schedule(
            session, found.launch, moment, form.reason, now(), who=signature(), offered=offered
        )
    if refused:
        return _page(slug, form.refused(refused), NOT_NOW)
    flash(_done(moment, told), "done")
    return redirect(url_for("studio.product", slug=slug), code=303)


def _done(moment: Moment | None, told: int) -> str:
    letters = f" {counted(told, 'letter goes out', 'letters go out')} now." if told else ""
    return f"The day is set: {words.full(moment.at, moment.zone)}.{letters}" if moment else f"The day is off.{letters}"


def move_to(session: Session, found: Product, moment: Moment, reason: str) -> Refused | str:
    """Move a launch at one click; the sentence that says it is done, or why not."""
    told = launching.live_orders(session, found.launch)
    refused = launching.schedule(session, found.launch, moment, reason, now(), who=signature())
    return refused or _done(moment, told)
