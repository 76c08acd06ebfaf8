"""The sandbox's own small pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from werkzeug.wrappers import Response

from .currencies import decimals

if TYPE_CHECKING:
    from .world import Thing

TEMPLATES = Environment(
    loader=PackageLoader("storefront.sandbox", "pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(name: str, status: int = 200, **facts: object) -> Response:
    """Give a page as an answer."""
    text = TEMPLATES.get_template(name).render(**facts)
    response = Response(text, status, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


def amount(minor: int, currency: str) -> str:
    """Write an amount of minor units with its currency."""
    places = decimals(currency)
    whole, rest = divmod(minor, 10**places)
    cents = f".{rest:0{places}d}" if places else ""
    # Figures and their currency never part: no-break spaces, a narrow one for thousands.
    return f"{whole:,}{cents}\u00a0{currency.upper()}".replace(",", "\u202f")


def price_of(session: Thing) -> str:
    """Write what a session costs, or nothing for a card that is only saved."""
    if session["amount_total"] is None:
        return ""
    return amount(session["amount_total"], session["currency"])
