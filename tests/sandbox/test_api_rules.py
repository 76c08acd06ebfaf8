"""What every endpoint has in common: keys, versions, parameters, errors, headers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import requests
import stripe

if TYPE_CHECKING:
    from tests.sandbox.conftest import Local

INTENT = "amount=1000&currency=eur"


def error(answer: requests.Response) -> dict[str, str]:
    """Give the error of an answer."""
    found: dict[str, str] = answer.json()["error"]
    return found


def test_a_call_without_a_key_is_refused(local: Local) -> None:
    answer = local.call("GET", "/v1/customers", Authorization="")
    assert answer.status_code == 401
    assert "API key" in error(answer)["message"]


def test_a_live_key_is_refused_with_a_plain_sentence(local: Local) -> None:
    answer = local.call("GET", "/v1/customers", Authorization="Bearer sk_live_abc")
    assert answer.status_code == 401
    assert "test keys only" in error(answer)["message"]


@pytest.mark.parametrize("key", ["pk_test_abc", "whatever"])
def test_keys_that_are_not_secret_keys_are_refused(local: Local, key: str) -> None:
    assert local.call("GET", "/v1/customers", Authorization=f"Bearer {key}").status_code == 401


def test_the_key_may_come_as_a_basic_user_name(local: Local) -> None:
    answer = local.call("GET", "/v1/customers", Authorization="Basic c2tfdGVzdF9hOg==")
    assert answer.status_code == 200


def test_the_client_raises_its_authentication_error(local: Local) -> None:
    stranger = stripe.StripeClient("sk_live_x", base_addresses={"api": local.url})
    with pytest.raises(stripe.AuthenticationError):
        stranger.v1.customers.list()


def test_another_api_version_is_refused(local: Local) -> None:
    answer = local.call("GET", "/v1/customers", Stripe_Version="2024-06-20")
    assert answer.status_code == 400
    assert "2026-10-28.endive" in error(answer)["message"]


def test_answers_carry_request_id_version_and_key(local: Local) -> None:
    answer = local.call("POST", "/v1/customers", "email=a@b.c", Idempotency_Key="echo-1")
    assert answer.headers["Request-Id"].startswith("req_")
    assert answer.headers["Stripe-Version"] == "2026-10-28.endive"
    assert answer.headers["Idempotency-Key"] == "echo-1"
    assert "Idempotent-Replayed" not in answer.headers


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        (f"{INTENT}&colour=red", "parameter_unknown", "colour"),
        (
            f"{INTENT}&payment_method_options[card][typo]=1",
            "parameter_unknown",
            "payment_method_options[card][typo]",
        ),
        ("amount=1000", "parameter_missing", "currency"),
        ("amount=&currency=eur", "parameter_missing", "amount"),
        ("amount=ten&currency=eur", "parameter_invalid_integer", "amount"),
        ("amount=10.5&currency=eur", "parameter_invalid_integer", "amount"),
        ("amount=0&currency=eur", "parameter_invalid_integer", "amount"),
        ("amount=40&currency=eur", "amount_too_small", "amount"),
        ("amount=1000&currency=EUR", None, "currency"),
        (f"{INTENT}&capture_method=later", None, "capture_method"),
        (f"{INTENT}&confirm=1", None, "confirm"),
        (f"{INTENT}&metadata=x", None, "metadata"),
        (f"{INTENT}&metadata[{'k' * 41}]=x", None, "metadata"),
        (f"{INTENT}&metadata[k]={'x' * 501}", None, "metadata[k]"),
        (f"{INTENT}&customer=cus_none", "resource_missing", "customer"),
        (f"{INTENT}&description=", "parameter_invalid_empty", "description"),
        (f"{INTENT}&off_session=true", None, "off_session"),
        (f"{INTENT}&return_url=x&confirm=true", "url_invalid", "return_url"),
        (f"{INTENT}&expand=customer", None, "expand"),
        (f"{INTENT}&expand[1]=customer", None, "expand"),
        (f"{INTENT}&amount[x]=1", None, "amount[x]"),
        (
            f"{INTENT}&payment_method_types[]=card",
            "payment_method_types_no_longer_supported",
            "payment_method_types",
        ),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(local: Local, body: str, code: str | None, param: str) -> None:
    answer = local.call("POST", "/v1/payment_intents", body)
    assert answer.status_code == 400
    assert error(answer)["type"] == "invalid_request_error"
    assert error(answer).get("code") == code
    assert error(answer)["param"] == param
    assert local.api.payment_intents.list().data == []


@pytest.mark.parametrize("path", ["/v1/payment_intents", "/v1/setup_intents"])
def test_payment_method_types_are_gone_everywhere(local: Local, path: str) -> None:
    body = f"{INTENT}&payment_method_types[0]=card" if "payment_i" in path else ("payment_method_types[0]=card")
    assert error(local.call("POST", path, body))["code"] == ("payment_method_types_no_longer_supported")
    session = "mode=setup&success_url=http://x&payment_method_types[0]=card"
    answer = local.call("POST", "/v1/checkout/sessions", session)
    assert error(answer)["code"] == "payment_method_types_no_longer_supported"


def test_an_error_links_to_its_documentation(local: Local) -> None:
    answer = local.call("POST", "/v1/payment_intents", "amount=1")
    assert error(answer)["doc_url"].endswith("/parameter-missing")


def test_an_unknown_query_parameter_is_refused(local: Local) -> None:
    answer = local.call("GET", "/v1/payment_intents?status=succeeded")
    assert error(answer)["code"] == "parameter_unknown"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/customers/cus_none",
        "/v1/payment_methods/pm_none",
        "/v1/payment_intents/pi_none",
        "/v1/setup_intents/seti_none",
        "/v1/charges/ch_none",
        "/v1/refunds/re_none",
        "/v1/checkout/sessions/cs_test_none",
        "/v1/events/evt_none",
        "/v1/webhook_endpoints/we_none",
        "/v1/balance_transactions/txn_none",
    ],
)
def test_what_does_not_exist_is_not_found(local: Local, path: str) -> None:
    answer = local.call("GET", path)
    assert answer.status_code == 404
    assert error(answer)["code"] == "resource_missing"


def test_an_id_of_another_kind_is_not_found(local: Local) -> None:
    customer = local.customer().id
    assert local.call("GET", f"/v1/payment_intents/{customer}").status_code == 404


def test_an_unknown_address_is_not_found(local: Local) -> None:
    assert local.call("POST", "/v1/payment_intents/pi_1/void").status_code == 404


def test_metadata_adds_up_and_empty_values_go(local: Local) -> None:
    customer = local.customer(metadata={"a": "1", "b": "2"})
    local.api.customers.update(customer.id, {"metadata": {"b": "", "c": "3"}})
    assert local.api.customers.retrieve(customer.id).metadata.to_dict() == {"a": "1", "c": "3"}
    local.api.customers.update(customer.id, {"metadata": ""})
    assert local.api.customers.retrieve(customer.id).metadata.to_dict() == {}


def test_metadata_may_have_numbers_as_names(local: Local) -> None:
    answer = local.call("POST", "/v1/customers", "metadata[0]=a&metadata[7]=b")
    assert json.loads(answer.text)["metadata"] == {"0": "a", "7": "b"}


def test_lists_may_be_written_without_indexes(local: Local) -> None:
    customer, card = local.saved_card()
    answer = local.call("GET", f"/v1/payment_methods/{card}?expand[]=customer")
    assert answer.json()["customer"]["id"] == customer
