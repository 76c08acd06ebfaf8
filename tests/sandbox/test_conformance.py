"""Everything the sandbox says, checked against Stripe's own description. STRIPE_CONFORMANCE names its folder."""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from storefront.sandbox import params, routes
from tests.sandbox.inside import DAY, PAID, SECRET, Inside

if TYPE_CHECKING:
    from storefront.sandbox import Reply

FOLDER = os.environ.get("STRIPE_CONFORMANCE", "")
INTENTS = "/v1/payment_intents"
SESSIONS = "/v1/checkout/sessions"
ITEM = {
    "line_items[0][quantity]": "1",
    "line_items[0][price_data][currency]": "eur",
    "line_items[0][price_data][unit_amount]": "11900",
    "line_items[0][price_data][tax_behavior]": "exclusive",
    "line_items[0][price_data][product_data][name]": "Foliant",
}
# What Stripe's description calls that which a rule reads.
TYPES = {
    params.Currency: "string",
    params.Flag: "boolean",
    params.Hash: "object",
    params.Many: "array",
    params.Metadata: "object",
    params.OneOf: "string",
    params.Text: "string",
    params.Url: "string",
    params.Whole: "integer",
}
TYPED = {"cardnumber": "4242424242424242", "exp": "12 / 49", "cvc": "123", "country": "DE", "email": "ada@example.com"}


def checker() -> Any:
    """Give what knows Stripe's description."""
    sys.path.insert(0, FOLDER)
    found = importlib.import_module("stripe_conformance")
    path = next(Path(FOLDER, "spec").glob("stripe-openapi*.json"))
    return found.Checker(json.loads(path.read_text()))


