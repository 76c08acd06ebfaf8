"""The studio: the creators' side of the site. Each module below is a page, and brings its addresses with it."""

from storefront.web.studio import (
    channels,
    disputes,
    giving_up,
    later,
    letters,
    moving,
    opening,
    order,
    orders,
    overview,
    papers,
    product,
    questions,
    refunds,
    rehearsal,
    stock,
    tasks,
)
from storefront.web.studio.room import pages

__all__ = [
    "channels",
    "disputes",
    "giving_up",
    "later",
    "letters",
    "moving",
    "opening",
    "order",
    "orders",
    "overview",
    "pages",
    "papers",
    "product",
    "questions",
    "refunds",
    "rehearsal",
    "stock",
    "tasks",
]
