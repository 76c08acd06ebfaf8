"""Receipts and credit notes as their creator sees them: the same documents that the buyer has."""

from flask import abort, render_template, url_for

from storefront.models import taxes
from storefront.rules import papers
from storefront.web.context import shop
from storefront.web.papers import facts_of
from storefront.web.studio.room import find_order, pages


@pages.get("/orders/<number>/papers/<paper>")
def paper(number: str, paper: str) -> str:
    """One document, as it was issued."""
    with shop().db.read() as session:
        found = find_order(session, number)
        point = taxes.paper(session, found.id, paper) or abort(404)
        back = url_for("studio.order", number=number)
        return render_template("papers/paper.html", order=found, back=back, paper=papers.write(facts_of(point)))
