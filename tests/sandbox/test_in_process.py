"""The sandbox inside a test's own process: its clock, chance and webhooks in the test's hands."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import Client

from storefront.sandbox import AnswerLostError, Options, create_sandbox
from tests.sandbox.inside import AUTH, DAY, PAID

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.sandbox.inside import Inside

HOLD = {**PAID, "capture_method": "manual"}


def test_the_same_seed_gives_the_same_history(make: Callable[..., Inside]) -> None:
    def history(seed: int = 7, **options: Any) -> list[Any]:
        inside = make(seed, **options)
        inside.fault("error_429", chance=0.5, seed=3, count=-1, match="GET *")
        inside.fault("webhook_reorder", chance=0.5, seed=4, count=-1)
        told: list[Any] = [inside.paid("pm_card_createDispute"), inside.held()]
        told += [inside.call("GET", "/v1/charges").status for _ in range(20)]
        inside.pass_time(30 * DAY)
        inside.deliver()
        return [*told, inside.sent]

    assert history() == history()
    assert history(8) != history()


def test_a_number_may_be_the_seed() -> None:
    def key(seed: int) -> str:
        sandbox = create_sandbox(Options(public_url="http://sandbox.example", seed=seed))
        with closing(sandbox):
            return str(json.loads(sandbox.call("POST", "/v1/customers", AUTH).body)["id"])

    assert key(1) == key(1) != key(2)


def test_no_thread_and_no_socket_beside_it(inside: Inside) -> None:
    before = threading.active_count()
    inside.paid()
    inside.deliver()
    assert threading.active_count() == before
    assert inside.call("GET", "/favicon.ico").status == 204


def test_a_call_takes_less_than_a_millisecond(inside: Inside) -> None:
    def batch(name: int) -> float:
        begun = time.process_time()
        for number in range(50):
            key = f"{name}:{number}"
            hold = inside.post("/v1/payment_intents", HOLD, Idempotency_Key=f"hold:{key}")
            inside.get(f"/v1/payment_intents/{hold['id']}")
            inside.post(f"/v1/payment_intents/{hold['id']}/capture", Idempotency_Key=f"capture:{key}")
            inside.post("/v1/refunds", {"payment_intent": hold["id"]}, Idempotency_Key=f"refund:{key}")
        return (time.process_time() - begun) / 200

    # The best of some, since other work shares the machine; 0.4 ms is usual.
    assert any(batch(name) < 0.001 for name in range(20))


def test_webhooks_leave_only_when_asked_and_retry_by_the_tests_clock(inside: Inside) -> None:
    deliver = inside.sandbox.machine.deliverer.deliver_due
    inside.post("/v1/customers", {"email": "a@b.c"})
    assert inside.sent == []
    inside.statuses = [500] * 5
    tries = [deliver()]
    for pause in (0.9, 0.2, 5, 30, 300, 3600):
        inside.seconds += pause
        tries.append(deliver())
    assert tries == [1, 0, 1, 1, 1, 1, 0]
    assert len({delivery["body"] for delivery in inside.sent}) == 1


def test_the_pauses_between_tries_may_be_others(make: Callable[..., Inside]) -> None:
    inside = make(pauses=(3600.0,))
    inside.post("/v1/customers", {})
    inside.statuses = [500, 500]
    assert inside.deliver() == ["customer.created"]
    inside.seconds += 3599
    assert inside.deliver() == []
    inside.seconds += 1
    assert inside.deliver() == ["customer.created"]


def test_time_passes_with_the_tests_clock(inside: Inside) -> None:
    hold = inside.held()
    inside.seconds += 7 * DAY
    found = inside.get(f"/v1/payment_intents/{hold['id']}")
    assert found["status"] == "canceled"
    assert found["canceled_at"] == hold["created"] + 7 * DAY


def test_sandbox_time_may_run_ahead_of_the_wall(inside: Inside) -> None:
    hold = inside.held()
    inside.sandbox.machine.advance(7 * DAY)
    assert inside.told("charge.expired")[0]["id"] == hold["latest_charge"]
    assert inside.post("/v1/customers", {})["created"] == hold["created"] + 7 * DAY
    inside.deliver()
    assert inside.sent[-1]["headers"]["Stripe-Signature"].startswith(f"t={int(inside.seconds)},v1=")


def test_a_lost_answer_is_an_exception_here(inside: Inside) -> None:
    inside.fault("timeout_after_commit")
    with pytest.raises(AnswerLostError):
        inside.paid()
    assert len(inside.get("/v1/payment_intents")["data"]) == 1


def test_a_wsgi_client_sees_the_same(inside: Inside) -> None:
    http: Any = Client(inside.sandbox)
    made = http.post("/v1/customers", data={"email": "a@b.c"}, headers=AUTH)
    assert inside.get(f"/v1/customers/{made.json['id']}") == made.json
    inside.fault("timeout_after_commit")
    with pytest.raises(AnswerLostError):
        http.get("/v1/customers", headers=AUTH)


def test_a_key_in_use_is_refused_and_not_kept(inside: Inside) -> None:
    begun, go_on = threading.Event(), threading.Event()
    answers: list[int] = []

    def call() -> None:
        answers.append(inside.call("POST", "/v1/payment_intents", HOLD, Idempotency_Key="k").status)

    def slow_clock() -> float:
        begun.set()
        go_on.wait(15)
        return inside.seconds

    inside.sandbox.machine.clock.wall = slow_clock
    first = threading.Thread(target=call)
    first.start()
    begun.wait(15)
    call()
    go_on.set()
    first.join()
    call()
    assert answers == [409, 200, 200]
    assert len(inside.get("/v1/payment_intents")["data"]) == 1


def test_a_fault_of_the_sandbox_itself_is_told_as_stripe_would(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(inside.sandbox.machine.clock, "now", lambda: 1 // 0)
    reply = inside.call("POST", "/v1/customers", {})
    assert (reply.status, json.loads(reply.body)["error"]["type"]) == (500, "api_error")
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_memory_of_another_version_is_refused(tmp_path: Path) -> None:
    options = Options(public_url="http://sandbox.example", data_dir=tmp_path)
    create_sandbox(options).close()
    with closing(sqlite3.connect(tmp_path / "sandbox.db")) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(SystemExit, match="another version"):
        create_sandbox(options)
