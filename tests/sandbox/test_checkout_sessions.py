"""Checkout Sessions as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Local, Receiver

ITEM = (
    "&line_items[0][price_data][currency]=eur&line_items[0][price_data][unit_amount]=11900"
    "&line_items[0][price_data][product_data][name]=Foliant"
)
PAYMENT = f"mode=payment&success_url=http://x{ITEM}"


def test_a_fresh_session_is_open_and_has_no_intent(local: Local) -> None:
    session = local.payment_session(client_reference_id="order-7", metadata={"a": "1"})
    assert (session.status, session.payment_status) == ("open", "unpaid")
    assert (session.payment_intent, session.setup_intent) == (None, None)
    assert (session.amount_total, session.currency) == (11900, "eur")
    assert session.url == f"{local.url}/c/pay/{session.id}"
    assert session.expires_at - session.created == 24 * 3600
    assert session.client_reference_id == "order-7"
    assert session.ui_mode == "hosted_page"
    assert local.api.payment_intents.list().data == []


def test_a_fresh_setup_session_has_no_intent_either(local: Local) -> None:
    session = local.setup_session()
    assert (session.mode, session.payment_status) == ("setup", "no_payment_required")
    assert (session.setup_intent, session.amount_total) == (None, None)
    assert session.url == f"{local.url}/c/setup/{session.id}"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ("mode=payment&success_url=http://x", "line_items"),
        (f"mode=payment{ITEM}", "success_url"),
        ("mode=setup&success_url=http://x", "currency"),
        (f"mode=setup&currency=eur&success_url=http://x{ITEM}", "line_items"),
        ("mode=subscription&success_url=http://x", "mode"),
        (f"{PAYMENT}&ui_mode=hosted", "ui_mode"),
        (f"{PAYMENT}&setup_intent_data[description]=x", "setup_intent_data"),
        (f"{PAYMENT}&customer=cus_none", "customer"),
        (f"{PAYMENT}&customer=cus_1&customer_email=a@b.c", "customer"),
        (f"{PAYMENT}&client_reference_id={'x' * 201}", "client_reference_id"),
        (f"{PAYMENT}&currency=usd", "line_items"),
        (f"{PAYMENT}&line_items[0][price]=price_1", "line_items[0][price]"),
        (f"{PAYMENT}&line_items[2][quantity]=1", "line_items"),
        (f"{PAYMENT}&payment_intent_data[capture_method]=later", "payment_intent_data[capture_method]"),
        (f"{PAYMENT}&allowed_payment_method_types[0]=klarna", "allowed_payment_method_types[0]"),
        (f"{PAYMENT}&expires_at=1", "expires_at"),
    ],
)
def test_a_wrong_session_is_refused(local: Local, body: str, param: str) -> None:
    answer = local.call("POST", "/v1/checkout/sessions", body)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param


def test_a_session_below_the_least_amount_is_refused(local: Local) -> None:
    answer = local.call("POST", "/v1/checkout/sessions", PAYMENT.replace("=11900", "=10"))
    assert answer.json()["error"]["code"] == "amount_too_small"


@pytest.mark.parametrize(("minutes", "status"), [(25, 400), (30, 200), (1440, 200), (1450, 400)])
def test_a_session_lives_30_minutes_to_24_hours(local: Local, minutes: int, status: int) -> None:
    local.advance(3 * 86400)
    until = local.now() + minutes * 60
    answer = local.call("POST", "/v1/checkout/sessions", f"{PAYMENT}&expires_at={until}")
    assert answer.status_code == status


def test_a_session_shows_what_it_sells(local: Local) -> None:
    price = {"currency": "eur", "unit_amount": 500, "product_data": {"name": "Bonus"}}
    items = [{"price_data": price, "quantity": 3} for _ in range(3)]
    session = local.payment_session(line_items=items, expand=["line_items"])
    assert session.amount_total == 4500
    assert session.line_items
    assert [item.amount_total for item in session.line_items.data] == [1500] * 3
    everything = [item.id for item in session.line_items.data]
    listed = local.api.checkout.sessions.line_items
    first = listed.list(session.id, {"limit": 2})
    rest = listed.list(session.id, {"limit": 2, "starting_after": everything[1]})
    before = listed.list(session.id, {"ending_before": everything[1]})
    assert ([item.id for item in first.data], first.has_more) == (everything[:2], True)
    assert ([item.id for item in rest.data], rest.has_more) == (everything[2:], False)
    assert [item.id for item in before.data] == everything[:1]


def test_a_session_is_expired_by_its_shop(local: Local, hooks: Receiver) -> None:
    session = local.payment_session()
    gone = local.api.checkout.sessions.expire(session.id)
    assert (gone.status, gone.url) == ("expired", None)
    assert hooks.first("checkout.session.expired")["data"]["object"]["id"] == session.id
    again = local.call("POST", f"/v1/checkout/sessions/{session.id}/expire")
    assert again.status_code == 400
    assert "status of expired" in again.json()["error"]["message"]


def test_a_session_expires_by_the_clock(local: Local, hooks: Receiver) -> None:
    until = local.now() + 45 * 60
    session = local.payment_session(expires_at=until)
    local.advance(44 * 60)
    assert local.api.checkout.sessions.retrieve(session.id).status == "open"
    local.advance(2 * 60)
    assert local.api.checkout.sessions.retrieve(session.id).status == "expired"
    assert hooks.first("checkout.session.expired")["created"] == until


def test_an_expired_session_ends_the_intent_that_its_page_began(local: Local) -> None:
    for session, kind in ((local.payment_session(), "payment_intent"), (local.setup_session(), "setup_intent")):
        local.type_card(session, "4000002760003184")
        begun: Any = local.api.checkout.sessions.retrieve(session.id, {"expand": [kind]})
        assert begun[kind].status == "requires_action"
        ended: Any = local.api.checkout.sessions.expire(session.id, {"expand": [kind]})
        assert ended[kind].status == "canceled"


def test_a_sessions_intent_is_cancelled_only_while_it_holds_money(local: Local) -> None:
    session = local.payment_session()
    local.type_card(session, "4000000000000002")
    intent = str(local.api.checkout.sessions.retrieve(session.id).payment_intent)
    answer = local.call("POST", f"/v1/payment_intents/{intent}/cancel")
    assert "Expire the Session" in answer.json()["error"]["message"]
    confirm = local.call("POST", f"/v1/payment_intents/{intent}/confirm", "payment_method=pm_card_visa")
    assert confirm.status_code == 400
    local.type_card(session)
    assert local.api.payment_intents.cancel(intent).status == "canceled"


def test_a_setup_sessions_intent_is_not_cancelled_by_hand(local: Local) -> None:
    session = local.setup_session()
    local.type_card(session, "4000000000000002")
    intent = local.api.checkout.sessions.retrieve(session.id).setup_intent
    for verb in ("cancel", "confirm"):
        answer = local.call(
            "POST",
            f"/v1/setup_intents/{intent}/{verb}",
            "payment_method=pm_card_visa" if verb == "confirm" else "",
        )
        assert answer.json()["error"]["code"] == "setup_intent_unexpected_state"


def test_sessions_are_listed_by_customer_status_and_intent(local: Local) -> None:
    done, open_one = local.payment_session(), local.setup_session()
    local.type_card(done)
    intent = str(local.api.checkout.sessions.retrieve(done.id).payment_intent)
    sessions = local.api.checkout.sessions
    complete = sessions.list({"status": "complete"}).data
    by_intent = sessions.list({"payment_intent": intent}).data
    by_email = sessions.list({"customer_details": {"email": "buyer@example.com"}}).data
    by_customer = sessions.list({"customer": str(open_one.customer)}).data
    assert [found.id for found in complete] == [found.id for found in by_intent] == [done.id]
    assert [found.id for found in by_customer] == [open_one.id]
    assert {found.id for found in by_email} == {done.id, open_one.id}
