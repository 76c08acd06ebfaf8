"""The studio: the creators' side of the site. Each module below is a page, and brings its addresses with it."""

from storefront.web.studio import moving, opening, orders, overview, product
from storefront.web.studio.room import pages

__all__ = ["moving", "opening", "orders", "overview", "pages", "product"]
