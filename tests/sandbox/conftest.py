"""The sandbox as a process of its own, a receiver for its webhooks, and the official client."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import stripe

from tests.sandbox.inside import Inside
from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Needs Stripe's description, which lies outside; .ci/run names its folder.
collect_ignore = [] if os.environ.get("STRIPE_CONFORMANCE") else ["test_conformance.py"]
SECRET = "whsec_of_the_tests"
KEY = "sk_test_sandbox_of_the_tests"
VERSION = "2026-10-28.endive"
DAY = 24 * 60 * 60
DEADLINE = 60
AUTH = {"Authorization": f"Bearer {KEY}"}


def eventually(condition: Callable[[], Any]) -> Any:
    """Give the first truthy answer; another process needs a moment."""
    end = time.monotonic() + DEADLINE
    pause = threading.Event()
    while time.monotonic() < end:
        if found := condition():
            return found
        pause.wait(0.02)
    message = f"nothing within {DEADLINE} s"
    raise AssertionError(message)


class Receiver:
    """The merchant's webhook endpoint: keeps what arrives, answers as told."""

    def __init__(self, port: int) -> None:
        """Listen."""
        self.deliveries: list[dict[str, Any]] = []
        self.answers: list[int] = []
        self.slowness = 0.0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(receiver.take(self.path, body, dict(self.headers.items())))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *words: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        """Keep a delivery and give the status to answer with."""
        threading.Event().wait(self.slowness)
        status = self.answers.pop(0) if self.answers else 200
        self.deliveries.append({"path": path, "body": body, "headers": headers, "status": status, **json.loads(body)})
        return status

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Give the deliveries of one event type."""
        return [delivery for delivery in self.deliveries if delivery["type"] == kind]

    def heard(self, ident: str, status: str) -> bool:
        """Say whether an event told of a thing in a state."""
        wanted = (ident, status)
        return wanted in [
            (delivery["data"]["object"]["id"], delivery["data"]["object"].get("status"))
            for delivery in list(self.deliveries)
        ]

    def first(self, kind: str) -> dict[str, Any]:
        """Wait for an event type and give its first delivery."""
        found: list[dict[str, Any]] = eventually(lambda: self.of(kind))
        return found[0]

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class Local:
    """One running sandbox, and the ways in which tests talk to it."""

    def __init__(self, folder: Path, receiver: Receiver, port: int = 0) -> None:
        """Start it and wait until it answers."""
        self.folder = folder
        self.receiver = receiver
        self.port = port or free_port()
        self.mail_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        # A conformance check may stand between the client and the sandbox, and before the hooks.
        watched = os.environ if port else {}
        self.hooks_url = watched.get("SANDBOX_TEST_WEBHOOK_URL", f"http://127.0.0.1:{receiver.port}/hook")
        base = watched.get("SANDBOX_TEST_API_BASE", self.url)
        self.client = stripe.StripeClient(KEY, base_addresses={"api": base})
        # Tests build parameters freely; the client's types would ask for literals.
        self.api: Any = self.client.v1
        self.start()

    def start(self) -> None:
        """Start the process, on the folder it had before."""
        flags = {
            "--port": self.port,
            "--smtp-port": self.mail_port,
            "--data-dir": self.folder,
            "--webhook-url": self.hooks_url,
            "--webhook-secret": SECRET,
        }
        words = [str(word) for pair in flags.items() for word in pair]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "storefront.sandbox", *words],
            stdout=subprocess.DEVNULL,
        )
        eventually(self.answers)

    def answers(self) -> bool:
        """Say whether the sandbox is up."""
        assert self.process.poll() is None, "the sandbox ended"
        try:
            return requests.get(f"{self.url}/_sandbox/health", timeout=5).ok
        except requests.RequestException:
            return False

    def stop(self, how: int = signal.SIGTERM) -> int:
        """End the process and give its exit status."""
        self.process.send_signal(how)
        return self.process.wait(DEADLINE)

    def call(
        self, method: str, path: str, data: dict[str, str] | str | None = None, **headers: str
    ) -> requests.Response:
        """Make one plain HTTP call, for what the official client would not send."""
        names = {name.replace("_", "-"): text for name, text in headers.items()}
        form = {"Content-Type": "application/x-www-form-urlencoded"} if data else {}
        return requests.request(
            method,
            self.url + path,
            data=data,
            headers={**AUTH, **form, **names},
            timeout=DEADLINE,
            allow_redirects=False,
        )

    def control(self, path: str, **body: Any) -> Any:
        """Use the control API."""
        method = "GET" if path in ("health", "clock", "log") else "POST"
        answer = requests.request(method, f"{self.url}/_sandbox/{path}", json=body or None, timeout=DEADLINE)
        answer.raise_for_status()
        return answer.json()

    def now(self) -> int:
        """Give the sandbox's second."""
        now: int = self.control("clock")["now"]
        return now

    def advance(self, seconds: int) -> None:
        """Let time pass in the sandbox."""
        ahead = self.control("clock/advance", seconds=seconds)["ahead"]
        if clock := os.environ.get("SANDBOX_TEST_CLOCK"):
            Path(clock).write_text(str(ahead))

    def reset(self) -> None:
        """Forget everything."""
        self.control("reset")
        self.advance(0)
        self.receiver.deliveries.clear()
        self.receiver.answers.clear()
        self.receiver.slowness = 0.0

    def customer(self, **facts: Any) -> Any:
        """Make a customer."""
        return self.api.customers.create({"email": "buyer@example.com", **facts})

    def saved_card(self, alias: str = "pm_card_visa") -> tuple[str, str]:
        """Give the ids of a customer and of a card saved with it."""
        customer = self.customer().id
        return customer, self.api.payment_methods.attach(alias, {"customer": customer}).id

    def charge(self, alias: str = "pm_card_visa", **facts: Any) -> Any:
        """Make an intent and confirm it at once."""
        params: dict[str, Any] = {
            "amount": 11900,
            "currency": "eur",
            "payment_method": alias,
            "confirm": True,
            "allowed_payment_method_types": ["card"],
            **facts,
        }
        intent = self.api.payment_intents.create(params)
        eventually(lambda: self.receiver.heard(intent.id, intent.status))
        return intent

    def hold(self, alias: str = "pm_card_visa", **facts: Any) -> Any:
        """Make an intent that holds money."""
        return self.charge(alias, capture_method="manual", **facts)

    def payment_session(self, **facts: Any) -> Any:
        """Open a session that holds 119 EUR."""
        product = {"currency": "eur", "unit_amount": 11900, "product_data": {"name": "Foliant"}}
        params: dict[str, Any] = {
            "mode": "payment",
            "success_url": f"{self.shop}/thanks?session={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{self.shop}/back",
            "line_items": [{"price_data": product, "quantity": 1}],
            "payment_intent_data": {"capture_method": "manual", "metadata": {"order": "7"}},
            "allowed_payment_method_types": ["card"],
            "customer_email": "buyer@example.com",
            **facts,
        }
        return self.api.checkout.sessions.create({name: value for name, value in params.items() if value is not None})

    def setup_session(self, **facts: Any) -> Any:
        """Open a session that saves a card with a customer."""
        params: dict[str, Any] = {
            "mode": "setup",
            "currency": "eur",
            "success_url": f"{self.shop}/thanks?session={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{self.shop}/back",
            "customer": self.customer().id,
            "setup_intent_data": {"metadata": {"order": "7"}},
            **facts,
        }
        return self.api.checkout.sessions.create(params)

    @property
    def shop(self) -> str:
        """The merchant's address; nobody listens there."""
        return "http://127.0.0.1:9"

    def type_card(
        self, session: stripe.checkout.Session, number: str = "4242424242424242", **typed: str
    ) -> requests.Response:
        """Submit the hosted page of a session."""
        form = {"cardnumber": number, "exp": "12 / 49", "cvc": "123", **typed}
        return requests.post(str(session.url), data=form, timeout=DEADLINE, allow_redirects=False)

    def answer_challenge(self, where: str, answer: str = "authenticate") -> requests.Response:
        """Submit the 3-D Secure page."""
        url = where if where.startswith("http") else self.url + where
        return requests.post(url, data={"answer": answer}, timeout=DEADLINE, allow_redirects=False)

    def log(self, pattern: str = "") -> list[dict[str, Any]]:
        """Give the calls seen whose "METHOD path" matches."""
        calls: list[dict[str, Any]] = self.control("log")
        return [call for call in calls if re.search(pattern, f"{call['method']} {call['path']}")]


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    """A webhook endpoint."""
    made = Receiver(int(os.environ.get("SANDBOX_TEST_RECEIVER_PORT", "0")))
    yield made
    made.close()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[Local]:
    """One sandbox for all tests."""
    port = int(os.environ.get("SANDBOX_TEST_PORT", "0"))
    made = Local(tmp_path_factory.mktemp("sandbox"), receiver, port)
    yield made
    made.stop()


@pytest.fixture
def local(running: Local) -> Local:
    """The sandbox, with nothing in it."""
    running.reset()
    return running


@pytest.fixture
def hooks(local: Local) -> Receiver:
    """What the sandbox delivered since the test began."""
    return local.receiver


@pytest.fixture
def make() -> Iterator[Callable[..., Inside]]:
    """Make sandboxes inside this process, and close them after the test."""
    with ExitStack() as stack:

        def made(seed: int = 7, **options: Any) -> Inside:
            inside = Inside(seed, **options)
            stack.callback(inside.sandbox.close)
            return inside

        yield made


@pytest.fixture
def inside(make: Callable[..., Inside]) -> Inside:
    """One sandbox inside this process."""
    return make()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Local]:
    """A sandbox that a test may stop, kill and start again."""
    receiver = Receiver(0)
    made = Local(tmp_path / "data", receiver)
    yield made
    if made.process.poll() is None:
        made.stop()
    receiver.close()
