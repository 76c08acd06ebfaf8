"""PaymentIntents: their states, captures, cancels, and what the bank says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

if TYPE_CHECKING:
    from tests.sandbox.conftest import Local, Receiver
    from tests.sandbox.inside import Inside


def declined(local: Local, alias: str, **facts: Any) -> Any:
    """Charge a card that declines and give the error."""
    with pytest.raises(stripe.CardError) as caught:
        local.charge(alias, **facts)
    assert caught.value.http_status == 402
    return caught.value.error


def test_a_charge_at_once_succeeds(local: Local, hooks: Receiver) -> None:
    intent = local.charge(metadata={"order": "7"}, expand=["latest_charge.balance_transaction"])
    assert (intent.status, intent.amount_received, intent.amount_capturable) == (
        "succeeded",
        11900,
        0,
    )
    charge: Any = intent.latest_charge
    assert (charge.status, charge.captured, charge.amount_captured) == ("succeeded", True, 11900)
    assert charge.metadata.to_dict() == {"order": "7"}
    assert charge.balance_transaction.net + charge.balance_transaction.fee == 11900
    assert not hasattr(charge.payment_method_details.card, "capture_before")
    kinds = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]
    assert all(hooks.first(kind) for kind in kinds)


def test_an_intent_may_be_made_first_and_confirmed_later(local: Local) -> None:
    intent = local.api.payment_intents.create(
        {"amount": 1000, "currency": "eur", "allowed_payment_method_types": ["card"]}
    )
    assert intent.status == "requires_payment_method"
    assert intent.client_secret
    assert intent.client_secret.startswith(f"{intent.id}_secret_")
    changed = local.api.payment_intents.update(
        intent.id, {"amount": 2000, "payment_method": "pm_card_visa", "metadata": {"a": "1"}}
    )
    assert (changed.status, changed.amount) == ("requires_confirmation", 2000)
    confirmed = local.api.payment_intents.confirm(intent.id)
    assert (confirmed.status, confirmed.amount_received) == ("succeeded", 2000)


def test_an_intent_without_a_card_cannot_be_confirmed(local: Local) -> None:
    intent = local.api.payment_intents.create({"amount": 1000, "currency": "eur"})
    answer = local.call("POST", f"/v1/payment_intents/{intent.id}/confirm")
    assert answer.json()["error"]["code"] == "parameter_missing"


def test_a_server_side_confirm_says_where_to_return_unless_only_cards_come(local: Local) -> None:
    body = "amount=1000&currency=eur&payment_method=pm_card_visa&confirm=true"
    refused = local.call("POST", "/v1/payment_intents", body)
    assert refused.json()["error"]["param"] == "return_url"
    for more in (
        "&return_url=http://127.0.0.1/x",
        "&allowed_payment_method_types[0]=card",
        "&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never",
    ):
        answer = local.call("POST", "/v1/payment_intents", body + more)
        assert answer.json()["status"] == "succeeded"


def test_off_session_and_setup_future_usage_exclude_each_other(local: Local) -> None:
    body = "amount=1000&currency=eur&confirm=true&off_session=true&setup_future_usage=off_session"
    answer = local.call("POST", "/v1/payment_intents", body)
    assert answer.json()["error"]["param"] == "setup_future_usage"


@pytest.mark.parametrize(
    ("alias", "code", "reason", "advice"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline", "try_again_later"),
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline", "try_again_later"),
        (
            "pm_card_visa_chargeDeclinedInsufficientFunds",
            "card_declined",
            "insufficient_funds",
            "try_again_later",
        ),
        (
            "pm_card_visa_chargeDeclinedLostCard",
            "card_declined",
            "lost_card",
            "do_not_try_again",
        ),
        (
            "pm_card_visa_chargeDeclinedStolenCard",
            "card_declined",
            "stolen_card",
            "do_not_try_again",
        ),
        (
            "pm_card_visa_chargeDeclinedVelocityLimitExceeded",
            "card_declined",
            "card_velocity_exceeded",
            "try_again_later",
        ),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None, "confirm_card_data"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None, "confirm_card_data"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", None, "try_again_later"),
    ],
)
def test_a_card_declines_as_stripe_says_it_does(
    local: Local, alias: str, code: str, reason: str | None, advice: str
) -> None:
    error = declined(local, alias)
    assert (error.code, getattr(error, "decline_code", None)) == (code, reason)
    assert error.advice_code == advice
    assert error.message
    intent = error.payment_intent
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert intent.last_payment_error.payment_method.id.startswith("pm_")
    charge = local.api.charges.retrieve(intent.latest_charge)
    assert (charge.status, charge.failure_code, charge.paid) == ("failed", code, False)


def test_a_declined_intent_can_be_confirmed_with_another_card(local: Local, hooks: Receiver) -> None:
    intent = declined(local, "pm_card_chargeDeclined").payment_intent
    again = local.api.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert (again.status, again.last_payment_error) == ("succeeded", None)
    hooks.first("payment_intent.payment_failed")
    hooks.first("charge.failed")


def test_a_declined_card_at_creation_leaves_an_intent_behind(local: Local) -> None:
    declined(local, "pm_card_chargeDeclined")
    (left,) = local.api.payment_intents.list().data
    assert left.status == "requires_payment_method"


@pytest.mark.parametrize("brand", ["visa", "mastercard", "amex"])
def test_a_hold_lives_seven_days(local: Local, brand: str, hooks: Receiver) -> None:
    intent = local.hold(f"pm_card_{brand}", expand=["latest_charge"])
    charge: Any = intent.latest_charge
    assert (intent.status, intent.amount_capturable) == ("requires_capture", 11900)
    assert (charge.captured, charge.amount_captured, charge.balance_transaction) == (False, 0, None)
    card = charge.payment_method_details.card
    assert (card.brand, card.capture_before - charge.created) == (brand, 7 * 24 * 3600)
    hooks.first("payment_intent.amount_capturable_updated")


@pytest.mark.parametrize(
    ("alias", "life"),
    [("pm_card_visa", 4 * 86400 + 18 * 3600), ("pm_card_mastercard", 7 * 86400)],
)
def test_a_hold_placed_while_the_buyer_is_away(local: Local, alias: str, life: int) -> None:
    customer, card = local.saved_card(alias)
    intent = local.hold(card, customer=customer, off_session=True, expand=["latest_charge"])
    charge: Any = intent.latest_charge
    assert charge.payment_method_details.card.capture_before - charge.created == life


def test_a_hold_by_the_cards_own_option(local: Local) -> None:
    intent = local.charge(payment_method_options={"card": {"capture_method": "manual"}})
    assert intent.status == "requires_capture"


def test_a_hold_is_captured(local: Local, hooks: Receiver) -> None:
    intent = local.api.payment_intents.capture(
        local.hold().id, {"metadata": {"attempt": "1"}, "expand": ["latest_charge"]}
    )
    assert (intent.status, intent.amount_received, intent.amount_capturable) == (
        "succeeded",
        11900,
        0,
    )
    assert intent.metadata.to_dict() == {"attempt": "1"}
    charge: Any = intent.latest_charge
    assert (charge.captured, charge.amount_captured) == (True, 11900)
    hooks.first("charge.captured")
    hooks.first("payment_intent.succeeded")


def test_a_part_capture_releases_the_rest(local: Local) -> None:
    hold = local.hold()
    intent = local.api.payment_intents.capture(hold.id, {"amount_to_capture": 9900})
    assert (intent.amount, intent.amount_received, intent.amount_capturable) == (11900, 9900, 0)
    again = local.call("POST", f"/v1/payment_intents/{hold.id}/capture", "amount_to_capture=2000")
    assert again.json()["error"]["code"] == "payment_intent_unexpected_state"


def test_no_more_than_the_hold_is_captured(local: Local) -> None:
    hold = local.hold()
    path = f"/v1/payment_intents/{hold.id}/capture"
    answer = local.call("POST", path, "amount_to_capture=11901")
    assert answer.json()["error"]["code"] == "amount_too_large"
    assert local.call("POST", path, "final_capture=false").status_code == 400
    assert local.api.payment_intents.retrieve(hold.id).status == "requires_capture"


def test_only_a_hold_can_be_captured(local: Local) -> None:
    for intent in (local.charge(), local.api.payment_intents.cancel(local.hold().id)):
        answer = local.call("POST", f"/v1/payment_intents/{intent.id}/capture")
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (400, "payment_intent_unexpected_state")
        assert error["payment_intent"]["status"] == intent.status


def test_a_cancelled_hold_is_released(local: Local, hooks: Receiver) -> None:
    hold = local.hold()
    intent = local.api.payment_intents.cancel(
        hold.id,
        {"cancellation_reason": "requested_by_customer", "expand": ["latest_charge"]},
    )
    assert (intent.status, intent.cancellation_reason) == ("canceled", "requested_by_customer")
    assert (intent.amount_capturable, intent.amount_received) == (0, 0)
    assert intent.canceled_at
    charge: Any = intent.latest_charge
    assert (charge.captured, charge.refunded) == (False, True)
    hooks.first("payment_intent.canceled")
    again = local.call("POST", f"/v1/payment_intents/{hold.id}/cancel")
    assert again.json()["error"]["code"] == "payment_intent_unexpected_state"


def test_a_paid_intent_cannot_be_cancelled(local: Local) -> None:
    answer = local.call("POST", f"/v1/payment_intents/{local.charge().id}/cancel")
    assert answer.status_code == 400


def test_an_unconfirmed_intent_can_be_cancelled(local: Local) -> None:
    intent = local.api.payment_intents.create({"amount": 1000, "currency": "eur"})
    assert local.api.payment_intents.cancel(intent.id).status == "canceled"


def test_words_of_a_hold_can_change_and_its_amount_cannot(local: Local) -> None:
    hold = local.hold()
    changed = local.api.payment_intents.update(hold.id, {"metadata": {"a": "1"}, "description": "new"})
    assert (changed.description, changed.status) == ("new", "requires_capture")
    answer = local.call("POST", f"/v1/payment_intents/{hold.id}", "amount=5000")
    assert answer.json()["error"]["code"] == "payment_intent_unexpected_state"


def test_an_expired_hold_is_cancelled_by_itself(local: Local, hooks: Receiver) -> None:
    hold = local.hold(expand=["latest_charge"])
    charge: Any = hold.latest_charge
    before = charge.payment_method_details.card.capture_before
    local.advance(7 * 86400 - 60)
    assert local.api.payment_intents.retrieve(hold.id).status == "requires_capture"
    local.advance(3600)
    intent = local.api.payment_intents.retrieve(hold.id)
    assert (intent.status, intent.cancellation_reason) == ("canceled", "automatic")
    assert intent.canceled_at == before
    assert hooks.first("charge.expired")["created"] == before
    assert hooks.first("payment_intent.canceled")["request"]["id"] is None
    answer = local.call("POST", f"/v1/payment_intents/{hold.id}/capture")
    assert answer.json()["error"]["code"] == "payment_intent_unexpected_state"


def test_a_captured_hold_does_not_expire(local: Local) -> None:
    hold = local.hold()
    local.api.payment_intents.capture(hold.id)
    local.advance(8 * 86400)
    assert local.api.payment_intents.retrieve(hold.id).status == "succeeded"


def test_a_card_used_once_without_a_customer_is_spent(local: Local) -> None:
    intent = local.charge()
    body = f"amount=1000&currency=eur&payment_method={intent.payment_method}"
    answer = local.call("POST", "/v1/payment_intents", body)
    assert answer.json()["error"]["code"] == "payment_method_unexpected_state"


@pytest.mark.parametrize("kind", ["payment_intents", "setup_intents"])
@pytest.mark.parametrize("ending", ["POST /v1/payment_methods/{card}/detach", "DELETE /v1/customers/{customer}"])
def test_a_card_that_was_taken_away_cannot_be_confirmed(inside: Inside, kind: str, ending: str) -> None:
    card, customer = inside.saved()
    named = {"customer": customer, "payment_method": card, "allowed_payment_method_types[]": "card"}
    amount = {"amount": "1000", "currency": "eur"} if kind == "payment_intents" else {}
    path = f"/v1/{kind}/" + inside.post(f"/v1/{kind}", {**named, **amount})["id"]
    method, _, ended = ending.format(card=card, customer=customer).partition(" ")
    inside.call(method, ended)
    assert inside.error(f"{path}/confirm")["code"] in ("payment_method_unexpected_state", "resource_missing")
    assert inside.get(path)["status"] == "requires_confirmation"


@pytest.mark.parametrize("kind", ["payment_intents", "setup_intents"])
def test_an_intent_goes_to_another_customer_without_the_first_ones_card_only(inside: Inside, kind: str) -> None:
    card, customer = inside.saved()
    named = {"customer": customer, "payment_method": card, "allowed_payment_method_types[]": "card"}
    amount = {"amount": "1000", "currency": "eur"} if kind == "payment_intents" else {}
    path = f"/v1/{kind}/" + inside.post(f"/v1/{kind}", {**named, **amount})["id"]
    other_card, other = inside.saved()
    assert inside.error(path, {"customer": other})["code"] == "payment_method_unexpected_state"
    assert inside.error(path, {"customer": "cus_none"})["code"] == "resource_missing"
    changed = inside.post(path, {"customer": other, "payment_method": other_card})
    assert (changed["customer"], changed["payment_method"]) == (other, other_card)


def test_one_card_without_a_customer_pays_once(inside: Inside) -> None:
    plain = {"amount": "1000", "currency": "eur", "allowed_payment_method_types[]": "card"}
    first = inside.post("/v1/payment_intents", {**plain, "payment_method": "pm_card_visa"})
    second = inside.post("/v1/payment_intents", {**plain, "payment_method": first["payment_method"]})
    assert inside.post(f"/v1/payment_intents/{first['id']}/confirm")["status"] == "succeeded"
    spent = inside.error(f"/v1/payment_intents/{second['id']}/confirm")
    assert spent["code"] == "payment_method_unexpected_state"


def test_another_card_ends_a_challenge(inside: Inside) -> None:
    asked = inside.paid("pm_card_authenticationRequired")
    changed = inside.post(f"/v1/payment_intents/{asked['id']}", {"payment_method": "pm_card_visa"})
    assert (changed["status"], changed["next_action"]) == ("requires_confirmation", None)
    assert inside.call("GET", f"/c/3ds/{asked['id']}").status == 409


def test_setup_future_usage_saves_the_card_with_the_customer(local: Local) -> None:
    customer = local.customer().id
    intent = local.hold(customer=customer, setup_future_usage="off_session")
    assert local.api.payment_methods.retrieve(str(intent.payment_method)).customer == customer


def test_a_card_is_not_set_up_while_its_holder_is_away(inside: Inside) -> None:
    card, customer = inside.saved()
    plain = {"amount": "1000", "currency": "eur", "allowed_payment_method_types[]": "card", "customer": customer}
    intent = inside.post("/v1/payment_intents", {**plain, "setup_future_usage": "off_session"})["id"]
    away = {"payment_method": card, "off_session": "true"}
    assert inside.error(f"/v1/payment_intents/{intent}/confirm", away)["param"] == "off_session"
    assert inside.get(f"/v1/payment_intents/{intent}")["payment_method"] is None
    there = {**away, "off_session": "false"}
    assert inside.post(f"/v1/payment_intents/{intent}/confirm", there)["status"] == "succeeded"


def test_a_card_may_be_kept_out_of_what_an_intent_saves(inside: Inside) -> None:
    customer = inside.post("/v1/customers")["id"]
    saving = {"customer": customer, "setup_future_usage": "off_session"}
    spared = inside.paid(**saving, **{"payment_method_options[card][setup_future_usage]": "none"})
    assert inside.get(f"/v1/payment_methods/{spared['payment_method']}")["customer"] is None
    kept = inside.paid(**saving)
    assert inside.get(f"/v1/payment_methods/{kept['payment_method']}")["customer"] == customer


def test_amounts_without_and_with_three_decimals_are_plain_integers(local: Local) -> None:
    assert local.charge(amount=1200, currency="jpy").amount_received == 1200
    assert local.charge(amount=12340, currency="kwd").amount_received == 12340
