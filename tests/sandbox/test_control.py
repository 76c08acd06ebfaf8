"""The control API: clock, faults, log, reset; and what outlives the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import requests
import stripe

from tests.sandbox.conftest import KEY, Local
from tests.support.ports import free_port

if TYPE_CHECKING:
    from pathlib import Path

CAPTURE = "POST /v1/payment_intents/*/capture"


def post(local: Local, path: str, body: str) -> int:
    """Post to the control API and give the status."""
    return requests.post(f"{local.url}/_sandbox/{path}", data=body, timeout=15).status_code


def test_the_clock_goes_forward(local: Local) -> None:
    before = local.now()
    local.advance(86400)
    assert local.now() - before >= 86400
    assert local.customer().created - before >= 86400
    assert local.control("health")["ok"] is True


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("clock/advance", '{"seconds": -1}'),
        ("clock/advance", '{"seconds": "6d"}'),
        ("clock/advance", "{}"),
        ("clock/advance", "["),
        ("clock/advance", "[]"),
        ("faults", '{"kind": "earthquake"}'),
        ("faults", '{"kind": "error_500", "count": 0}'),
        ("faults", '{"kind": "error_500", "match": 1}'),
        ("faults", '{"kind": "timeout_after_commit", "hang": 61}'),
    ],
)
def test_a_wrong_control_is_refused(local: Local, path: str, body: str) -> None:
    assert post(local, path, body) == 400


def test_an_unknown_control_is_not_found(local: Local) -> None:
    assert post(local, "nothing", "") == 404


def test_an_answer_is_lost_after_the_call_was_done(local: Local) -> None:
    hold = local.hold()
    local.control("faults", kind="timeout_after_commit", match=CAPTURE)
    path = f"/v1/payment_intents/{hold.id}/capture"
    with pytest.raises(requests.ConnectionError):
        local.call("POST", path, Idempotency_Key="capture:7:1")
    assert local.api.payment_intents.retrieve(hold.id).status == "succeeded"
    again = local.call("POST", path, Idempotency_Key="capture:7:1")
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    lost, replay = local.log("capture$")
    assert (lost["answered"], lost["replayed"]) == (False, False)
    assert (replay["answered"], replay["replayed"]) == (True, True)


def test_the_client_repeats_a_lost_answer_by_itself(local: Local) -> None:
    local.control("faults", kind="timeout_after_commit", match="POST /v1/customers")
    patient = stripe.StripeClient(KEY, base_addresses={"api": local.url}, max_network_retries=2)
    patient.v1.customers.create({"email": "a@b.c"}, {"idempotency_key": "customer:7:1"})
    assert len(local.api.customers.list().data) == 1
    assert len(local.log("POST /v1/customers")) == 2


def test_a_lost_answer_may_hang_first(local: Local) -> None:
    local.control("faults", kind="timeout_after_commit", hang=1)
    begun = time.monotonic()
    with pytest.raises(requests.ConnectionError):
        local.call("GET", "/v1/customers")
    assert time.monotonic() - begun >= 1


def test_a_fault_counts_down_and_matches(local: Local) -> None:
    local.control("faults", kind="error_500", match="GET /v1/cust*", count=2)
    statuses = [
        local.call("GET", path).status_code
        for path in ("/v1/events", "/v1/customers", "/v1/customers", "/v1/customers")
    ]
    assert statuses == [200, 500, 500, 200]


def test_a_fault_until_reset(local: Local) -> None:
    local.control("faults", kind="error_500", count=-1)
    assert {local.call("GET", "/v1/events").status_code for _ in range(3)} == {500}
    local.reset()
    assert local.call("GET", "/v1/events").status_code == 200


def test_the_log_says_which_calls_were_seen(local: Local) -> None:
    local.call("POST", "/v1/customers", "email=a@b.c", Idempotency_Key="customer:7:1")
    local.call("GET", "/v1/customers", Authorization="")
    made, refused = local.log()
    assert (made["method"], made["path"], made["status"]) == ("POST", "/v1/customers", 200)
    assert made["idempotency_key"] == "customer:7:1"
    assert (refused["status"], refused["seq"] > made["seq"]) == (401, True)
    since = requests.get(f"{local.url}/_sandbox/log?since={made['seq']}", timeout=15).json()
    assert [call["seq"] for call in since] == [refused["seq"]]


def test_a_reset_forgets_everything(local: Local) -> None:
    local.customer()
    local.advance(86400)
    local.call("POST", "/v1/customers", "email=a@b.c", Idempotency_Key="k")
    local.reset()
    assert local.log() == []
    assert local.control("clock")["ahead"] == 0
    assert local.api.customers.list().data == []
    assert len(local.api.webhook_endpoints.list().data) == 1
    answer = local.call("POST", "/v1/customers", "email=x@y.z", Idempotency_Key="k")
    assert answer.status_code == 200


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_everything_is_there_after_a_restart(own: Local, how: int) -> None:
    hold = own.hold()
    session = own.payment_session(expires_at=own.now() + 45 * 60)
    own.call("POST", "/v1/customers", "email=a@b.c", Idempotency_Key="k")
    own.control("faults", kind="error_500", match="GET /v1/events")
    own.advance(3600)
    before = own.now()
    status = own.stop(how)
    assert status == (0 if how != signal.SIGKILL else -signal.SIGKILL)
    own.start()
    assert own.api.payment_intents.retrieve(hold.id).status == "requires_capture"
    assert own.call("GET", "/v1/events").status_code == 500
    assert own.now() >= before
    assert "has expired" in requests.get(str(session.url), timeout=15).text
    again = own.call("POST", "/v1/customers", "email=a@b.c", Idempotency_Key="k")
    assert again.headers["Idempotent-Replayed"] == "true"
    (endpoint,) = own.api.webhook_endpoints.list().data
    assert endpoint.url.endswith("/hook")


def test_sixteen_clients_at_once_capture_each_hold_once(local: Local) -> None:
    def capture(hold: str) -> list[int]:
        path = f"/v1/payment_intents/{hold}/capture"
        return [local.call("POST", path).status_code for _ in range(2)]

    with ThreadPoolExecutor(16) as pool:
        holds = list(pool.map(lambda _: local.hold().id, range(32)))
        answers = list(pool.map(capture, holds))
    assert answers == [[200, 400]] * 32


def start(tmp_path: Path, *more: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Start a sandbox that is expected to refuse."""
    flags = ["--port", str(free_port()), "--smtp-port", str(free_port())]
    return subprocess.run(
        [sys.executable, "-m", "storefront.sandbox", *flags, "--data-dir", str(tmp_path), *more],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=15,
        check=False,
    )


def test_it_refuses_to_start_beside_a_live_key(tmp_path: Path) -> None:
    ended = start(tmp_path, STRIPE_SECRET_KEY="sk_live_abc")
    assert ended.returncode == 1
    assert "live key" in ended.stderr


def test_it_refuses_to_sign_with_an_empty_secret(tmp_path: Path) -> None:
    ended = start(tmp_path, "--webhook-url", "http://127.0.0.1:9/hook")
    assert "webhook secret is empty" in ended.stderr


def test_a_taken_port_is_a_clear_sentence(local: Local, tmp_path: Path) -> None:
    for flag, port in (("--port", local.port), ("--smtp-port", local.mail_port)):
        ended = start(tmp_path, flag, str(port))
        assert ended.returncode == 1
        assert "cannot be used" in ended.stderr
