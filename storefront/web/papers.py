"""Receipts and credit notes for a buyer: pages that print, behind the order's link."""

from flask import Blueprint, abort, render_template
from sqlalchemy.orm import Session

from storefront.models import orders, taxes
from storefront.models.orders import Order
from storefront.models.taxes import TaxPoint
from storefront.rules import papers, words
from storefront.rules.access import fingerprint
from storefront.rules.money import exact
from storefront.rules.papers import Facts
from storefront.web.context import shop

pages = Blueprint("papers", __name__)


@pages.get("/orders/<token>/papers")
def all_papers(token: str) -> str:
    """Every document of an order, the newest first."""
    with shop().db.read() as db:
        found = _order(db, token)
        rows = rows_of(db, found, f"/orders/{token}/papers")
        return render_template("papers/papers.html", order=found, token=token, rows=rows)


@pages.get("/orders/<token>/papers/<number>")
def paper(token: str, number: str) -> str:
    """One document, as it was issued."""
    with shop().db.read() as db:
        found = _order(db, token)
        point = taxes.paper(db, found.id, number) or abort(404)
        return render_template(
            "papers/paper.html", order=found, back=f"/orders/{token}", paper=papers.write(facts_of(point))
        )


def link(db: Session, found: Order, token: str) -> tuple[str, str] | None:
    """What the order's page calls its documents, and where they are; None while there is none."""
    told = taxes.of_order(db, found.id)
    if not told:
        return None
    if len(told) == 1:
        return _name(told[0]), f"/orders/{token}/papers/{told[0].number}"
    return "Receipt and credit notes", f"/orders/{token}/papers"


def _order(db: Session, token: str) -> Order:
    return orders.by_link(db, fingerprint(token)) or abort(404)


def rows_of(db: Session, found: Order, home: str) -> list[dict[str, str]]:
    """Every document of an order, the newest first; `home` is the address under which they lie."""
    return [_row(each, found, home) for each in reversed(taxes.of_order(db, found.id))]


def _row(point: TaxPoint, found: Order, home: str) -> dict[str, str]:
    sign = "−" if point.kind == "refund" else ""
    return {
        "name": _name(point),
        "url": f"{home}/{point.number}",
        "day": words.day_month_year(point.at, found.promise.zone),
        "amount": f"{sign}{exact(point.amount, point.currency)}",
    }


def _name(point: TaxPoint) -> str:
    return papers.name(point.number or "", point.about.number or "" if point.about else "")


def facts_of(point: TaxPoint) -> Facts:
    """What a document says, for the rule that writes it."""
    return Facts(
        number=point.number or "",
        at=point.at,
        issued_at=point.issued_at,
        amount=point.amount,
        currency=point.currency,
        tax=point.tax,
        rate=point.rate,
        tax_name=point.tax_name,
        place=point.place,
        about=(point.about.number or "") if point.about else "",
        paper=point.paper,
    )
