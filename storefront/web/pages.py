"""The shop's own words: /pages/card, /pages/dates, /pages/policy."""

from flask import Blueprint, abort, render_template

from storefront.models.pages import Page
from storefront.web.context import shop
from storefront.web.filters import prose

pages = Blueprint("pages", __name__)


@pages.get("/pages/<slug>")
def page(slug: str) -> str:
    """One of them."""
    with shop().db.read() as db:
        found = db.get(Page, slug) or abort(404)
        return render_template("shop/page.html", page=found, html=prose(found.source))
