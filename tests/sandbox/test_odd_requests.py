"""Requests that no client sends by itself: each is refused with Stripe's kind of error, or read as Rack reads it."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from tests.sandbox.inside import AUTH

if TYPE_CHECKING:
    from tests.sandbox.conftest import Local
    from tests.sandbox.inside import Inside

INTENTS = "/v1/payment_intents"
SESSIONS = "/v1/checkout/sessions"
INTENT = "amount=1000&currency=eur"
HUGE = "9" * 5000


def refused(inside: Inside, method: str, target: str, body: bytes = b"", **headers: str) -> dict[str, Any]:
    """Send bytes, and give the error of their 400."""
    reply = inside.sandbox.call(method, target, {**AUTH, **headers}, body)
    assert reply.status == 400, reply.body
    error: dict[str, Any] = json.loads(reply.body)["error"]
    assert error["type"] == "invalid_request_error"
    return error


@pytest.mark.parametrize("number", [HUGE, "9" * 19, f"-{HUGE}", "1e3", "+1", "1_0", "٣"])
def test_what_is_no_64_bit_number_is_refused(inside: Inside, number: str) -> None:
    for name in ("created", "created[gte]", "limit"):
        error = refused(inside, "GET", f"{INTENTS}?{urlencode({name: number})}")
        assert (error["code"], error["param"]) == ("parameter_invalid_integer", name)
        assert len(error["message"]) < 100
    assert refused(inside, "POST", INTENTS, urlencode({"amount": number, "currency": "eur"}).encode())


@pytest.mark.parametrize("place", [HUGE, "²", "-1", "x"])
def test_a_list_has_plain_indexes(inside: Inside, place: str) -> None:
    query = urlencode({f"expand[{place}]": "data.customer"})
    assert refused(inside, "GET", f"{INTENTS}?{query}")["param"] == "expand"


@pytest.mark.parametrize(
    "body",
    [b"description=%FF&" + INTENT.encode(), b"description=\xff&" + INTENT.encode(), b"%ED%A0%80=1", b"metadata[%C3]=1"],
)
def test_a_body_that_is_not_utf8_is_refused(inside: Inside, body: bytes) -> None:
    assert "UTF-8" in refused(inside, "POST", INTENTS, body)["message"]


def test_a_query_that_is_not_utf8_is_refused(inside: Inside) -> None:
    assert "UTF-8" in refused(inside, "GET", "/v1/customers?email=\xe9")["message"]


@pytest.mark.parametrize("body", [b"a[b=1", b"[]=1", b"=1", b"metadata" + b"[a]" * 5000 + b"=1"])
def test_a_name_that_is_none_is_refused(inside: Inside, body: bytes) -> None:
    assert "Invalid parameter name" in refused(inside, "POST", INTENTS, body)["message"]


def test_a_refusal_does_not_repeat_all_that_was_sent(inside: Inside) -> None:
    error = refused(inside, "POST", INTENTS, b"x" * 100_000)
    assert (error["code"], len(error["param"])) == ("parameter_unknown", 500)
    assert len(error["message"]) <= 2000


def test_a_name_that_is_none_is_refused_under_a_key_in_use_as_well(inside: Inside) -> None:
    inside.post("/v1/customers", {"email": "ada@example.com"}, Idempotency_Key="k")
    reply = inside.call("POST", "/v1/customers", {"metadata" + "[a]" * 5000: "1"}, Idempotency_Key="k")
    assert (reply.status, json.loads(reply.body)["error"]["type"]) == (400, "idempotency_error")


@pytest.mark.parametrize(("names", "count"), [("line_items[]", 1), ("line_items[]", 3), ("line_items[{place}]", 2)])
def test_items_may_be_written_without_indexes(inside: Inside, names: str, count: int) -> None:
    fields = ("[price_data][currency]", "[price_data][unit_amount]", "[price_data][product_data][name]", "[quantity]")
    values = ("eur", "1000", "Foliant", "2")
    pairs = [
        (names.format(place=place) + field, value)
        for place in range(count)
        for field, value in zip(fields, values, strict=True)
    ]
    body = urlencode([("mode", "payment"), ("success_url", "http://shop.example/"), *pairs]).encode()
    session = json.loads(inside.sandbox.call("POST", SESSIONS, AUTH, body).body)
    assert session["amount_total"] == count * 2000


def test_an_address_has_a_host(inside: Inside) -> None:
    for url in ("http://", "https:///x", "ftp://shop.example", "http:shop.example"):
        error = inside.error(SESSIONS, {"mode": "setup", "currency": "eur", "success_url": url})
        assert (error["code"], error["param"]) == ("url_invalid", "success_url")


def test_metadata_grows_to_fifty_names_and_no_further(inside: Inside) -> None:
    path = "/v1/customers/" + inside.post("/v1/customers", {f"metadata[a{n}]": "x" for n in range(50)})["id"]
    assert inside.error(path, {"metadata[b]": "x"})["param"] == "metadata"
    exchanged = inside.post(path, {"metadata[a0]": "", "metadata[b]": "x"})["metadata"]
    assert (len(exchanged), exchanged["b"]) == (50, "x")


@pytest.mark.parametrize(
    ("path", "body", "other"),
    [
        (INTENTS, INTENT, "excluded_payment_method_types[]=klarna"),
        (INTENTS, INTENT, "automatic_payment_methods[enabled]=true"),
        ("/v1/setup_intents", "usage=off_session", "excluded_payment_method_types[]=klarna"),
        ("/v1/setup_intents", "usage=off_session", "automatic_payment_methods[enabled]=true"),
        (SESSIONS, "mode=setup&success_url=http://shop.example/", "excluded_payment_method_types[]=klarna"),
    ],
)
def test_allowed_types_stand_alone(inside: Inside, path: str, body: str, other: str) -> None:
    whole = f"{body}&allowed_payment_method_types[]=card&{other}"
    error = refused(inside, "POST", path, whole.encode())
    assert (error["code"], error["param"]) == ("parameters_exclusive", "allowed_payment_method_types")


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        (SESSIONS, "mode=setup&currency=eur&success_url=http://shop.example/&locale=tlh", "locale"),
        ("/v1/billing_portal/sessions", "customer=cus_x&locale=tlh", "locale"),
        (INTENTS, f"{INTENT}&excluded_payment_method_types[]=cowries", "excluded_payment_method_types[0]"),
    ],
)
def test_a_word_that_stripe_does_not_know_is_refused(inside: Inside, path: str, body: str, param: str) -> None:
    assert refused(inside, "POST", path, body.encode())["param"] == param


def test_events_are_asked_for_by_one_type_or_by_several(inside: Inside) -> None:
    assert refused(inside, "GET", "/v1/events?type=refund.failed&types[]=refund.failed")["param"] == "type"


@pytest.mark.parametrize(
    "header", ["Content-Length: abc", "Content-Length: -5", "Content-Length: 1e9", "Transfer-Encoding: chunked"]
)
def test_a_body_of_unknown_length_is_refused_and_its_connection_closed(local: Local, header: str) -> None:
    head = f"POST /v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: {AUTH['Authorization']}\r\n{header}\r\n\r\n"
    with (
        socket.create_connection(("127.0.0.1", local.port), timeout=15) as connection,
        connection.makefile("rb") as answer,
    ):
        connection.sendall(head.encode() + b"7\r\nemail=a\r\n0\r\n\r\n")
        assert b" 411 " in answer.readline()
        assert b"HTTP/1.1" not in answer.read()


def test_a_call_whose_caller_died_in_the_middle_of_it_is_not_made(local: Local) -> None:
    before = len(local.log())
    head = f"POST /v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: {AUTH['Authorization']}\r\nContent-Length: 11\r\n\r\n"
    for sent in ("", "email=a"):
        with socket.create_connection(("127.0.0.1", local.port), timeout=15) as connection:
            connection.sendall(head.encode() + sent.encode())
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(1) == b"", "nobody is there to be answered"
    assert len(local.log()) == before
