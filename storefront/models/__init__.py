"""Tables, and the questions asked of them. Importing this package registers every table."""

from storefront.models import (
    accounts,
    cancellations,
    db,
    delays,
    events,
    grants,
    letters,
    log,
    money,
    orders,
    pages,
    policies,
    products,
    rehearsals,
    stock,
    taxes,
)

__all__ = [
    "accounts",
    "cancellations",
    "db",
    "delays",
    "events",
    "grants",
    "letters",
    "log",
    "money",
    "orders",
    "pages",
    "policies",
    "products",
    "rehearsals",
    "stock",
    "taxes",
]
