"""The rehearsal of a launch: the last one as it was kept, and a button for the next."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront.actions import rehearsing
from storefront.models import rehearsals
from storefront.models.products import Product
from storefront.models.rehearsals import Rehearsal
from storefront.rules import rehearsal as rule
from storefront.rules import words
from storefront.rules.rehearsal import HEADS, SEVERITIES, Finding
from storefront.web.context import now, shop
from storefront.web.studio.room import find_product, pages, signature

MOST_EARLIER = 6


@pages.get("/products/<slug>/rehearsal")
def rehearsal(slug: str) -> str:
    """What the last rehearsal found, what to do about it, and those before it."""
    with shop().db.read() as session:
        found = find_product(session, slug)
        last = rehearsals.newest(session, found.launch)
        return render_template(
            "studio/rehearsal.html",
            product=found,
            ahead=_ahead(found),
            last=_told(last, found) if last else None,
            moved=last is not None and last.generation != found.launch.generation,
            earlier=_earlier(session, found, last),
            day=words.full(found.launch.at, found.launch.zone) if found.launch.at else "",
        )


def _ahead(found: Product) -> bool:
    return found.launch.launched_at is None and found.launch.at is not None


def _told(last: Rehearsal, found: Product) -> dict[str, Any]:
    findings = [Finding(**each) for each in last.findings]
    groups = [(HEADS[each], [one for one in findings if one.severity == each]) for each in SEVERITIES]
    return {
        "sentence": rule.sentence(findings, found.title),
        "heading": rule.heading(last.occasion, last.at, found.launch.zone),
        "groups": [(head, rows) for head, rows in groups if rows],
        "stops": rule.STOPS in {each.severity for each in findings},
        "calm": not findings,
        "money": [tuple(each) for each in last.money.get("rows", [])],
    }


def _earlier(session: Session, found: Product, last: Rehearsal | None) -> list[tuple[str, str]]:
    if last is None:
        return []
    query = select(Rehearsal).where(Rehearsal.launch_id == found.launch.id, Rehearsal.id < last.id)
    rows = session.scalars(query.order_by(Rehearsal.id.desc()).limit(MOST_EARLIER))
    return [(rule.heading(each.occasion, each.at, found.launch.zone), rule.summary(each.findings)) for each in rows]


@pages.post("/products/<slug>/rehearsal")
def rehearse(slug: str) -> Response:
    """Rehearse it now."""
    here = shop()
    with here.db.read() as session:
        launch_id = find_product(session, slug).launch.id
    if rehearsing.rehearse(here.outside, here.db, launch_id, "asked", signature(), now()) is None:
        flash("There is nothing to rehearse: it has no day, or it is out.", "news")
        return redirect(url_for("studio.product", slug=slug), code=303)
    return redirect(url_for("studio.rehearsal", slug=slug), code=303)
