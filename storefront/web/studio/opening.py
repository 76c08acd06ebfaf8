"""Launching by hand: at once where nobody was promised a later charge, else in 24 hours, with the reason."""

from datetime import UTC, datetime

from flask import flash, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront.actions import launching, readying
from storefront.models.products import Product
from storefront.rules import launch as rule
from storefront.rules import words
from storefront.rules.launch import Moment, Refused
from storefront.rules.launch_words import consequences, counted
from storefront.rules.rehearsal import why_not_ready
from storefront.web.context import now, shop
from storefront.web.studio.launch_form import LONGEST_REASON
from storefront.web.studio.moving import NOT_NOW, UNREADABLE, move_to
from storefront.web.studio.room import find_product, pages, signature
from storefront.web.studio.tallies import effects, promised_until, tallies


@pages.get("/products/<slug>/launch-now")
def launch_now(slug: str) -> Response:
    """What a launch by hand would do, before its button."""
    with shop().db.read() as session:
        return _page(session, find_product(session, slug))


@pages.post("/products/<slug>/launch-now")
def launch(slug: str) -> Response:
    """Open at once, or move to the earliest moment that the buyers' promises allow."""
    if request.form.get("step") == "move":
        return _move(slug)
    missing = _missing(slug)
    if missing:
        return _again(slug, missing)
    with shop().db.write() as session:
        refused = launching.launch_now(session, find_product(session, slug).launch, signature(), now())
    if refused:
        return _again(slug, refused)
    flash("Open. Access and letters go out now, the money follows.", "done")
    return redirect(url_for("studio.product", slug=slug), code=303)


def _missing(slug: str) -> Refused | None:
    """By hand too nothing opens that is not complete."""
    here = shop()
    with here.db.read() as session:
        found = find_product(session, slug)
        if found.launch.launched_at is not None:
            return None
    why = why_not_ready(readying.content(here.outside, here.db, found.id))
    return Refused("not_ready", f"{why} Nothing was opened.") if why else None


def _again(slug: str, refused: Refused, reason: str = "") -> Response:
    """The page again, with what stands in the way and what was typed."""
    status = UNREADABLE if refused.code == "no_reason" else NOT_NOW
    with shop().db.read() as session:
        return _page(session, find_product(session, slug), refused, reason, status)


def _move(slug: str) -> Response:
    reason = request.form.get("reason", "").strip()[:LONGEST_REASON]
    with shop().db.write() as session:
        found = find_product(session, slug)
        answer = move_to(session, found, _shown(found), reason)
    if isinstance(answer, Refused):
        return _again(slug, answer, reason)
    flash(answer, "done")
    return redirect(url_for("studio.product", slug=slug), code=303)


def _shown(found: Product) -> Moment:
    """The moment the page offered; one that came too close meanwhile is refused by the rule, and offered anew."""
    typed = request.form.get("at", "")
    try:
        return rule.moment_at(datetime.fromisoformat(typed).astimezone(UTC), found.launch.zone)
    except (ValueError, OverflowError):
        return rule.moment_at(launching.soonest_move(now()), found.launch.zone)


def _page(
    session: Session, found: Product, refused: Refused | None = None, reason: str = "", status: int = 200
) -> Response:
    launch = found.launch
    soonest = launching.soonest_move(now())
    promised = promised_until(session, found.id)
    later = promised is not None and promised > now()
    stopped = _stopped(found, soonest) if later else None
    would = effects(session, launch, soonest, launch.zone, now())
    html = render_template(
        "studio/launch_now.html",
        product=found,
        out=launch.launched_at is not None,
        later=later,
        promised=words.full(promised, launch.zone) if promised and later else "",
        soonest=words.full(soonest, launch.zone),
        soonest_iso=soonest.isoformat(),
        stopped=stopped,
        note=consequences(would, now()) if later else None,
        button_words=f"Move and write to {counted(would.buyers, 'buyer')}",
        orders=tallies(session, [found.id], now())[found.id].orders,
        refused=refused,
        reason=reason,
    )
    return make_response(html, status)


def _stopped(found: Product, soonest: datetime) -> str:
    """Why the launch cannot be brought forward to 24 hours from now; "" when it can."""
    launch = found.launch
    if launch.at is None or launch.at <= soonest:
        return "It opens by itself before a move could be told to anybody."
    refused = rule.refuse_move(launch.at, soonest, now=now())
    return refused.sentence if refused else ""
