"""Customers, and the cards saved with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stripe

if TYPE_CHECKING:
    from tests.sandbox.conftest import Local, Receiver
    from tests.sandbox.inside import Inside


def test_a_customer_is_created_changed_and_fetched(local: Local, hooks: Receiver) -> None:
    customer = local.customer(name="Ada", description="a reader", phone="123")
    local.api.customers.update(customer.id, {"email": "new@example.com", "name": ""})
    found = local.api.customers.retrieve(customer.id)
    assert (found.email, found.name, found.description) == ("new@example.com", None, "a reader")
    hooks.first("customer.created")
    changed = hooks.first("customer.updated")["data"]["previous_attributes"]
    assert changed == {"email": "buyer@example.com", "name": "Ada"}


def test_a_deleted_customer_says_only_that(local: Local, hooks: Receiver) -> None:
    customer, card = local.saved_card()
    assert local.api.customers.delete(customer).deleted is True
    gone = local.api.customers.retrieve(customer)
    assert gone.to_dict() == {"id": customer, "object": "customer", "deleted": True}
    assert local.api.customers.list().data == []
    assert local.api.payment_methods.retrieve(card).customer is None
    assert local.call("POST", f"/v1/customers/{customer}", "name=x").status_code == 404
    assert local.call("DELETE", f"/v1/customers/{customer}").status_code == 404
    hooks.first("customer.deleted")
    hooks.first("payment_method.detached")


def test_customers_are_listed_by_email_newest_first(local: Local) -> None:
    first, other, second = (local.customer(email=email).id for email in ("a@b.c", "x@y.z", "a@b.c"))
    found = [customer.id for customer in local.api.customers.list({"email": "a@b.c"}).data]
    assert found == [second, first]
    assert other not in found


def test_a_test_card_becomes_a_card_of_its_own(local: Local, hooks: Receiver) -> None:
    customer, card = local.saved_card("pm_card_mastercard")
    found = local.api.payment_methods.retrieve(card)
    assert found.id.startswith("pm_")
    assert found.id != "pm_card_mastercard"
    assert (found.customer, found.type) == (customer, "card")
    assert found.card is not None
    assert (found.card.brand, found.card.last4) == ("mastercard", "4444")
    assert hooks.first("payment_method.attached")["data"]["object"]["id"] == card


def test_the_same_number_has_the_same_fingerprint(local: Local) -> None:
    cards = [
        local.api.payment_methods.retrieve(local.saved_card(alias)[1]).card
        for alias in ("pm_card_visa", "pm_card_visa", "pm_card_amex")
    ]
    first, second, amex = (card.fingerprint if card else "" for card in cards)
    assert first == second != amex


def test_cards_are_listed_by_customer(local: Local) -> None:
    customer, card = local.saved_card()
    local.saved_card()
    assert [found.id for found in local.api.payment_methods.list({"customer": customer})] == [card]
    mine = local.api.customers.payment_methods.list(customer, {"type": "card"})
    assert [found.id for found in mine] == [card]
    assert local.api.customers.payment_methods.retrieve(customer, card).id == card
    stranger = local.customer().id
    answer = local.call("GET", f"/v1/customers/{stranger}/payment_methods/{card}")
    assert answer.status_code == 404


def test_a_detached_card_cannot_be_used_or_attached_again(local: Local, hooks: Receiver) -> None:
    customer, card = local.saved_card()
    assert local.api.payment_methods.detach(card).customer is None
    hooks.first("payment_method.detached")
    for path, body in (
        (f"/v1/payment_methods/{card}/attach", f"customer={customer}"),
        (f"/v1/payment_methods/{card}/detach", ""),
        ("/v1/payment_intents", f"amount=1000&currency=eur&payment_method={card}"),
    ):
        assert local.call("POST", path, body).status_code == 400


def test_a_card_of_another_customer_is_refused(local: Local) -> None:
    _, card = local.saved_card()
    stranger = local.customer().id
    for customer in ("", f"&customer={stranger}"):
        body = f"amount=1000&currency=eur&payment_method={card}{customer}"
        answer = local.call("POST", "/v1/payment_intents", body)
        assert answer.json()["error"]["param"] == "payment_method"
    again = local.call("POST", f"/v1/payment_methods/{card}/attach", f"customer={stranger}")
    assert again.status_code == 400


def test_attaching_twice_to_the_same_customer_changes_nothing(local: Local) -> None:
    customer, card = local.saved_card()
    assert local.api.payment_methods.attach(card, {"customer": customer}).id == card


@pytest.mark.parametrize(
    "alias",
    [
        "pm_card_chargeDeclined",
        "pm_card_visa_chargeDeclined",
        "pm_card_visa_chargeDeclinedInsufficientFunds",
        "pm_card_chargeDeclinedExpiredCard",
    ],
)
def test_cards_that_always_decline_cannot_be_saved(local: Local, alias: str) -> None:
    with pytest.raises(stripe.CardError):
        local.saved_card(alias)


def test_the_customer_fail_card_can_be_saved_and_then_declines(local: Local) -> None:
    customer, card = local.saved_card("pm_card_chargeCustomerFail")
    with pytest.raises(stripe.CardError) as caught:
        local.charge(card, customer=customer, off_session=True)
    assert caught.value.code == "card_declined"


def test_a_customer_may_be_made_with_a_card(local: Local) -> None:
    customer = local.customer(payment_method="pm_card_visa")
    (card,) = local.api.payment_methods.list({"customer": customer.id}).data
    settings = {"default_payment_method": card.id}
    local.api.customers.update(customer.id, {"invoice_settings": settings})
    found = local.api.customers.retrieve(customer.id, {"expand": ["invoice_settings.default_payment_method"]})
    default = found.invoice_settings.default_payment_method if found.invoice_settings else None
    assert isinstance(default, stripe.PaymentMethod)
    assert default.id == card.id


def test_a_customer_may_be_made_with_its_default_card(inside: Inside) -> None:
    facts = {"payment_method": "pm_card_visa", "invoice_settings[default_payment_method]": "pm_card_visa"}
    customer = inside.post("/v1/customers", facts)
    (card,) = inside.get(f"/v1/customers/{customer['id']}/payment_methods")["data"]
    assert customer["invoice_settings"]["default_payment_method"] == card["id"]
    assert inside.told("customer.created") == [customer]


def test_no_customer_is_made_with_a_card_that_cannot_be_saved(inside: Inside) -> None:
    (taken, _) = inside.saved()
    for alias, status in (("pm_card_chargeDeclined", 402), (taken, 400), ("pm_none", 400)):
        assert inside.call("POST", "/v1/customers", {"payment_method": alias}).status == status
    assert len(inside.get("/v1/customers")["data"]) == len(inside.told("customer.created")) == 1


def test_only_a_card_of_its_own_is_a_customers_default(inside: Inside) -> None:
    card, customer = inside.saved()
    other = inside.post("/v1/customers")["id"]
    for ident, name in ((other, card), (customer, "pm_none"), (customer, "pm_card_visa")):
        error = inside.error(f"/v1/customers/{ident}", {"invoice_settings[default_payment_method]": name})
        assert (error["code"], error["param"]) == ("resource_missing", "invoice_settings[default_payment_method]")


def test_a_default_card_that_is_detached_is_the_default_no_more(inside: Inside) -> None:
    card, customer = inside.saved()
    inside.post(f"/v1/customers/{customer}", {"invoice_settings[default_payment_method]": card})
    inside.post(f"/v1/payment_methods/{card}/detach")
    assert inside.get(f"/v1/customers/{customer}")["invoice_settings"]["default_payment_method"] is None
    assert [told["invoice_settings"]["default_payment_method"] for told in inside.told("customer.updated")] == [
        card,
        None,
    ]


def test_a_test_alias_may_be_fetched_as_a_card_of_its_own(inside: Inside) -> None:
    card = inside.get("/v1/payment_methods/pm_card_amex")
    assert (card["card"]["last4"], card["customer"]) == ("0005", None)
    assert inside.get(f"/v1/payment_methods/{card['id']}") == card
