"""Every endpoint of the API: its address, its table of parameters, and the verb behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import (
    balance,
    checkout,
    customers,
    disputes,
    lists,
    payment_intents,
    payment_methods,
    portal,
    refunds,
    setup_intents,
    tables,
    tax,
    tax_transactions,
    webhook_endpoints,
)
from .params import Hash
from .world import World


@dataclass(frozen=True)
class Call:
    """One call: the ids in its path, and its parameters as the table read them."""

    path: str
    ids: tuple[str, ...]
    params: dict[str, Any]


Verb = Callable[[World, Call], dict[str, Any]]


@dataclass(frozen=True)
class Route:
    """One endpoint."""

    method: str
    path: str
    table: Hash
    verb: Verb


def retrieval(kind: str) -> Verb:
    """Give a verb that fetches one thing."""
    return lambda world, call: world.fetch(kind, call.ids[0])


def listing(kind: str) -> Verb:
    """Give a verb that lists things."""
    return lambda world, call: lists.page(world, call, kind)


def customers_cards(world: World, call: Call) -> dict[str, Any]:
    """List the cards of one customer."""
    customer = world.fetch("customer", call.ids[0])
    return lists.page(world, call, "payment_method", {"customer": customer.id})


def customers_card(world: World, call: Call) -> dict[str, Any]:
    """Fetch a card of one customer."""
    method = world.fetch("payment_method", call.ids[1])
    return world.fetch("payment_method", method.id if method["customer"] == call.ids[0] else "")


METHODS = "/v1/payment_methods"
INTENTS = "/v1/payment_intents"
SETUPS = "/v1/setup_intents"
SESSIONS = "/v1/checkout/sessions"
ENDPOINTS = "/v1/webhook_endpoints"
TAX = "/v1/tax"
ROUTES = (
    Route("POST", "/v1/customers", tables.CUSTOMER_CREATE, customers.create),
    Route("GET", "/v1/customers", tables.CUSTOMER_LIST, listing("customer")),
    Route("GET", "/v1/customers/:id", tables.RETRIEVE, customers.retrieve),
    Route("POST", "/v1/customers/:id", tables.CUSTOMER_UPDATE, customers.update),
    Route("DELETE", "/v1/customers/:id", tables.CUSTOMER_DELETE, customers.delete),
    Route("GET", "/v1/customers/:id/payment_methods", tables.CUSTOMERS_METHOD_LIST, customers_cards),
    Route("GET", "/v1/customers/:id/payment_methods/:id", tables.RETRIEVE, customers_card),
    Route("GET", METHODS, tables.METHOD_LIST, listing("payment_method")),
    Route("GET", f"{METHODS}/:id", tables.RETRIEVE, payment_methods.retrieve),
    Route("POST", f"{METHODS}/:id", tables.METHOD_UPDATE, payment_methods.update),
    Route("POST", f"{METHODS}/:id/attach", tables.METHOD_ATTACH, payment_methods.attach),
    Route("POST", f"{METHODS}/:id/detach", tables.METHOD_DETACH, payment_methods.detach),
    Route("POST", SETUPS, tables.SETUP_CREATE, setup_intents.create),
    Route("GET", SETUPS, tables.SETUP_LIST, listing("setup_intent")),
    Route("GET", f"{SETUPS}/:id", tables.RETRIEVE, retrieval("setup_intent")),
    Route("POST", f"{SETUPS}/:id", tables.SETUP_UPDATE, setup_intents.update),
    Route("POST", f"{SETUPS}/:id/confirm", tables.SETUP_CONFIRM, setup_intents.confirm),
    Route("POST", f"{SETUPS}/:id/cancel", tables.SETUP_CANCEL, setup_intents.cancel),
    Route("POST", INTENTS, tables.INTENT_CREATE, payment_intents.create),
    Route("GET", INTENTS, tables.INTENT_LIST, listing("payment_intent")),
    Route("GET", f"{INTENTS}/:id", tables.RETRIEVE, retrieval("payment_intent")),
    Route("POST", f"{INTENTS}/:id", tables.INTENT_UPDATE, payment_intents.update),
    Route("POST", f"{INTENTS}/:id/confirm", tables.INTENT_CONFIRM, payment_intents.confirm),
    Route("POST", f"{INTENTS}/:id/capture", tables.INTENT_CAPTURE, payment_intents.capture),
    Route("POST", f"{INTENTS}/:id/cancel", tables.INTENT_CANCEL, payment_intents.cancel),
    Route("GET", "/v1/charges", tables.CHARGE_LIST, listing("charge")),
    Route("GET", "/v1/charges/:id", tables.RETRIEVE, retrieval("charge")),
    Route("POST", "/v1/refunds", tables.REFUND_CREATE, refunds.create),
    Route("GET", "/v1/refunds", tables.REFUND_LIST, listing("refund")),
    Route("GET", "/v1/refunds/:id", tables.RETRIEVE, retrieval("refund")),
    Route("POST", "/v1/refunds/:id", tables.REFUND_UPDATE, refunds.update),
    Route("POST", "/v1/refunds/:id/cancel", tables.REFUND_CANCEL, refunds.cancel),
    Route("GET", "/v1/disputes", tables.DISPUTE_LIST, listing("dispute")),
    Route("GET", "/v1/disputes/:id", tables.RETRIEVE, retrieval("dispute")),
    Route("POST", "/v1/disputes/:id", tables.DISPUTE_UPDATE, disputes.update),
    Route("POST", "/v1/disputes/:id/close", tables.DISPUTE_CLOSE, disputes.close),
    Route("POST", "/v1/billing_portal/sessions", tables.PORTAL_CREATE, portal.create),
    Route("POST", f"{TAX}/calculations", tables.TAX_CALCULATE, tax.calculate),
    Route("GET", f"{TAX}/calculations/:id", tables.RETRIEVE, tax.retrieve),
    Route("GET", f"{TAX}/calculations/:id/line_items", tables.TAX_ITEM_LIST, tax.line_items),
    Route("POST", f"{TAX}/transactions/create_from_calculation", tables.TAX_RECORD, tax_transactions.record),
    Route("POST", f"{TAX}/transactions/create_reversal", tables.TAX_REVERSE, tax_transactions.reverse),
    Route("GET", f"{TAX}/transactions/:id", tables.RETRIEVE, retrieval("tax.transaction")),
    Route("GET", f"{TAX}/transactions/:id/line_items", tables.TAX_ITEM_LIST, tax_transactions.line_items),
    Route("GET", "/v1/balance", tables.RETRIEVE, balance.standing),
    Route("GET", "/v1/balance_transactions", tables.BALANCE_LIST, listing("balance_transaction")),
    Route("GET", "/v1/balance_transactions/:id", tables.RETRIEVE, retrieval("balance_transaction")),
    Route("POST", SESSIONS, tables.SESSION_CREATE, checkout.create),
    Route("GET", SESSIONS, tables.SESSION_LIST, listing("checkout.session")),
    Route("GET", f"{SESSIONS}/:id", tables.RETRIEVE, retrieval("checkout.session")),
    Route("GET", f"{SESSIONS}/:id/line_items", tables.LINE_ITEM_LIST, checkout.line_items),
    Route("POST", f"{SESSIONS}/:id/expire", tables.SESSION_EXPIRE, checkout.expire),
    Route("GET", "/v1/events", tables.EVENT_LIST, lists.events),
    Route("GET", "/v1/events/:id", tables.RETRIEVE, lists.event),
    Route("POST", ENDPOINTS, tables.ENDPOINT_CREATE, webhook_endpoints.create),
    Route("GET", ENDPOINTS, tables.ENDPOINT_LIST, listing("webhook_endpoint")),
    Route("GET", f"{ENDPOINTS}/:id", tables.RETRIEVE, retrieval("webhook_endpoint")),
    Route("POST", f"{ENDPOINTS}/:id", tables.ENDPOINT_UPDATE, webhook_endpoints.update),
    Route("DELETE", f"{ENDPOINTS}/:id", tables.CUSTOMER_DELETE, webhook_endpoints.delete),
)


def _by_length() -> dict[tuple[str, int], list[tuple[list[str], Route]]]:
    known: dict[tuple[str, int], list[tuple[list[str], Route]]] = {}
    for route in ROUTES:
        parts = route.path.split("/")
        known.setdefault((route.method, len(parts)), []).append((parts, route))
    return known


KNOWN = _by_length()


def find(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """Give the endpoint at an address and the ids in it, or None."""
    given = path.rstrip("/").split("/")
    for parts, route in KNOWN.get((method, len(given)), []):
        pairs = list(zip(parts, given, strict=True))
        if all(part in (":id", text) for part, text in pairs):
            return route, tuple(text for part, text in pairs if part == ":id")
    return None