class Watched(Inside):
    """A sandbox whose every answer and every webhook is checked."""

    def __init__(self, watch: Any) -> None:
        """Keep the checker."""
        self.watch = watch
        self.requests = 0
        self.keys = 0
        super().__init__()

    def call(self, method: str, path: str, data: dict[str, str] | None = None, **headers: str) -> Reply:
        """Call the API as the official client does, with a key and its version."""
        if method == "POST" and path.startswith("/v1/"):
            self.keys += 1
            headers = {"Idempotency_Key": f"key:{self.keys}", "Stripe_Version": self.watch.version, **headers}
        reply = super().call(method, path, data, Content_Type="application/x-www-form-urlencoded", **headers)
        if path.startswith("/v1/"):
            self._check(method, path, data, reply, headers)
        return reply

    def _check(
        self, method: str, path: str, data: dict[str, str] | None, reply: Reply, headers: dict[str, str]
    ) -> None:
        self.requests += 1
        names = {name.replace("_", "-"): text for name, text in headers.items()}
        self.watch.exchange(
            {
                "at": self.seconds,
                "method": method,
                "path": path,
                "request_headers": {
                    "Authorization": "Bearer sk_test_sandbox",
                    "Content-Type": "application/x-www-form-urlencoded",
                    **names,
                },
                "request_body": urlencode(data or {}),
                "status": reply.status,
                "response_headers": reply.headers,
                "response_body": reply.body.decode(),
            }
        )

    def receive(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """Take a webhook, and check it."""
        self.watch.event(body, headers["Stripe-Signature"], SECRET, now=self.seconds)
        return super().receive(url, body, headers)

    def errors(self) -> list[Any]:
        """Give what was wrong."""
        return [found for found in self.watch.report()["violations"] if found["severity"] == "error"]


@pytest.fixture(scope="module")
def description() -> Any:
    """Read the description once."""
    return checker()


def customers_and_cards(watched: Watched) -> None:
    """Save cards, change them, let banks renew them, and take them away."""
    for alias in ("pm_card_visa", "pm_card_mastercard", "pm_card_amex"):
        customer = watched.post("/v1/customers", {"email": "ada@example.com"})["id"]
        card = watched.post(f"/v1/payment_methods/{alias}/attach", {"customer": customer})["id"]
        watched.post(f"/v1/payment_methods/{card}", {"card[exp_year]": "2044", "metadata[a]": "1"})
        watched.control("cards/renew", payment_method=card)
        watched.post(f"/v1/customers/{customer}", {"invoice_settings[default_payment_method]": card})
        setup = {
            "customer": customer,
            "payment_method": card,
            "confirm": "true",
            "allowed_payment_method_types[]": "card",
        }
        watched.post("/v1/setup_intents", setup)
        off = {**PAID, "customer": customer, "payment_method": card, "off_session": "true"}
        watched.post(INTENTS, off)
        watched.get(f"/v1/customers/{customer}/payment_methods")
        watched.post(f"/v1/payment_methods/{card}/detach")
        watched.call("DELETE", f"/v1/customers/{customer}")


def holds(watched: Watched) -> None:
    """Hold money: captured, in part, cancelled, run out, and extended."""
    extended = {"payment_method_options[card][request_extended_authorization]": "if_available"}
    first, part, gone, lapsed = (watched.held(**extended)["id"] for _ in range(4))
    watched.post(f"{INTENTS}/{first}/capture", {"expand[]": "latest_charge.balance_transaction"})
    watched.post(f"{INTENTS}/{part}/capture", {"amount_to_capture": "600"})
    watched.post(f"{INTENTS}/{gone}/cancel", {"cancellation_reason": "requested_by_customer"})
    watched.pass_time(30 * DAY)
    for ident in (first, part, gone, lapsed):
        watched.get(f"{INTENTS}/{ident}?expand[]=latest_charge")
    for alias in ("pm_card_chargeDeclined", "pm_card_authenticationRequired", "pm_card_chargeDeclinedExpiredCard"):
        watched.paid(alias)


def refunds(watched: Watched) -> None:
    """Give money back in every way."""
    for alias in ("pm_card_visa", "pm_card_pendingRefund", "pm_card_refundFail"):
        refund = watched.post("/v1/refunds", {"payment_intent": watched.paid(alias)["id"], "amount": "400"})["id"]
        watched.post(f"/v1/refunds/{refund}", {"metadata[a]": "1"})
        watched.pass_time(3600)
        watched.get(f"/v1/refunds/{refund}?expand[]=balance_transaction&expand[]=charge")
    for reason in ("processing", "insufficient_funds", "charge_pending"):
        watched.fault("refund_pending", reason=reason)
        refund = watched.post("/v1/refunds", {"payment_intent": watched.paid()["id"]})["id"]
        watched.control("refunds/resolve", refund=refund, status="failed", failure_reason="declined")
        watched.get(f"/v1/refunds/{refund}")
    watched.fault("refund_requires_action")
    asking = watched.post("/v1/refunds", {"payment_intent": watched.paid()["id"]})["id"]
    watched.post(f"/v1/refunds/{asking}/cancel")


def disputes(watched: Watched) -> None:
    """Win, lose, give up, let lapse, and escalate."""
    for alias in ("", "ProductNotReceived", "Inquiry"):
        for words in ("winning_evidence", "losing_evidence", "escalate_inquiry_evidence", "", "close"):
            intent = watched.paid(f"pm_card_createDispute{alias}")["id"]
            watched.pass_time()
            (found,) = watched.get(f"/v1/disputes?payment_intent={intent}&expand[]=data.charge")["data"]
            path = f"/v1/disputes/{found['id']}"
            if words == "close":
                watched.post(f"{path}/close")
            elif words:
                watched.post(path, {"evidence[uncategorized_text]": words, "metadata[a]": "1"})
            watched.pass_time(9 * DAY)
            watched.get(path)
    watched.get("/v1/balance_transactions?type=adjustment&limit=100&expand[]=data.source")


def hosted(watched: Watched) -> None:
    """Pay and save on the hosted pages."""
    for facts in ({}, {"automatic_tax[enabled]": "true"}, {"billing_address_collection": "required"}):
        session = {"mode": "payment", "success_url": "http://shop.example/", **ITEM, **facts}
        ident = watched.post(SESSIONS, session)["id"]
        watched.call("POST", f"/c/pay/{ident}", TYPED)
        watched.get(f"{SESSIONS}/{ident}?expand[]=line_items&expand[]=payment_intent.latest_charge")
        watched.get(f"{SESSIONS}/{ident}/line_items")
        watched.post(f"{SESSIONS}/{watched.post(SESSIONS, session)['id']}/expire")
    customer = watched.post("/v1/customers", {"email": "ada@example.com"})["id"]
    setup = {"mode": "setup", "currency": "eur", "customer": customer, "success_url": "http://shop.example/"}
    watched.call("POST", f"/c/setup/{watched.post(SESSIONS, setup)['id']}", TYPED)
    flow = {"flow_data[type]": "payment_method_update", "return_url": "http://shop.example/me"}
    portal = watched.post("/v1/billing_portal/sessions", {"customer": customer, **flow})["id"]
    watched.call("POST", f"/c/portal/{portal}", TYPED)


def taxes(watched: Watched) -> None:
    """Calculate, pay, report, and take back."""
    for country in ("DE", "FR", "US", "AQ"):
        asked = {"currency": "eur", "customer_details[address][country]": country, "line_items[0][amount]": "1000"}
        buyer = {"customer_details[address_source]": "billing", "expand[]": "line_items"}
        ident = watched.post("/v1/tax/calculations", {**asked, **buyer, "line_items[0][reference]": "a"})["id"]
        watched.get(f"/v1/tax/calculations/{ident}/line_items")
        watched.paid(**{"hooks[inputs][tax][calculation]": ident})
        report = {"calculation": ident, "reference": f"order {country}"}
        made = watched.post("/v1/tax/transactions/create_from_calculation", report)["id"]
        back = {"mode": "full", "original_transaction": made, "reference": f"order {country}, back"}
        watched.post("/v1/tax/transactions/create_reversal", back)
        watched.get(f"/v1/tax/transactions/{made}")


def failures(watched: Watched) -> None:
    """Fail in every way that still answers."""
    for kind in ("error_409", "error_429", "lock_timeout", "error_500"):
        watched.fault(kind)
        watched.paid()
    watched.error("/v1/refunds", {"payment_intent": "pi_none"})
    watched.error(INTENTS, {"amount": "1", "currency": "eur"})


STORIES = (customers_and_cards, holds, refunds, disputes, hosted, taxes, failures)


def test_all_of_it_is_as_stripe_describes_it(description: Any) -> None:
    watched = Watched(description)
    for story in STORIES:
        story(watched)
        watched.deliver()
    watched.get("/v1/events?limit=100&types[0]=refund.failed&types[1]=charge.dispute.closed")
    watched.get("/v1/webhook_endpoints")
    watched.sandbox.close()
    assert watched.errors() == []
    assert watched.requests >= 150
    assert len(watched.sent) >= 40
    assert len({sent["type"] for sent in watched.sent}) >= 12


def described(description: Any, route: routes.Route) -> dict[str, Any]:
    """Give what Stripe's description says of the parameters of an endpoint, as one schema."""
    paths = {re.sub(r"{\w+}", ":id", path): found for path, found in description.spec["paths"].items()}
    operation = paths[route.path][route.method.lower()]
    if route.method == "POST":
        return dict(operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"])
    asked = [one for one in operation.get("parameters", []) if one["in"] == "query"]
    return {"type": "object", "properties": {one["name"]: one["schema"] for one in asked}}


def differences(rule: Any, schema: dict[str, Any], where: str) -> list[str]:
    """Give where a rule takes what the description does not know, or does without what it requires."""
    if isinstance(rule, params.Either):
        return differences(rule.plain, schema, where) + differences(rule.nested, schema, where)
    rule = rule.rule if isinstance(rule, params.Unset) else rule
    kinds = [
        one for one in schema.get("anyOf", [schema]) if one.get("enum") != [""] and one["type"] == TYPES[type(rule)]
    ]
    if not kinds:
        return [f"{where} is no {TYPES[type(rule)]}"]
    (kind,) = kinds
    if isinstance(rule, params.Hash):
        return hash_differences(rule, kind, where)
    if isinstance(rule, params.Many):
        return differences(rule.of, kind["items"], f"{where}[]")
    return word_differences(rule, kind, where)


def word_differences(rule: Any, kind: dict[str, Any], where: str) -> list[str]:
    """Give the differences of a plain value."""
    if isinstance(rule, params.OneOf):
        return [f"{where} may not be {word}" for word in rule.words if word not in kind.get("enum", rule.words)]
    if isinstance(rule, params.Text) and ("enum" in kind or rule.longest > kind.get("maxLength", rule.longest)):
        return [f"{where} is one of few words, or shorter"]
    return []


def hash_differences(rule: params.Hash, kind: dict[str, Any], where: str) -> list[str]:
    """Give the differences of each field."""
    known = kind.get("properties", {})
    found = [f"{where} requires {name}" for name in kind.get("required", []) if name not in rule.needs]
    for name, field in rule.fields.items():
        if isinstance(field, params.Gone):
            found += [f"{where}.{name} is not gone"] if name in known else []
        elif name not in known:
            found.append(f"{where}.{name} is unknown")
        else:
            found += differences(field, known[name], f"{where}.{name}")
    return found


def test_each_table_takes_only_what_stripe_describes(description: Any) -> None:
    found = [
        difference
        for route in routes.ROUTES
        for difference in differences(route.table, described(description, route), f"{route.method} {route.path}")
    ]
    assert found == []
