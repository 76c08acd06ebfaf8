"""SetupIntents: saving a card without charging it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

if TYPE_CHECKING:
    from tests.sandbox.conftest import Local, Receiver
    from tests.sandbox.inside import Inside

CARDS_ONLY: Any = {"allowed_payment_method_types": ["card"]}


def test_a_card_is_saved_with_its_customer(local: Local, hooks: Receiver) -> None:
    customer = local.customer().id
    intent = local.api.setup_intents.create(
        {
            **CARDS_ONLY,
            "customer": customer,
            "payment_method": "pm_card_visa",
            "confirm": True,
            "usage": "off_session",
            "metadata": {"order": "7"},
            "expand": ["payment_method"],
        }
    )
    card: Any = intent.payment_method
    assert (intent.status, card.customer) == ("succeeded", customer)
    assert local.charge(card.id, customer=customer, off_session=True).status == "succeeded"
    hooks.first("setup_intent.created")
    saved = hooks.first("setup_intent.succeeded")["data"]["object"]
    assert saved["metadata"] == {"order": "7"}


def test_a_setup_intent_may_be_confirmed_later(local: Local) -> None:
    intent = local.api.setup_intents.create({**CARDS_ONLY, "description": "later"})
    assert intent.status == "requires_payment_method"
    done = local.api.setup_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert done.status == "succeeded"
    assert local.api.setup_intents.retrieve(intent.id).status == "succeeded"
    again = local.call("POST", f"/v1/setup_intents/{intent.id}/confirm")
    assert again.json()["error"]["code"] == "setup_intent_unexpected_state"


def test_a_setup_intent_without_a_card_cannot_be_confirmed(local: Local) -> None:
    intent = local.api.setup_intents.create(CARDS_ONLY)
    answer = local.call("POST", f"/v1/setup_intents/{intent.id}/confirm")
    assert answer.json()["error"]["code"] == "parameter_missing"


def test_a_card_that_cannot_be_saved_is_declined(local: Local, hooks: Receiver) -> None:
    params: Any = {**CARDS_ONLY, "payment_method": "pm_card_chargeDeclined", "confirm": True}
    with pytest.raises(stripe.CardError) as caught:
        local.api.setup_intents.create(params)
    error: Any = caught.value.error
    assert (error.code, error.setup_intent.status) == ("card_declined", "requires_payment_method")
    assert error.setup_intent.last_setup_error.decline_code == "generic_decline"
    hooks.first("setup_intent.setup_failed")


def test_saving_a_card_may_need_authentication(local: Local, hooks: Receiver) -> None:
    params: Any = {
        **CARDS_ONLY,
        "payment_method": "pm_card_authenticationRequiredOnSetup",
        "confirm": True,
        "return_url": "http://127.0.0.1:9/back",
    }
    intent = local.api.setup_intents.create(params)
    action: Any = intent.next_action
    assert intent.status == "requires_action"
    hooks.first("setup_intent.requires_action")
    local.answer_challenge(action.redirect_to_url.url, "fail")
    failed = local.api.setup_intents.retrieve(intent.id)
    assert failed.status == "requires_payment_method"
    assert failed.last_setup_error
    assert failed.last_setup_error.code == "setup_intent_authentication_failure"


def test_a_setup_intent_is_cancelled(local: Local, hooks: Receiver) -> None:
    intent = local.api.setup_intents.create(CARDS_ONLY)
    done = local.api.setup_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    assert (done.status, done.cancellation_reason) == ("canceled", "abandoned")
    hooks.first("setup_intent.canceled")
    again = local.call("POST", f"/v1/setup_intents/{intent.id}/cancel")
    assert again.json()["error"]["code"] == "setup_intent_unexpected_state"


def test_setup_intents_are_listed_by_customer_and_card(local: Local) -> None:
    customer = local.customer().id
    mine = local.api.setup_intents.create(
        {**CARDS_ONLY, "customer": customer, "payment_method": "pm_card_visa", "confirm": True}
    )
    local.api.setup_intents.create(CARDS_ONLY)
    by_customer = local.api.setup_intents.list({"customer": customer}).data
    by_card = local.api.setup_intents.list({"payment_method": str(mine.payment_method)}).data
    assert [found.id for found in by_customer] == [found.id for found in by_card] == [mine.id]


def test_a_return_address_needs_confirm(local: Local) -> None:
    answer = local.call("POST", "/v1/setup_intents", "return_url=http://x")
    assert answer.json()["error"]["param"] == "return_url"


def test_confirming_needs_a_way_back_where_methods_may_redirect(inside: Inside) -> None:
    plain = {"payment_method": "pm_card_visa", "confirm": "true"}
    assert inside.error("/v1/setup_intents", plain)["param"] == "return_url"
    never = {"automatic_payment_methods[enabled]": "true", "automatic_payment_methods[allow_redirects]": "never"}
    for facts in ({"return_url": "http://shop.example/"}, never, {"allowed_payment_method_types[]": "card"}):
        assert inside.post("/v1/setup_intents", {**plain, **facts})["status"] == "succeeded"
