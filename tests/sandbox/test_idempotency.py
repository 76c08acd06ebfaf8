"""Idempotency keys: one call, one effect, one answer, for 24 simulated hours."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import stripe

if TYPE_CHECKING:
    from tests.sandbox.conftest import Local

DECLINED = {
    "amount": "1000",
    "currency": "eur",
    "payment_method": "pm_card_chargeDeclined",
    "confirm": "true",
    "allowed_payment_method_types[]": "card",
}


def test_the_same_call_again_gives_the_same_answer_and_no_second_effect(local: Local) -> None:
    params: Any = {"amount": 1000, "currency": "eur"}
    first = local.api.payment_intents.create(params, {"idempotency_key": "hold:1:1"})
    again = local.api.payment_intents.create(params, {"idempotency_key": "hold:1:1"})
    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(local.api.payment_intents.list().data) == 1


def test_another_call_under_the_same_key_is_refused(local: Local) -> None:
    local.call("POST", "/v1/customers", "email=a@b.c", Idempotency_Key="k")
    other = local.call("POST", "/v1/customers", "email=x@y.z", Idempotency_Key="k")
    assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")
    elsewhere = local.call("POST", "/v1/setup_intents", "", Idempotency_Key="k")
    assert elsewhere.json()["error"]["type"] == "idempotency_error"


def test_the_client_raises_its_idempotency_error(local: Local) -> None:
    plain = stripe.StripeClient("sk_test_x", base_addresses={"api": local.url})
    plain.v1.customers.create({"email": "a@b.c"}, {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError):
        plain.v1.customers.create({"email": "b@b.c"}, {"idempotency_key": "k"})


def test_the_order_of_the_parameters_does_not_matter(local: Local) -> None:
    first = local.call("POST", "/v1/customers", "email=a@b.c&name=A", Idempotency_Key="k")
    again = local.call("POST", "/v1/customers", "name=A&email=a@b.c", Idempotency_Key="k")
    assert again.json()["id"] == first.json()["id"]


def test_a_decline_is_replayed(local: Local) -> None:
    first = local.call("POST", "/v1/payment_intents", DECLINED, Idempotency_Key="k")
    again = local.call("POST", "/v1/payment_intents", DECLINED, Idempotency_Key="k")
    assert (first.status_code, again.status_code) == (402, 402)
    assert again.text == first.text
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Original-Request"] == first.headers["Request-Id"]


def test_a_wrong_request_is_not_kept(local: Local) -> None:
    wrong = local.call("POST", "/v1/customers", "colour=red", Idempotency_Key="k")
    right = local.call("POST", "/v1/customers", "email=a@b.c", Idempotency_Key="k")
    assert (wrong.status_code, right.status_code) == (400, 200)


def test_a_refusal_by_state_is_kept(local: Local) -> None:
    intent = local.api.payment_intents.create({"amount": 1000, "currency": "eur"})
    path = f"/v1/payment_intents/{intent.id}/capture"
    first = local.call("POST", path, Idempotency_Key="k")
    again = local.call("POST", path, Idempotency_Key="k")
    assert (first.status_code, again.text) == (400, first.text)
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_500_is_replayed_and_nothing_was_done(local: Local) -> None:
    local.control("faults", kind="error_500", match="POST /v1/customers")
    first = local.call("POST", "/v1/customers", "email=a@b.c", Idempotency_Key="k")
    again = local.call("POST", "/v1/customers", "email=a@b.c", Idempotency_Key="k")
    assert (first.status_code, again.status_code) == (500, 500)
    assert first.json()["error"]["type"] == "api_error"
    assert again.headers["Idempotent-Replayed"] == "true"
    assert local.api.customers.list().data == []


def test_a_key_is_fresh_again_after_24_simulated_hours(local: Local) -> None:
    first = local.call("POST", "/v1/customers", "email=a@b.c", Idempotency_Key="k")
    local.advance(24 * 60 * 60 - 60)
    again = local.call("POST", "/v1/customers", "email=a@b.c", Idempotency_Key="k")
    local.advance(120)
    later = local.call("POST", "/v1/customers", "email=a@b.c", Idempotency_Key="k")
    assert again.json()["id"] == first.json()["id"]
    assert later.json()["id"] != first.json()["id"]


def test_a_key_has_no_effect_on_reading(local: Local) -> None:
    customer = local.customer().id
    first = local.call("GET", f"/v1/customers/{customer}", Idempotency_Key="k")
    again = local.call("GET", "/v1/customers", Idempotency_Key="k")
    assert (first.status_code, again.status_code) == (200, 200)


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_has_1_to_255_characters(local: Local, key: str) -> None:
    answer = local.call("POST", "/v1/customers", "email=a@b.c", Idempotency_Key=key)
    assert answer.status_code == 400


def test_sixteen_at_once_under_one_key_have_one_effect(local: Local) -> None:
    def create(_: int) -> int:
        answer = local.call("POST", "/v1/customers", "email=a@b.c", Idempotency_Key="k")
        return answer.status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = set(pool.map(create, range(32)))
    assert statuses <= {200, 409}
    assert len(local.api.customers.list().data) == 1
