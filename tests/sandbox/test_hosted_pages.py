"""The hosted pages, driven as a browser without JavaScript would."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from tests.sandbox.conftest import Local, Receiver


def get(url: str | None) -> requests.Response:
    """Open a page."""
    return requests.get(str(url), timeout=15, allow_redirects=False)


def test_the_payment_page_says_what_is_sold_and_for_how_much(local: Local) -> None:
    session = local.payment_session(custom_text={"submit": {"message": "Charged on 12 May."}})
    page = get(session.url)
    assert page.status_code == 200
    for words in (
        "Foliant",
        "119.00\u00a0EUR",
        "Charged on 12 May.",
        "Sandbox: no money moves.",
        "4242 4242 4242 4242",
        "buyer@example.com",
        'name="cardnumber"',
        'name="exp"',
        'name="cvc"',
        'id="pay"',
        'id="cancel"',
        f"{local.shop}/back",
    ):
        assert words in page.text
    assert "<script" not in page.text


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [(120000, "eur", "1 200.00 EUR"), (1200, "jpy", "1 200 JPY"), (12340, "kwd", "12.340 KWD")],
)
def test_amounts_are_written_in_their_currency(local: Local, amount: int, currency: str, words: str) -> None:
    price = {"currency": currency, "unit_amount": amount, "product_data": {"name": "Foliant"}}
    session = local.payment_session(line_items=[{"price_data": price, "quantity": 1}])
    assert words in get(session.url).text.replace("\u202f", " ").replace("\u00a0", " ")


def test_a_hold_is_placed_and_the_buyer_goes_back(local: Local, hooks: Receiver) -> None:
    session = local.payment_session()
    answer = local.type_card(session)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{local.shop}/thanks?session={session.id}"
    done = local.api.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    intent: Any = done.payment_intent
    assert (done.status, done.payment_status, done.url) == ("complete", "unpaid", None)
    assert (intent.status, intent.amount_capturable) == ("requires_capture", 11900)
    assert intent.metadata.to_dict() == {"order": "7"}
    assert [event["id"] for event in hooks.of("checkout.session.completed")]
    local.api.payment_intents.capture(intent.id)
    assert local.api.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_a_payment_at_once_is_paid(local: Local) -> None:
    session = local.payment_session(payment_intent_data={"description": "Foliant"})
    local.type_card(session)
    done = local.api.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    intent: Any = done.payment_intent
    assert (done.payment_status, intent.status) == ("paid", "succeeded")
    assert (done.customer, done.customer_creation) == (None, "if_required")


def test_a_payment_may_save_the_card_with_a_new_customer(local: Local) -> None:
    session = local.payment_session(
        customer_creation="always",
        payment_intent_data={"setup_future_usage": "off_session", "capture_method": "manual"},
    )
    local.type_card(session)
    done = local.api.checkout.sessions.retrieve(session.id, {"expand": ["customer", "payment_intent.payment_method"]})
    customer: Any = done.customer
    intent: Any = done.payment_intent
    assert customer.email == "buyer@example.com"
    assert (intent.customer, intent.payment_method.customer) == (customer.id, customer.id)


def test_a_card_is_saved_by_the_setup_page(local: Local, hooks: Receiver) -> None:
    session = local.setup_session()
    assert "Nothing is charged now." in get(session.url).text
    answer = local.type_card(session, "5555 5555 5555 4444")
    assert answer.headers["Location"].endswith(session.id)
    done = local.api.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent.payment_method"]})
    intent: Any = done.setup_intent
    assert (done.status, intent.status) == ("complete", "succeeded")
    assert intent.metadata.to_dict() == {"order": "7"}
    assert intent.payment_method.customer == session.customer
    assert intent.payment_method.card.exp_year == 2049
    hooks.first("setup_intent.succeeded")
    hooks.first("checkout.session.completed")


@pytest.mark.parametrize("kind", ["payment", "setup"])
def test_a_decline_is_shown_and_can_be_corrected(local: Local, hooks: Receiver, kind: str) -> None:
    session = local.payment_session() if kind == "payment" else local.setup_session()
    refused = local.type_card(session, "4000000000009995")
    assert refused.status_code == 402
    assert "insufficient funds" in refused.text
    assert 'value="4000000000009995"' in refused.text
    intent = getattr(local.api.checkout.sessions.retrieve(session.id), f"{kind}_intent")
    assert local.type_card(session).status_code == 303
    done = local.api.checkout.sessions.retrieve(session.id)
    assert (done.status, getattr(done, f"{kind}_intent")) == ("complete", intent)
    hooks.first("payment_intent.payment_failed" if kind == "payment" else "setup_intent.setup_failed")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"number": "1234"}, "only the test cards"),
        ({"number": "4111111111111111"}, "only the test cards"),
        ({"exp": "13 / 40"}, "month and year"),
        ({"exp": "soon"}, "month and year"),
        ({"exp": "01 / 20"}, "in the past"),
        ({"cvc": "1"}, "three digits"),
    ],
)
def test_what_was_typed_wrongly_is_said(local: Local, typed: dict[str, str], words: str) -> None:
    session = local.payment_session()
    answer = local.type_card(session, **typed)
    assert answer.status_code == 402
    assert words in answer.text
    assert local.api.checkout.sessions.retrieve(session.id).payment_intent is None


def test_an_unknown_buyer_is_asked_for_an_address(local: Local) -> None:
    session = local.payment_session(customer_email=None)
    assert 'name="email"' in get(session.url).text
    assert "not complete" in local.type_card(session, email="nobody").text
    local.type_card(session, email="new@example.com")
    details = local.api.checkout.sessions.retrieve(session.id).customer_details
    assert details
    assert details.email == "new@example.com"


@pytest.mark.parametrize("kind", ["payment", "setup"])
def test_a_challenge_is_passed_on_the_way_back(local: Local, kind: str) -> None:
    session = local.payment_session() if kind == "payment" else local.setup_session()
    step = local.type_card(session, "4000002500003155").headers["Location"]
    page = get(local.url + step)
    assert 'id="authenticate"' in page.text
    assert 'id="fail"' in page.text
    assert local.answer_challenge(step).headers["Location"].endswith(session.id)
    assert local.api.checkout.sessions.retrieve(session.id).status == "complete"
    assert get(local.url + step).status_code == 409


@pytest.mark.parametrize("kind", ["payment", "setup"])
def test_a_failed_challenge_leads_back_to_the_form(local: Local, kind: str) -> None:
    session = local.payment_session() if kind == "payment" else local.setup_session()
    step = local.type_card(session, "4000002500003155").headers["Location"]
    back = local.answer_challenge(step, "fail").headers["Location"]
    assert "could not authenticate" in get(local.url + back).text
    assert "could not authenticate" not in get(local.url + back).text
    assert local.type_card(session).status_code == 303


def test_a_closed_session_says_so(local: Local) -> None:
    done, gone = local.payment_session(), local.payment_session()
    local.type_card(done)
    local.api.checkout.sessions.expire(gone.id)
    complete, expired = get(done.url), get(gone.url)
    assert "is complete" in complete.text
    assert f"{local.shop}/thanks?session={done.id}" in complete.text
    assert (expired.status_code, "has expired" in expired.text) == (410, True)
    assert "is complete" in local.type_card(done).text
    assert len(local.api.payment_intents.list().data) == 1


@pytest.mark.parametrize("path", ["/c/pay/cs_test_none", "/c/3ds/pi_none", "/elsewhere"])
def test_an_unknown_page_is_not_found(local: Local, path: str) -> None:
    assert get(local.url + path).status_code == 404


def test_the_front_page_leads_to_the_letters(local: Local) -> None:
    assert 'href="/mail/"' in get(local.url).text


def test_what_a_merchant_writes_is_shown_as_text(local: Local) -> None:
    session = local.payment_session(custom_text={"submit": {"message": "<b>now</b>"}})
    assert "&lt;b&gt;now&lt;/b&gt;" in get(session.url).text


def test_the_shop_hears_of_it_before_the_buyer_is_back(local: Local, hooks: Receiver) -> None:
    local.type_card(local.payment_session())
    assert hooks.of("checkout.session.completed")


def test_the_buyer_waits_for_a_slow_shop(local: Local, hooks: Receiver) -> None:
    hooks.slowness = 0.7
    begun = time.monotonic()
    local.type_card(local.payment_session())
    assert time.monotonic() - begun >= 0.7
    assert hooks.of("checkout.session.completed")


def test_the_buyer_does_not_wait_for_a_shop_that_fails(local: Local, hooks: Receiver) -> None:
    usual = _seconds_to_pay(local)
    hooks.answers += [500] * 10
    assert _seconds_to_pay(local) < usual + 10, "one wait would take as long"
    local.control("faults", kind="webhook_dropped", count=-1)
    assert _seconds_to_pay(local) < usual + 10


def _seconds_to_pay(local: Local) -> float:
    begun = time.monotonic()
    assert local.type_card(local.payment_session()).status_code == 303
    return time.monotonic() - begun


def test_a_page_whose_customer_was_deleted_says_so(local: Local) -> None:
    for session in (local.setup_session(), local.payment_session(customer=local.customer().id, customer_email=None)):
        local.api.customers.delete(str(session.customer))
        answer = local.type_card(session)
        assert (answer.status_code, "No such customer" in answer.text) == (409, True)
        assert local.api.checkout.sessions.retrieve(session.id).status == "open"
