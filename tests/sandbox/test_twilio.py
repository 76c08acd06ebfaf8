"""Twilio's one call: its shapes, its refusals, STOP, and answers that are lost; through Twilio's own client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

if TYPE_CHECKING:
    from tests.sandbox.conftest import Local

SHOP, MIRIAM = "+15005550006", "+4915123456789"


def client(local: Local) -> Any:
    made = Client("ACtests", "sandbox", http_client=TwilioHttpClient(timeout=10, max_retries=0))
    made.api.base_url = local.url
    return made


def texts(local: Local, **wanted: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = requests.get(f"{local.url}/sms.json", params=wanted, timeout=15).json()
    return found


def refused(local: Local, **message: str) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as told:
        client(local).messages.create(**({"to": MIRIAM, "from_": SHOP, "body": "Hello"} | message))
    return told.value.status, int(told.value.code or 0)


def test_a_text_is_taken_and_lies_on_its_readers_phone(local: Local) -> None:
    message = client(local).messages.create(to=MIRIAM, from_=SHOP, body="Open now: x. http://127.0.0.1/orders/t")
    assert (message.status, message.to, message.from_, message.num_segments) == ("queued", MIRIAM, SHOP, "1")
    assert message.sid.startswith("SM")
    assert message.date_created is not None
    assert message.error_code is None
    (kept,) = texts(local, to=MIRIAM)
    assert kept["body"].startswith("Open now")
    assert texts(local, to="+4915100000000") == []


def test_a_messaging_service_may_send(local: Local) -> None:
    message = client(local).messages.create(to=MIRIAM, messaging_service_sid="MG" + "0" * 32, body="Hello")
    assert message.messaging_service_sid == "MG" + "0" * 32
    assert message.from_ is None
    assert message.status == "accepted"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"to": "+15005550001"}, 21211),
        ({"to": "015123456789"}, 21211),
        ({"to": "+15005550002"}, 21612),
        ({"to": "+15005550003"}, 21408),
        ({"to": "+15005550004"}, 21610),
        ({"to": "+15005550009"}, 21614),
        ({"to": ""}, 21604),
        ({"from_": ""}, 21603),
        ({"from_": "Forthcoming!"}, 21212),
        ({"body": ""}, 21602),
        ({"body": "x" * 1601}, 21617),
    ],
)
def test_what_twilio_refuses_is_refused_with_its_code(local: Local, message: dict[str, str], code: int) -> None:
    assert refused(local, **message) == (400, code)
    assert texts(local) == []


@pytest.mark.parametrize(("sid", "token"), [("ACtests", "wrong"), ("ACother", "")])
def test_a_wrong_token_is_refused(local: Local, sid: str, token: str) -> None:
    answer = requests.post(
        f"{local.url}/2010-04-01/Accounts/{sid}/Messages.json",
        data={"To": MIRIAM, "From": SHOP, "Body": "Hello"},
        auth=(sid, token),
        timeout=15,
    )
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)
    assert answer.json()["more_info"] == "https://www.twilio.com/docs/errors/20003"


def test_anything_else_is_not_there(local: Local) -> None:
    for method, path in (("get", "Accounts/ACtests/Messages.json"), ("post", "Accounts/ACtests/Calls.json")):
        answer = requests.request(method, f"{local.url}/2010-04-01/{path}", auth=("ACtests", "x"), timeout=15)
        assert (answer.status_code, answer.json()["code"]) == (404, 20404)


def test_stop_is_answered_on_the_page_and_start_takes_it_back(local: Local) -> None:
    client(local).messages.create(to=MIRIAM, from_=SHOP, body="Hello")
    page = requests.get(f"{local.url}/sms/", timeout=15).text
    assert "Answer STOP" in page
    requests.post(f"{local.url}/sms/stop", data={"number": MIRIAM}, timeout=15)
    assert refused(local) == (400, 21610)
    assert "Answer START" in requests.get(f"{local.url}/sms/", timeout=15).text
    requests.post(f"{local.url}/sms/start", data={"number": MIRIAM}, timeout=15)
    assert client(local).messages.create(to=MIRIAM, from_=SHOP, body="Hello").sid


@pytest.mark.parametrize(("kind", "status"), [("error_429", 429), ("error_500", 500)])
def test_it_may_be_told_to_refuse(local: Local, kind: str, status: int) -> None:
    local.control("faults", kind=kind, match="POST /2010-04-01/*")
    assert refused(local)[0] == status
    assert texts(local) == []
    assert client(local).messages.create(to=MIRIAM, from_=SHOP, body="Hello").sid


@pytest.mark.parametrize(("kind", "kept"), [("timeout_before", 0), ("timeout_after_commit", 1)])
def test_an_answer_may_be_lost_before_or_after_the_text_was_taken(local: Local, kind: str, kept: int) -> None:
    local.control("faults", kind=kind, match="POST /2010-04-01/*")
    with pytest.raises(requests.RequestException):
        client(local).messages.create(to=MIRIAM, from_=SHOP, body="Hello")
    assert len(texts(local)) == kept


def test_segments_are_counted_by_alphabet(local: Local) -> None:
    for body, count in (("x" * 160, 1), ("x" * 161, 2), ("ж" * 70, 1), ("ж" * 71, 2), ("€" * 81, 2)):
        message = client(local).messages.create(to=MIRIAM, from_=SHOP, body=body)
        assert message.num_segments == str(count), body[:3]


def test_a_reset_forgets_texts_and_stops(local: Local) -> None:
    client(local).messages.create(to=MIRIAM, from_=SHOP, body="Hello")
    requests.post(f"{local.url}/sms/stop", data={"number": MIRIAM}, timeout=15)
    local.control("reset")
    assert texts(local) == []
    assert client(local).messages.create(to=MIRIAM, from_=SHOP, body="Hello").sid
