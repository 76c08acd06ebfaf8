"""Tables, and the questions asked of them. Importing this package registers every table."""

from storefront.models import (
    accounts,
    db,
    delays,
    events,
    grants,
    letters,
    log,
    money,
    orders,
    pages,
    products,
    stock,
    taxes,
)

__all__ = [
    "accounts",
    "db",
    "delays",
    "events",
    "grants",
    "letters",
    "log",
    "money",
    "orders",
    "pages",
    "products",
    "stock",
    "taxes",
]
