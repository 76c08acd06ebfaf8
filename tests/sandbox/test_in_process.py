"""The sandbox inside a test's own process: its clock, chance and webhooks in the test's hands."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import ExitStack, closing
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import Client

from storefront.sandbox import AnswerLostError, Options, Sandbox, create_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

AUTH = {"Authorization": "Bearer sk_test_sandbox"}
HOLD = {
    "amount": "1000",
    "currency": "eur",
    "payment_method": "pm_card_visa",
    "confirm": "true",
    "capture_method": "manual",
    "allowed_payment_method_types[]": "card",
}


class World:
    """A sandbox in memory with a clock and a webhook endpoint of the test."""

    def __init__(self, seed: int = 7) -> None:
        """Make it; nothing runs beside it."""
        self.seconds = 1_800_000_000.0
        self.sent: list[tuple[str, bytes]] = []
        self.statuses: list[int] = []
        self.sandbox: Sandbox = create_sandbox(
            Options(
                public_url="http://sandbox.example",
                webhook_url="http://shop.example/hook",
                webhook_secret="whsec_x",
                wall=lambda: self.seconds,
                chance=Random(seed),
                send=self.send,
            )
        )
        self.http: Any = Client(self.sandbox)

    def send(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """Take a webhook."""
        assert headers["Stripe-Signature"].startswith(f"t={int(self.seconds)},v1=")
        self.sent.append((url, body))
        return self.statuses.pop(0) if self.statuses else 200

    def post(self, path: str, data: dict[str, str], **headers: str) -> Any:
        """Call the API."""
        names = {name.replace("_", "-"): text for name, text in headers.items()}
        return self.http.post(path, data=data, headers={**AUTH, **names})


@pytest.fixture
def make() -> Iterator[Callable[..., World]]:
    """Make worlds, and close them after the test."""
    with ExitStack() as stack:

        def made(seed: int = 7) -> World:
            world = World(seed)
            stack.callback(world.sandbox.close)
            return world

        yield made


@pytest.fixture
def world(make: Callable[..., World]) -> World:
    """One world."""
    return make()


def test_the_same_seed_gives_the_same_history(make: Callable[..., World]) -> None:
    def history() -> tuple[str, list[tuple[str, bytes]]]:
        world = make()
        answer = world.post("/v1/payment_intents", HOLD)
        world.sandbox.machine.deliverer.deliver_due()
        return answer.text, world.sent

    assert history() == history()
    assert make(8).post("/v1/payment_intents", HOLD).text != history()[0]


def test_webhooks_leave_only_when_asked_and_retry_by_the_tests_clock(world: World) -> None:
    deliver = world.sandbox.machine.deliverer.deliver_due
    world.post("/v1/customers", {"email": "a@b.c"})
    assert world.sent == []
    world.statuses = [500] * 5
    tries = [deliver()]
    for pause in (0.9, 0.2, 5, 30, 300, 3600):
        world.seconds += pause
        tries.append(deliver())
    assert tries == [1, 0, 1, 1, 1, 1, 0]
    assert len(set(world.sent)) == 1


def test_time_passes_with_the_tests_clock(world: World) -> None:
    hold = world.post("/v1/payment_intents", HOLD).json
    world.seconds += 7 * 86400
    found = world.http.get(f"/v1/payment_intents/{hold['id']}", headers=AUTH).json
    assert found["status"] == "canceled"
    assert found["canceled_at"] == hold["created"] + 7 * 86400


def test_a_lost_answer_is_an_exception_here(world: World) -> None:
    world.http.post("/_sandbox/faults", json={"kind": "timeout_after_commit"})
    with pytest.raises(AnswerLostError):
        world.post("/v1/payment_intents", HOLD)
    assert len(world.http.get("/v1/payment_intents", headers=AUTH).json["data"]) == 1


def test_a_key_in_use_is_refused_and_not_kept(world: World) -> None:
    inside, go_on = threading.Event(), threading.Event()
    answers: list[int] = []

    def call() -> None:
        answers.append(world.post("/v1/payment_intents", HOLD, Idempotency_Key="k").status_code)

    def slow_clock() -> float:
        inside.set()
        go_on.wait(15)
        return world.seconds

    world.sandbox.machine.clock.wall = slow_clock
    first = threading.Thread(target=call)
    first.start()
    inside.wait(15)
    call()
    go_on.set()
    first.join()
    call()
    assert answers == [409, 200, 200]
    assert len(world.http.get("/v1/payment_intents", headers=AUTH).json["data"]) == 1


def test_a_fault_of_the_sandbox_itself_is_told_as_stripe_would(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(world.sandbox.machine.clock, "now", lambda: 1 // 0)
    answer = world.post("/v1/customers", {})
    assert (answer.status_code, answer.json["error"]["type"]) == (500, "api_error")
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_memory_of_another_version_is_refused(tmp_path: Path) -> None:
    options = Options(public_url="http://sandbox.example", data_dir=tmp_path)
    create_sandbox(options).close()
    with closing(sqlite3.connect(tmp_path / "sandbox.db")) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(SystemExit, match="another version"):
        create_sandbox(options)
