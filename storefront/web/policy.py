"""The policy of the shop and of each product, with every earlier version; and the way to withdraw without a letter."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront.actions import opening, policing
from storefront.models import policies, products
from storefront.models.policies import Policy
from storefront.rules import words
from storefront.web import forms
from storefront.web.context import now, shop
from storefront.web.filters import prose
from storefront.web.limits import limiter

pages = Blueprint("policy", __name__)
UTC = "UTC"
UNREADABLE = 422


@pages.get("/policy")
def store() -> str:
    """The shop's policy, as it is in force."""
    return _in_force(policing.of_store(shop().outside.terms, now()))


@pages.get("/pages/policy")
def old_address() -> Response:
    """Where it stood before."""
    return redirect(url_for("policy.store"), code=301)


@pages.get("/p/<slug>/policy")
def product(slug: str) -> str:
    """A product's policy, as it is in force."""
    with shop().db.read() as session:
        found = products.by_slug(session, slug) or abort(404)
        made = policing.of_product(found, shop().outside.terms, now())
    return _in_force(made, back=(found.title, f"/p/{slug}"))


@pages.get("/policy/<version>")
def kept(version: str) -> str:
    """A version as somebody agreed to it."""
    with shop().db.read() as session:
        found = session.get(Policy, version) or abort(404)
        return _page(session, found, ("", ""))


def _in_force(made: Policy, back: tuple[str, str] = ("", "")) -> str:
    """The text as the rules are now; the worker keeps it within the hour, and the first order under it at once."""
    with shop().db.read() as session:
        return _page(session, session.get(Policy, made.version) or made, back)


def _page(session: Session, found: Policy, back: tuple[str, str]) -> str:
    versions = policies.earlier(session, found) if found.kind != "waiver" else []
    return render_template(
        "shop/policy.html",
        policy=found,
        html=prose(found.source),
        back=back,
        since=words.day_month_year(found.since, UTC),
        newest=request.endpoint != "policy.kept" or not versions or versions[0].version == found.version,
        others=[
            (each.version, words.day_month_year(each.since, UTC)) for each in versions if each.version != found.version
        ],
    )


@pages.get("/withdraw")
def withdraw() -> str:
    """For whoever has no letter at hand: where to ask for the order's page."""
    return render_template("shop/withdraw.html", email="", error="", sent=False)


@pages.post("/withdraw")
@limiter.limit("10/minute")
def mail_the_way() -> tuple[str, int] | str:
    """Mail the order's page to its address. The answer is the same whether anybody ordered with it."""
    email, error = forms.address(request.form.get("email", ""))
    if error:
        return render_template(
            "shop/withdraw.html", email=request.form.get("email", ""), error=error, sent=False
        ), UNREADABLE
    with shop().db.write() as session:
        opening.mail_order_pages(session, email, now())
    return render_template("shop/withdraw.html", email=email, error="", sent=True)
