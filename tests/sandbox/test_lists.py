"""Lists, pages, filters, and expand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Local
    from tests.sandbox.inside import Inside


def intents(local: Local, count: int, customer: str = "") -> list[str]:
    """Make intents and give their ids, newest first."""
    facts: Any = {"amount": 1000, "currency": "eur"}
    if customer:
        facts["customer"] = customer
    return [local.api.payment_intents.create(facts).id for _ in range(count)][::-1]


def test_a_list_comes_in_pages_newest_first(local: Local) -> None:
    made = intents(local, 5)
    first = local.api.payment_intents.list({"limit": 2})
    assert ([found.id for found in first.data], first.has_more) == (made[:2], True)
    assert first.url == "/v1/payment_intents"
    after = local.api.payment_intents.list({"limit": 3, "starting_after": made[1]})
    assert ([found.id for found in after.data], after.has_more) == (made[2:], False)
    before = local.api.payment_intents.list({"limit": 2, "ending_before": made[3]})
    assert ([found.id for found in before.data], before.has_more) == (made[1:3], True)


def test_the_client_walks_through_all_pages(local: Local) -> None:
    made = intents(local, 12)
    walked = [found.id for found in local.api.payment_intents.list().auto_paging_iter()]
    assert walked == made


def test_a_list_has_ten_entries_unless_told(local: Local) -> None:
    intents(local, 11)
    assert len(local.api.payment_intents.list().data) == 10


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "starting_after=pi_none", "starting_after=a&ending_before=b"]
)
def test_a_wrong_page_is_refused(local: Local, query: str) -> None:
    assert local.call("GET", f"/v1/payment_intents?{query}").status_code == 400


def test_a_list_is_filtered_by_customer(local: Local) -> None:
    customer = local.customer().id
    mine = intents(local, 2, customer)
    intents(local, 1)
    found = local.api.payment_intents.list({"customer": customer}).data
    assert [intent.id for intent in found] == mine


def test_a_list_is_filtered_by_time(local: Local) -> None:
    old = intents(local, 1)
    local.advance(3600)
    new = intents(local, 1)
    since = local.now() - 60
    created = local.api.payment_intents.list({"created": {"gte": since}}).data
    assert [intent.id for intent in created] == new
    before = local.api.payment_intents.list({"created": {"lt": since, "gt": since - 86400}}).data
    assert [intent.id for intent in before] == old
    exact = local.api.payment_intents.retrieve(new[0]).created
    assert [found.id for found in local.api.payment_intents.list({"created": exact})] == new
    assert local.call("GET", "/v1/customers?created[at]=1").status_code == 400


def test_charges_are_listed_by_intent_and_customer(local: Local) -> None:
    customer, card = local.saved_card()
    intent = local.charge(card, customer=customer)
    local.charge()
    for filter_ in ({"payment_intent": intent.id}, {"customer": customer}):
        found = local.api.charges.list(filter_).data
        assert [charge.id for charge in found] == [intent.latest_charge]


def test_ids_are_expanded_where_asked(local: Local) -> None:
    customer, card = local.saved_card()
    made = local.charge(card, customer=customer)
    intent: Any = local.api.payment_intents.retrieve(
        made.id,
        {"expand": ["customer", "payment_method.customer", "latest_charge.payment_intent"]},
    )
    assert intent.customer.id == customer
    assert intent.payment_method.customer.id == customer
    assert intent.latest_charge.payment_intent.id == intent.id
    assert isinstance(intent.latest_charge.payment_intent.customer, str)


def test_lists_are_expanded_inside(local: Local) -> None:
    customer, card = local.saved_card()
    local.charge(card, customer=customer)
    found: Any = local.api.payment_intents.list({"expand": ["data.latest_charge", "data.customer"]})
    assert found.data[0].latest_charge.status == "succeeded"
    assert found.data[0].customer.id == customer


def test_what_is_null_stays_null(local: Local) -> None:
    intent = local.api.payment_intents.create(
        {"amount": 1000, "currency": "eur", "expand": ["latest_charge.balance_transaction"]}
    )
    assert intent.latest_charge is None


@pytest.mark.parametrize("path", ["amount", "nothing", "customer.cards", "a.b.c.d.e"])
def test_what_cannot_be_expanded_is_refused_and_nothing_happens(local: Local, path: str) -> None:
    customer = local.customer().id
    body = f"amount=1000&currency=eur&customer={customer}&expand[0]={path}"
    assert local.call("POST", "/v1/payment_intents", body).status_code == 400
    assert local.api.payment_intents.list().data == []


def test_a_deleted_customer_expands_to_what_is_left(local: Local) -> None:
    customer, card = local.saved_card()
    made = local.charge(card, customer=customer)
    local.api.customers.delete(customer)
    intent: Any = local.api.payment_intents.retrieve(made.id, {"expand": ["customer"]})
    assert intent.customer.deleted is True


def test_what_is_inside_another_object_has_ten_entries(inside: Inside) -> None:
    intent = inside.paid()
    for _ in range(12):
        inside.post("/v1/refunds", {"payment_intent": intent["id"], "amount": "10"})
    charge = inside.get(f"/v1/charges/{intent['latest_charge']}?expand[]=refunds")
    assert (len(charge["refunds"]["data"]), charge["refunds"]["has_more"]) == (10, True)
    session = inside.post("/v1/checkout/sessions", {**session_of(12), "expand[]": "line_items"})
    assert (len(session["line_items"]["data"]), session["line_items"]["has_more"]) == (10, True)


def test_line_items_come_in_pages(inside: Inside) -> None:
    taxed = {f"line_items[{n}][amount]": str(1000 + n) for n in range(12)}
    buyer = {
        "currency": "eur",
        "customer_details[address][country]": "DE",
        "customer_details[address_source]": "billing",
    }
    calculation = inside.post("/v1/tax/calculations", {**buyer, **taxed})["id"]
    report = {"calculation": calculation, "reference": "a"}
    transaction = inside.post("/v1/tax/transactions/create_from_calculation", report)["id"]
    session = inside.post("/v1/checkout/sessions", session_of(12))["id"]
    for owner in (f"tax/calculations/{calculation}", f"tax/transactions/{transaction}", f"checkout/sessions/{session}"):
        pages_of(inside, f"/v1/{owner}/line_items")


def pages_of(inside: Inside, path: str) -> None:
    """Walk through twelve items in both directions."""
    first = inside.get(path)
    ids = [item["id"] for item in first["data"]]
    assert (len(ids), first["has_more"]) == (10, True)
    rest = inside.get(f"{path}?starting_after={ids[-1]}")
    assert (len(rest["data"]), rest["has_more"]) == (2, False)
    before = inside.get(f"{path}?ending_before={ids[5]}&limit=3")
    assert ([item["id"] for item in before["data"]], before["has_more"]) == (ids[2:5], True)
    earliest = inside.get(f"{path}?ending_before={ids[2]}")
    assert ([item["id"] for item in earliest["data"]], earliest["has_more"]) == (ids[:2], False)
    for query in ("starting_after=li_none", "ending_before=li_none", f"starting_after={ids[0]}&ending_before={ids[1]}"):
        assert inside.call("GET", f"{path}?{query}").status == 400


def session_of(count: int) -> dict[str, str]:
    """Give what a session of so many items is opened with."""
    params = {"mode": "payment", "success_url": "http://shop.example/"}
    for n in range(count):
        price = f"line_items[{n}][price_data]"
        params |= {f"{price}[currency]": "eur", f"{price}[unit_amount]": "100", f"{price}[product_data][name]": "A"}
    return params
