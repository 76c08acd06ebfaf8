"""Fault switches of the API: what fails, what was done all the same, and what is kept under the key."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
import stripe

from storefront.sandbox import AnswerLostError
from tests.sandbox.conftest import KEY
from tests.sandbox.inside import PAID

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.conftest import Local
    from tests.sandbox.inside import Inside

INTENTS = "/v1/payment_intents"


def pay(inside: Inside, key: str = "k") -> Any:
    """Pay under a key."""
    return inside.call("POST", INTENTS, PAID, Idempotency_Key=key)


def payments(inside: Inside) -> int:
    """Give how many payments there are."""
    return len(inside.get(INTENTS)["data"])


def error(reply: Any) -> tuple[int, str | None]:
    """Give status and code of a refusal."""
    return reply.status, json.loads(reply.body)["error"].get("code")


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("error_409", 409, "idempotency_key_in_use"),
        ("error_429", 429, "rate_limit"),
        ("lock_timeout", 429, "lock_timeout"),
    ],
)
def test_a_call_that_is_turned_away_is_not_kept(inside: Inside, kind: str, status: int, code: str) -> None:
    inside.fault(kind, f"POST {INTENTS}")
    assert error(pay(inside)) == (status, code)
    assert payments(inside) == 0
    again = pay(inside)
    assert (again.status, "Idempotent-Replayed" in again.headers) == (200, False)


def test_a_429_says_of_what_there_was_too_much(inside: Inside) -> None:
    inside.fault("error_429", reason="endpoint-concurrency")
    assert pay(inside).headers["Stripe-Rate-Limited-Reason"] == "endpoint-concurrency"
    assert "reason" in inside.refusal("faults", kind="error_429", reason="mood")


def test_a_500_is_kept_and_nothing_was_done(inside: Inside) -> None:
    inside.fault("error_500")
    first, again = pay(inside), pay(inside)
    assert (first.status, again.status, first.body == again.body) == (500, 500, True)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert payments(inside) == 0


def test_a_500_may_hide_that_the_call_was_done(inside: Inside) -> None:
    inside.fault("error_500_after_commit")
    assert [pay(inside).status for _ in range(2)] == [500, 500]
    assert payments(inside) == 1
    assert len(inside.told("payment_intent.succeeded")) == 1


def test_an_answer_lost_before_the_call_was_done(inside: Inside) -> None:
    inside.fault("timeout_before")
    with pytest.raises(AnswerLostError):
        pay(inside)
    assert payments(inside) == 0
    assert pay(inside).status == 200


def test_an_answer_lost_after_the_call_was_done(inside: Inside) -> None:
    inside.fault("timeout_after_commit")
    with pytest.raises(AnswerLostError):
        pay(inside)
    assert payments(inside) == 1
    assert pay(inside).headers["Idempotent-Replayed"] == "true"


def test_a_slow_answer_is_waited_for(inside: Inside) -> None:
    inside.fault("slow", seconds=9)
    assert pay(inside).status == 200
    assert inside.slept == [9]


def test_a_switch_hits_by_chance_and_always_the_same_calls(inside: Inside) -> None:
    def hits(seed: int) -> list[bool]:
        inside.fault("error_429", chance=0.3, seed=seed, count=-1)
        statuses = [inside.call("GET", "/v1/customers").status for _ in range(200)]
        inside.sandbox.call("DELETE", "/_sandbox/faults", {})
        return [status == 429 for status in statuses]

    first = hits(1)
    assert 40 <= sum(first) <= 80
    assert hits(1) == first
    assert hits(2) != first


def test_switches_are_listed_and_turned_off(inside: Inside) -> None:
    inside.fault("error_500", "GET *", count=3)
    listed = json.loads(inside.sandbox.call("GET", "/_sandbox/faults", {}).body)
    assert [(switch["kind"], switch["pattern"], switch["count"]) for switch in listed] == [("error_500", "GET *", 3)]
    inside.sandbox.call("DELETE", "/_sandbox/faults", {})
    assert inside.call("GET", "/v1/customers").status == 200


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "slow", "seconds": 61},
        {"kind": "slow", "seconds": -1},
        {"kind": "slow", "chance": 1.5},
        {"kind": "slow", "seed": "x"},
        {"kind": "slow", "reason": 1},
        {"kind": "refund_pending", "reason": "mood"},
        {"kind": "webhook_delay", "seconds": 31 * 86400},
    ],
)
def test_a_switch_that_makes_no_sense_is_refused(inside: Inside, body: dict[str, Any]) -> None:
    assert "has to be" in inside.refusal("faults", **body)


def test_each_endpoint_takes_so_many_calls_a_second(make: Callable[..., Inside]) -> None:
    inside = make(rate=25)
    statuses = [inside.call("GET", "/v1/customers").status for _ in range(30)]
    assert statuses == [200] * 25 + [429] * 5
    turned_away = inside.call("GET", "/v1/customers")
    assert turned_away.headers["Stripe-Rate-Limited-Reason"] == "endpoint-rate"
    assert inside.call("GET", "/v1/charges").status == 200
    inside.seconds += 1
    assert inside.call("GET", "/v1/customers").status == 200


def test_two_payments_share_the_limit_of_their_endpoint(inside: Inside) -> None:
    first, second = inside.held()["id"], inside.held()["id"]
    inside.control("limits", per_second=1)
    assert inside.call("POST", f"{INTENTS}/{first}/capture").status == 200
    assert error(inside.call("POST", f"{INTENTS}/{second}/capture")) == (429, "rate_limit")
    inside.control("limits", per_second=0)
    assert inside.call("POST", f"{INTENTS}/{second}/capture").status == 200
    assert "per_second" in inside.refusal("limits", per_second=-1)


def test_the_official_client_reads_each_fault(local: Local) -> None:
    def fault(kind: str, **facts: Any) -> Any:
        local.control("faults", kind=kind, **facts)
        with pytest.raises(stripe.StripeError) as caught:
            stripe.StripeClient(KEY, base_addresses={"api": local.url}).v1.customers.list()
        return caught.value

    limited = fault("error_429")
    assert isinstance(limited, stripe.RateLimitError)
    assert limited.error
    assert limited.error.code == "rate_limit"
    assert isinstance(fault("error_500"), stripe.APIError)
    assert fault("error_409").http_status == 409
    assert isinstance(fault("timeout_before", hang=0.1), stripe.APIConnectionError)


def test_a_slow_answer_takes_its_time_over_http(local: Local) -> None:
    local.control("faults", kind="slow", seconds=1)
    begun = time.monotonic()
    assert local.call("GET", "/v1/customers").status_code == 200
    assert time.monotonic() - begun >= 1


def test_a_connection_is_dropped_before_anything_was_done(local: Local) -> None:
    local.control("faults", kind="timeout_before", match="POST /v1/customers")
    with pytest.raises(requests.ConnectionError):
        local.call("POST", "/v1/customers", "email=a@b.c")
    assert local.api.customers.list().data == []
