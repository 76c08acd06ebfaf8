"""Tax: calculations, what is reported of them, and Checkout Sessions that work it out by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.sandbox.inside import DAY, PAID

if TYPE_CHECKING:
    from tests.sandbox.conftest import Local
    from tests.sandbox.inside import Inside

CALCULATIONS = "/v1/tax/calculations"


def asked(country: str = "DE", behavior: str = "exclusive", amount: int = 10000) -> dict[str, str]:
    """Give the parameters of a calculation."""
    return {
        "currency": "eur",
        "customer_details[address][country]": country,
        "customer_details[address_source]": "billing",
        "line_items[0][amount]": str(amount),
        "line_items[0][reference]": "Foliant",
        "line_items[0][tax_behavior]": behavior,
        "line_items[0][tax_code]": "txcd_10000000",
    }


@pytest.mark.parametrize(
    ("country", "behavior", "tax", "total"),
    [
        ("DE", "exclusive", 1900, 11900),
        ("DE", "inclusive", 1597, 10000),
        ("FR", "exclusive", 2000, 12000),
        ("NL", "exclusive", 2100, 12100),
        ("AT", "exclusive", 2000, 12000),
        ("IE", "exclusive", 2300, 12300),
        ("GB", "exclusive", 2000, 12000),
        ("CH", "exclusive", 810, 10810),
        ("US", "exclusive", 0, 10000),
        ("AQ", "exclusive", 0, 10000),
    ],
)
def test_each_country_has_its_rate(inside: Inside, country: str, behavior: str, tax: int, total: int) -> None:
    found = inside.post(CALCULATIONS, asked(country, behavior))
    assert found["amount_total"] == total
    assert found[f"tax_amount_{behavior}"] == tax
    (row,) = found["tax_breakdown"]
    assert (row["amount"], row["inclusive"]) == (tax, behavior == "inclusive")
    assert row["taxability_reason"] == ("standard_rated" if tax else "not_collecting")


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"customer_details[taxability_override]": "reverse_charge"}, "reverse_charge"),
        ({"customer_details[taxability_override]": "customer_exempt"}, "customer_exempt"),
        ({"line_items[0][tax_code]": "txcd_00000000"}, "product_exempt"),
    ],
)
def test_some_are_not_taxed(inside: Inside, facts: dict[str, str], reason: str) -> None:
    found = inside.post(CALCULATIONS, {**asked(), **facts})
    assert (found["tax_amount_exclusive"], found["tax_breakdown"][0]["taxability_reason"]) == (0, reason)


def test_a_customers_own_address_will_do(inside: Inside) -> None:
    customer = inside.post("/v1/customers", {"address[country]": "DE"})["id"]
    facts = {"currency": "eur", "customer": customer, "line_items[0][amount]": "100"}
    assert inside.post(CALCULATIONS, facts)["tax_amount_exclusive"] == 19
    nobody = {**facts, "customer": inside.post("/v1/customers")["id"]}
    assert inside.error(CALCULATIONS, nobody)["code"] == "customer_tax_location_invalid"


@pytest.mark.parametrize(
    ("facts", "param"),
    [
        ({"customer_details[address][country]": "Germany"}, "customer_details[address][country]"),
        ({"line_items[0][amount]": "-1"}, "line_items[0][amount]"),
        ({"shipping_cost[amount]": "1"}, "shipping_cost"),
        ({"customer": "cus_1"}, "customer"),
    ],
)
def test_a_wrong_calculation_is_refused(inside: Inside, facts: dict[str, str], param: str) -> None:
    assert inside.error(CALCULATIONS, {**asked(), **facts})["param"] == param


def test_a_calculation_lives_90_days(inside: Inside) -> None:
    found = inside.post(CALCULATIONS, asked())
    assert inside.get(f"{CALCULATIONS}/{found['id']}") == found
    inside.pass_time(90 * DAY)
    assert inside.call("GET", f"{CALCULATIONS}/{found['id']}").status == 404


def test_a_payment_reports_its_tax(inside: Inside) -> None:
    ident = inside.post(CALCULATIONS, asked(amount=1000))["id"]
    hook = {"hooks[inputs][tax][calculation]": ident}
    paid = inside.post("/v1/payment_intents", {**PAID, "amount": "1190", **hook})
    assert paid["hooks"]["inputs"]["tax"]["calculation"] == ident
    repeated = inside.error(
        "/v1/tax/transactions/create_from_calculation", {"calculation": ident, "reference": paid["id"]}
    )
    assert "already a tax transaction" in repeated["message"]


def test_the_capture_of_a_hold_may_bring_its_tax(inside: Inside) -> None:
    ident = inside.post(CALCULATIONS, asked(amount=1000))["id"]
    hold = inside.held()
    path = f"/v1/payment_intents/{hold['id']}/capture"
    assert inside.post(path, {"hooks[inputs][tax][calculation]": ident})["hooks"]["inputs"]["tax"] == {
        "calculation": ident
    }


def test_a_calculation_has_to_fit_its_payment(inside: Inside) -> None:
    hook = "hooks[inputs][tax][calculation]"
    assert inside.error("/v1/payment_intents", {**PAID, hook: "taxcalc_none"})["param"] == hook
    ident = inside.post(CALCULATIONS, asked())["id"]
    assert inside.error("/v1/payment_intents", {**PAID, "currency": "usd", hook: ident})["param"] == hook
    intent = inside.post("/v1/payment_intents", {"amount": "1000", "currency": "eur", hook: ident})
    assert "hooks" not in inside.post(f"/v1/payment_intents/{intent['id']}", {hook: ""})


def test_the_official_client_reports_and_takes_back(local: Local) -> None:
    item = {"amount": 10000, "reference": "Foliant", "tax_behavior": "inclusive", "tax_code": "txcd_10000000"}
    buyer = {"address": {"country": "DE", "postal_code": "10115"}, "address_source": "billing"}
    calculation = local.api.tax.calculations.create(
        {"currency": "eur", "customer_details": buyer, "line_items": [item], "expand": ["line_items"]}
    )
    assert calculation.line_items.data[0].amount_tax == 1597
    assert local.api.tax.calculations.retrieve(calculation.id).tax_amount_inclusive == 1597
    assert len(local.api.tax.calculations.line_items.list(calculation.id).data) == 1
    transactions = local.api.tax.transactions
    made = transactions.create_from_calculation(
        {"calculation": calculation.id, "reference": "order 7", "metadata": {"order": "7"}}
    )
    part = transactions.create_reversal(
        {"mode": "partial", "original_transaction": made.id, "reference": "order 7, half", "flat_amount": -5000}
    )
    assert [line.amount for line in transactions.line_items.list(part.id).data] == [-5000]
    whole = transactions.create_reversal({"mode": "full", "original_transaction": made.id, "reference": "order 7, all"})
    (line,) = transactions.retrieve(whole.id, {"expand": ["line_items"]}).line_items.data
    assert (line.amount, line.amount_tax, line.type) == (-10000, -1597, "reversal")


def test_a_reversal_takes_back_no_more_than_there_was(inside: Inside) -> None:
    ident = inside.post(CALCULATIONS, asked())["id"]
    made = inside.post("/v1/tax/transactions/create_from_calculation", {"calculation": ident, "reference": "a"})
    wrong = {"mode": "partial", "original_transaction": made["id"], "reference": "b"}
    path = "/v1/tax/transactions/create_reversal"
    assert inside.error(path, wrong)["param"] == "flat_amount"
    assert inside.error(path, {**wrong, "flat_amount": "-11901"})["param"] == "flat_amount"
    assert inside.post(path, {**wrong, "flat_amount": "-11900"})["reversal"] == {"original_transaction": made["id"]}


def taxed(local: Local, behavior: str = "inclusive", currency: str = "eur", **facts: Any) -> Any:
    """Open a session that works out its tax."""
    product = {"name": "Foliant", "tax_code": "txcd_10000000"}
    price = {"currency": currency, "unit_amount": 11900, "product_data": product, "tax_behavior": behavior}
    return local.payment_session(
        line_items=[{"price_data": price, "quantity": 1}], automatic_tax={"enabled": True}, **facts
    )


def test_the_page_asks_where_the_buyer_lives_and_tax_is_in_the_price(local: Local) -> None:
    session = taxed(local)
    assert session.automatic_tax.status == "requires_location_inputs"
    page = requests.get(str(session.url), timeout=15).text
    assert "Tax depends on the country" in page
    assert 'name="country"' in page
    assert "Choose the country" in local.type_card(session).text
    assert "postal code" in local.type_card(session, country="US").text
    assert local.type_card(session, country="DE", postal_code="10115").status_code == 303
    done = local.api.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.payment_method"]})
    assert (done.amount_total, done.total_details.amount_tax, done.automatic_tax.status) == (11900, 1900, "complete")
    assert done.customer_details.address.country == "DE"
    assert done.payment_intent.payment_method.billing_details.address.postal_code == "10115"


def test_tax_on_top_is_shown_before_it_is_paid(local: Local) -> None:
    session = taxed(local, "exclusive")
    asked = local.type_card(session, country="FR", total="11900")
    assert "The total is another one now" in asked.text
    assert "142.80" in asked.text
    assert "23.80\u00a0EUR of it is tax." in asked.text
    assert local.type_card(session, country="FR", total="14280").status_code == 303
    done = local.api.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent", "line_items"]})
    assert (done.amount_subtotal, done.amount_total, done.payment_intent.amount) == (11900, 14280, 14280)
    assert done.line_items.data[0].amount_tax == 2380


def test_another_country_after_a_decline_changes_the_payment(local: Local) -> None:
    session = taxed(local, "exclusive")
    local.type_card(session, "4000000000009995", country="FR")
    local.type_card(session, country="US", postal_code="94080")
    done = local.api.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (done.amount_total, done.payment_intent.amount, done.total_details.amount_tax) == (11900, 11900, 0)


def test_dollars_are_taxed_on_top_and_euros_within_when_nothing_is_said(local: Local) -> None:
    totals = []
    for currency in ("usd", "eur"):
        session = taxed(local, "unspecified", currency)
        local.type_card(session, country="DE")
        totals.append(local.api.checkout.sessions.retrieve(session.id).amount_total)
    assert totals == [14161, 11900]


def test_a_customer_needs_an_address_or_is_asked_for_it(local: Local) -> None:
    customer = local.customer().id
    body = (
        "mode=payment&success_url=http://x&line_items[0][price_data][currency]=eur"
        "&line_items[0][price_data][unit_amount]=11900&line_items[0][price_data][product_data][name]=Foliant"
    )
    refused = local.call("POST", "/v1/checkout/sessions", f"{body}&automatic_tax[enabled]=true&customer={customer}")
    assert refused.json()["error"]["code"] == "customer_tax_location_invalid"
    alone = local.call("POST", "/v1/checkout/sessions", f"{body}&customer_update[address]=auto")
    assert alone.json()["error"]["param"] == "customer"
    setup = local.call(
        "POST", "/v1/checkout/sessions", "mode=setup&currency=eur&success_url=http://x&automatic_tax[enabled]=true"
    )
    assert setup.json()["error"]["param"] == "automatic_tax"
    session = taxed(local, customer=customer, customer_update={"address": "auto"}, customer_email=None)
    local.type_card(session, country="DE", postal_code="10115")
    assert local.api.customers.retrieve(customer).address.postal_code == "10115"


def test_an_address_may_be_asked_for_without_tax(local: Local) -> None:
    session = local.payment_session(billing_address_collection="required")
    local.type_card(session, country="DE")
    done = local.api.checkout.sessions.retrieve(session.id)
    assert (done.customer_details.address.country, done.automatic_tax.enabled) == ("DE", False)
