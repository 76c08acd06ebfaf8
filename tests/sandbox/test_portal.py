"""The billing portal: a link for a customer, good for five minutes, to save another card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from tests.sandbox.conftest import Local

MASTERCARD = "5555555555554444"


def opened(local: Local, **flow: Any) -> Any:
    """Open the portal for a customer who has a card."""
    customer, _ = local.saved_card()
    facts = {"flow_data": {"type": "payment_method_update", **flow}} if flow else {}
    return local.api.billing_portal.sessions.create({"customer": customer, "return_url": f"{local.shop}/me", **facts})


def get(session: Any) -> requests.Response:
    """Open its page."""
    return requests.get(session.url, timeout=15, allow_redirects=False)


def preferred(local: Local, session: Any) -> Any:
    """Give the card that the customer prefers now."""
    expand = ["invoice_settings.default_payment_method"]
    return local.api.customers.retrieve(session.customer, {"expand": expand}).invoice_settings.default_payment_method


def test_the_page_shows_the_saved_card(local: Local) -> None:
    session = opened(local)
    assert local.receiver.first("billing_portal.session.created")["data"]["object"]["id"] == session.id
    page = get(session)
    for words in ("Visa ending in 4242", 'id="save"', f"{local.shop}/me", "Sandbox: no money moves."):
        assert words in page.text
    assert "<script" not in page.text


def test_another_card_is_saved_and_preferred(local: Local) -> None:
    session = opened(local)
    page = local.type_card(session, MASTERCARD, exp="11 / 48")
    assert (page.status_code, "The new card is saved" in page.text) == (200, True)
    card = preferred(local, session).card
    assert (card.brand, card.exp_month, card.exp_year) == ("mastercard", 11, 2048)
    for kind in ("setup_intent.succeeded", "payment_method.attached", "customer.updated"):
        local.receiver.first(kind)


def test_a_flow_may_send_the_customer_back_at_once(local: Local) -> None:
    there = f"{local.shop}/saved"
    session = opened(local, after_completion={"type": "redirect", "redirect": {"return_url": there}})
    assert session.flow.after_completion.redirect.return_url == there
    answer = local.type_card(session, MASTERCARD)
    assert (answer.status_code, answer.headers["Location"]) == (303, there)


def test_a_flow_may_say_what_is_said_at_the_end(local: Local) -> None:
    ending = {"type": "hosted_confirmation", "hosted_confirmation": {"custom_message": "Danke, das war’s."}}
    assert "Danke, das war’s." in local.type_card(opened(local, after_completion=ending)).text


def test_a_declined_card_is_not_saved(local: Local) -> None:
    session = opened(local)
    page = local.type_card(session, "4000000000000002")
    assert (page.status_code, "Your card was declined." in page.text) == (402, True)
    assert preferred(local, session) is None
    wrong = local.type_card(session, MASTERCARD, exp="12 / 20")
    assert "expiry date is in the past" in wrong.text


@pytest.mark.parametrize(("answer", "words"), [("authenticate", "is saved"), ("fail", "could not authenticate")])
def test_a_bank_may_want_its_customer_to_authenticate(local: Local, answer: str, words: str) -> None:
    session = opened(local)
    challenge = local.type_card(session, "4000002500003155").headers["Location"]
    back = local.answer_challenge(challenge, answer).headers["Location"]
    assert words in requests.get(back, timeout=15).text
    assert (preferred(local, session) is not None) is (answer == "authenticate")


def test_the_link_works_for_five_minutes(local: Local) -> None:
    session = opened(local)
    local.advance(240)  # the rest of the last minute is room for a slow machine
    assert get(session).status_code == 200
    local.advance(60)
    assert get(session).status_code == 410
    assert local.type_card(session).status_code == 410
    assert requests.get(f"{local.url}/c/portal/bps_none", timeout=15).status_code == 404


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ("return_url=http://x", "customer"),
        ("customer=cus_none", "customer"),
        ("customer={id}&flow_data[type]=subscription_cancel", "flow_data[type]"),
        (
            "customer={id}&flow_data[type]=payment_method_update&flow_data[after_completion][type]=redirect",
            "flow_data[after_completion][redirect]",
        ),
    ],
)
def test_a_wrong_portal_is_refused(local: Local, body: str, param: str) -> None:
    answer = local.call("POST", "/v1/billing_portal/sessions", body.format(id=local.customer().id))
    assert answer.json()["error"]["param"] == param
