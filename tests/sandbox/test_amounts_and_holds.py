"""What an amount may be in each currency, and how long a hold lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from storefront.rules import money
from storefront.sandbox import currencies
from storefront.sandbox.cards import BY_ALIAS, BY_NUMBER
from tests.sandbox.inside import DAY, PAID

if TYPE_CHECKING:
    from tests.sandbox.conftest import Local
    from tests.sandbox.inside import Inside

INTENTS = "/v1/payment_intents"
EXTENDED = {"payment_method_options[card][request_extended_authorization]": "if_available"}


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        (49, "eur", "amount_too_small"),
        (29, "gbp", "amount_too_small"),
        (49, "jpy", "amount_too_small"),
        (1499, "czk", "amount_too_small"),
        (100_000_000, "eur", "amount_too_large"),
        (1_000_000_000_000, "idr", "amount_too_large"),
        (1235, "kwd", "invalid_charge_amount"),
        (1235, "bhd", "invalid_charge_amount"),
        (100_050, "isk", "invalid_charge_amount"),
        (100_001, "ugx", "invalid_charge_amount"),
    ],
)
def test_an_amount_that_no_network_carries_is_refused(inside: Inside, amount: int, currency: str, code: str) -> None:
    refused = inside.error(INTENTS, {"amount": str(amount), "currency": currency})
    assert (refused["code"], refused["param"]) == (code, "amount")


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        (50, "eur"),
        (30, "gbp"),
        (50, "jpy"),
        (99_999_999, "eur"),
        (1230, "kwd"),
        (100_000, "isk"),
        (999_999_999_999, "idr"),
    ],
)
def test_an_amount_at_the_limit_is_carried(inside: Inside, amount: int, currency: str) -> None:
    assert inside.paid(amount=str(amount), currency=currency)["amount_received"] == amount


def test_the_shop_prices_what_cards_are_charged_in() -> None:
    assert {name.upper() for name in currencies.CURRENCIES} == money.CURRENCIES
    for name in money.CURRENCIES:
        assert currencies.decimals(name.lower()) == money.decimals(name)
        currencies.check_amount(money.least(name), name.lower())
        currencies.check_amount(money.most(name) // money.step(name) * money.step(name), name.lower())


@pytest.mark.parametrize("currency", ["zzz", "EUR", "eu", "euro", "n y"])
def test_a_currency_that_no_card_is_charged_in_is_refused(inside: Inside, currency: str) -> None:
    assert inside.error(INTENTS, {"amount": "1000", "currency": currency})["param"] == "currency"


def test_a_part_that_is_captured_or_refunded_has_the_digits_of_its_currency(inside: Inside) -> None:
    hold = inside.held(amount="1230", currency="kwd")
    refused = inside.error(f"{INTENTS}/{hold['id']}/capture", {"amount_to_capture": "1225"})
    assert refused["param"] == "amount_to_capture"
    inside.post(f"{INTENTS}/{hold['id']}/capture")
    refused = inside.error("/v1/refunds", {"payment_intent": hold["id"], "amount": "1225"})
    assert refused["code"] == "invalid_charge_amount"


@pytest.mark.parametrize(
    ("alias", "status", "seconds"),
    [
        ("pm_card_visa", "enabled", 29 * DAY + 18 * 3600),
        ("pm_card_mastercard", "enabled", 30 * DAY),
        ("pm_card_amex", "disabled", 7 * DAY),
    ],
)
def test_a_hold_may_be_extended(inside: Inside, alias: str, status: str, seconds: int) -> None:
    hold = inside.held(alias, **EXTENDED)
    card = inside.charge(hold)["payment_method_details"]["card"]
    assert card["extended_authorization"] == {"status": status}
    assert card["capture_before"] == hold["created"] + seconds
    inside.pass_time(seconds - 1)
    assert inside.get(f"{INTENTS}/{hold['id']}")["status"] == "requires_capture"
    inside.pass_time(1)
    gone = inside.get(f"{INTENTS}/{hold['id']}")
    assert (gone["status"], gone["cancellation_reason"]) == ("canceled", "automatic")
    assert [inside.told(kind)[0]["id"] for kind in ("charge.expired", "payment_intent.canceled")] == [
        hold["latest_charge"],
        hold["id"],
    ]


def test_a_bank_gives_a_hold_up_before_its_time(inside: Inside) -> None:
    hold = inside.held("pm_card_visa")
    gone = inside.control("holds/lapse", payment_intent=hold["id"])
    assert (gone["status"], gone["cancellation_reason"]) == ("canceled", "automatic")
    assert inside.told("charge.expired")[0]["id"] == hold["latest_charge"]
    assert "no hold" in inside.refusal("holds/lapse", payment_intent=hold["id"])


def test_visa_extends_no_hold_while_its_holder_is_away(inside: Inside) -> None:
    customer = inside.post("/v1/customers")["id"]
    saved = inside.post("/v1/payment_methods/pm_card_visa/attach", {"customer": customer})["id"]
    hold = inside.held(saved, customer=customer, off_session="true", **EXTENDED)
    card = inside.charge(hold)["payment_method_details"]["card"]
    assert card["capture_before"] == hold["created"] + 4 * DAY + 18 * 3600


def test_checkout_may_extend_a_hold(local: Local) -> None:
    session = local.payment_session(payment_method_options={"card": {"request_extended_authorization": "if_available"}})
    local.type_card(session)
    done = local.api.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    card = done.payment_intent.latest_charge.payment_method_details.card
    assert (card.extended_authorization.status, card.capture_before - session.created >= 29 * DAY) == ("enabled", True)


def test_every_test_card_of_the_documentation_is_there() -> None:
    numbers = {
        "4242424242424242 5555555555554444 378282246310005 4000000000000002 4000000000009995 4000000000009987",
        "4000000000009979 4000000000006975 4000000000000069 4000000000000127 4000000000000119 4000000000000341",
        "4000002760003184 4000002500003155 4000003800000446 4000008260003178 4000000000007726 4000000000005126",
        "4000000000000259 4000000000002685 4000000000001976",
    }
    assert set(" ".join(numbers).split()) <= set(BY_NUMBER)
    aliases = (
        "createDispute createDisputeProductNotReceived createDisputeInquiry pendingRefund refundFail bypassPending"
    )
    assert {f"pm_card_{name}" for name in aliases.split()} <= set(BY_ALIAS)


def test_a_card_pays_until_its_month_is_over(inside: Inside) -> None:
    customer = inside.post("/v1/customers")["id"]
    saved = inside.post("/v1/payment_methods/pm_card_visa/attach", {"customer": customer})
    facts = {**PAID, "payment_method": saved["id"], "customer": customer, "off_session": "true"}
    inside.pass_time(5 * 366 * DAY)
    assert inside.error(INTENTS, facts)["code"] == "expired_card"
    renewed = inside.control("cards/renew", payment_method=saved["id"])["card"]
    assert renewed["exp_year"] > saved["card"]["exp_year"]
    assert inside.post(INTENTS, facts)["status"] == "succeeded"
    (told,) = inside.told("payment_method.automatically_updated")
    assert (told["id"], told["card"]) == (saved["id"], renewed)


def test_a_renewed_card_may_be_of_another_brand(inside: Inside) -> None:
    customer = inside.post("/v1/customers")["id"]
    saved = inside.post("/v1/payment_methods/pm_card_visa/attach", {"customer": customer})["id"]
    card = inside.control("cards/renew", payment_method=saved, number="5555 5555 5555 4444", exp_month=3)["card"]
    assert (card["brand"], card["last4"], card["exp_month"]) == ("mastercard", "4444", 3)
    assert "test cards" in inside.refusal("cards/renew", payment_method=saved, number="1")
    assert "exp_month" in inside.refusal("cards/renew", payment_method=saved, exp_month=13)


def test_a_saved_cards_facts_may_be_corrected(local: Local) -> None:
    _, saved = local.saved_card()
    facts = {"exp_month": 2, "exp_year": 2044}
    changed = local.api.payment_methods.update(
        saved, {"card": facts, "billing_details": {"name": "Ada"}, "metadata": {"a": "1"}}
    )
    assert (changed.card.exp_month, changed.card.exp_year, changed.billing_details.name) == (2, 2044, "Ada")
    told = local.receiver.first("payment_method.updated")["data"]
    assert set(told["previous_attributes"]) == {"billing_details", "card", "metadata"}
    loose = local.charge().payment_method
    assert local.call("POST", f"/v1/payment_methods/{loose}", "metadata[a]=1").status_code == 400


def test_a_setup_intent_may_be_changed_until_it_is_decided(local: Local) -> None:
    intent = local.api.setup_intents.create(
        {"customer": local.customer().id, "automatic_payment_methods": {"enabled": True}}
    )
    changed = local.api.setup_intents.update(intent.id, {"description": "Foliant", "metadata": {"order": "7"}})
    assert (changed.description, changed.metadata.to_dict()) == ("Foliant", {"order": "7"})
    local.api.setup_intents.cancel(intent.id)
    answer = local.call("POST", f"/v1/setup_intents/{intent.id}", "payment_method=pm_card_visa")
    assert answer.json()["error"]["code"] == "setup_intent_unexpected_state"


def test_rows_and_charges_are_listed_by_what_they_are(inside: Inside) -> None:
    group = inside.paid(transfer_group="order_7")
    inside.paid("pm_card_createDispute", currency="usd")
    inside.pass_time()
    by_group = inside.get("/v1/charges?transfer_group=order_7")["data"]
    assert [charge["id"] for charge in by_group] == [group["latest_charge"]]
    kinds = {row["currency"] for row in inside.get("/v1/balance_transactions?type=adjustment")["data"]}
    assert kinds == {"usd"}
    assert len(inside.get("/v1/balance_transactions?currency=eur")["data"]) == 1
