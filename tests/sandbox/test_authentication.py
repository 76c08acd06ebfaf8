"""3-D Secure: who is asked, where, and what an absent buyer's card does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from tests.sandbox.inside import PAID

if TYPE_CHECKING:
    from tests.sandbox.conftest import Local, Receiver
    from tests.sandbox.inside import Inside

FORM = "application/x-www-form-urlencoded"
BACK = "http://127.0.0.1:9/back?order=7"


def away(local: Local, alias: str) -> Any:
    """Charge a card that was attached, while its holder is away; give the error's code."""
    customer, card = local.saved_card(alias)
    return off_session(local, customer, card)


def off_session(local: Local, customer: str, card: str) -> Any:
    """Charge a saved card while its holder is away; give the status or the error's code."""
    try:
        return local.charge(card, customer=customer, off_session=True).status
    except stripe.CardError as error:
        reason = getattr(error.error, "decline_code", None)
        return reason or error.code


def saved_by_page(local: Local, number: str) -> tuple[str, str]:
    """Save a card on the hosted page, authenticated; give customer and card."""
    session = local.setup_session()
    answer = local.type_card(session, number)
    local.answer_challenge(answer.headers["Location"])
    intent: Any = local.api.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent"]}).setup_intent
    return str(session.customer), intent.payment_method


def test_a_present_buyer_is_sent_to_the_challenge(local: Local, hooks: Receiver) -> None:
    intent = local.charge("pm_card_authenticationRequired", return_url=BACK)
    assert intent.status == "requires_action"
    action: Any = intent.next_action
    assert action.type == "redirect_to_url"
    assert action.redirect_to_url.return_url == BACK
    hooks.first("payment_intent.requires_action")
    answer = local.answer_challenge(action.redirect_to_url.url)
    assert answer.headers["Location"].startswith(f"{BACK}&payment_intent={intent.id}&")
    assert answer.headers["Location"].endswith("redirect_status=succeeded")
    assert local.api.payment_intents.retrieve(intent.id).status == "succeeded"


def test_a_failed_challenge_leaves_the_intent_without_a_card(local: Local, hooks: Receiver) -> None:
    intent = local.hold("pm_card_authenticationRequired", return_url=BACK)
    action: Any = intent.next_action
    answer = local.answer_challenge(action.redirect_to_url.url, "fail")
    assert answer.headers["Location"].endswith("redirect_status=failed")
    after = local.api.payment_intents.retrieve(intent.id)
    assert (after.status, after.next_action) == ("requires_payment_method", None)
    assert after.last_payment_error
    assert after.last_payment_error.code == "payment_intent_authentication_failure"
    hooks.first("payment_intent.payment_failed")


def test_without_a_return_address_the_sdk_is_told(local: Local) -> None:
    intent = local.charge("pm_card_authenticationRequired")
    action: Any = intent.next_action
    assert action.type == "use_stripe_sdk"
    assert "/c/3ds/" in action.use_stripe_sdk.stripe_js


def test_a_challenge_may_be_refused_by_the_caller(local: Local) -> None:
    with pytest.raises(stripe.CardError) as caught:
        local.charge("pm_card_authenticationRequired", error_on_requires_action=True)
    assert caught.value.code == "authentication_required"


def test_a_challenge_can_be_asked_for(local: Local) -> None:
    options = {"card": {"request_three_d_secure": "any"}}
    intent = local.charge(payment_method_options=options, return_url=BACK)
    assert intent.status == "requires_action"


def test_a_challenged_intent_can_be_cancelled(local: Local) -> None:
    intent = local.charge("pm_card_authenticationRequired", return_url=BACK)
    assert local.api.payment_intents.cancel(intent.id).status == "canceled"
    action: Any = intent.next_action
    assert local.answer_challenge(action.redirect_to_url.url).status_code == 409


def test_cards_of_an_absent_buyer(local: Local) -> None:
    assert away(local, "pm_card_authenticationRequired") == "authentication_required"
    assert away(local, "pm_card_authenticationRequiredOnSetup") == "authentication_required"
    assert away(local, "pm_card_authenticationRequiredSetupForOffSession") == "succeeded"


def test_the_error_of_an_absent_buyer_carries_the_intent(local: Local) -> None:
    customer, card = local.saved_card("pm_card_authenticationRequired")
    with pytest.raises(stripe.CardError) as caught:
        local.charge(card, customer=customer, off_session=True)
    error: Any = caught.value.error
    assert error.code == "authentication_required"
    intent = error.payment_intent
    assert intent.status == "requires_payment_method"
    back = local.api.payment_intents.confirm(intent.id, {"payment_method": card, "return_url": BACK})
    assert back.status == "requires_action"


@pytest.mark.parametrize(
    ("number", "later"),
    [
        ("4000002500003155", "succeeded"),
        ("4000002760003184", "authentication_required"),
        ("4000003800000446", "succeeded"),
        ("4000008260003178", "insufficient_funds"),
    ],
)
def test_a_card_saved_with_authentication(local: Local, number: str, later: str) -> None:
    customer, card = saved_by_page(local, number)
    assert off_session(local, customer, card) == later


def test_insufficient_funds_show_after_the_challenge(local: Local) -> None:
    alias = "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds"
    intent = local.charge(alias, return_url=BACK)
    assert intent.status == "requires_action"
    action: Any = intent.next_action
    local.answer_challenge(action.redirect_to_url.url)
    error: Any = local.api.payment_intents.retrieve(intent.id).last_payment_error
    assert (error.code, error.decline_code) == ("card_declined", "insufficient_funds")


@pytest.mark.parametrize(("usage", "status"), [("off_session", 200), ("on_session", 402)])
def test_a_card_pays_unattended_if_it_was_set_up_for_that(inside: Inside, usage: str, status: int) -> None:
    customer = inside.post("/v1/customers")["id"]
    wanted = {"payment_method": "pm_card_authenticationRequiredOnSetup", "customer": customer, "usage": usage}
    intent = inside.post("/v1/setup_intents", {**wanted, "confirm": "true", "allowed_payment_method_types[]": "card"})
    inside.call("POST", f"/c/3ds/{intent['id']}", {"answer": "authenticate"}, Content_Type=FORM)
    card = inside.get(f"/v1/setup_intents/{intent['id']}")["payment_method"]
    away = {**PAID, "payment_method": card, "customer": customer, "off_session": "true"}
    assert inside.call("POST", "/v1/payment_intents", away).status == status
