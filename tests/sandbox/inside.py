"""The sandbox inside the test's own process: clock, chance, webhooks and waiting in the test's hands."""

from __future__ import annotations

import json
from random import Random
from typing import Any
from urllib.parse import urlencode

from storefront.sandbox import Options, Reply, Sandbox, create_sandbox

AUTH = {"Authorization": "Bearer sk_test_sandbox"}
SECRET = "whsec_x"
DAY = 24 * 60 * 60
PAID = {
    "amount": "1000",
    "currency": "eur",
    "payment_method": "pm_card_visa",
    "confirm": "true",
    "allowed_payment_method_types[]": "card",
}


class Inside:
    """A sandbox in memory, with nothing beside it that runs by itself."""

    def __init__(self, seed: int = 7, **options: Any) -> None:
        """Make it."""
        self.seconds = 1_800_000_000.0
        self.slept: list[float] = []
        self.sent: list[dict[str, Any]] = []
        self.statuses: list[int] = []
        facts: dict[str, Any] = {"chance": Random(seed), **options}
        self.sandbox: Sandbox = create_sandbox(
            Options(
                public_url="http://sandbox.example",
                webhook_url="http://shop.example/hook",
                webhook_secret=SECRET,
                wall=lambda: self.seconds,
                sleep=self.slept.append,
                send=self.receive,
                **facts,
            )
        )

    def receive(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """Take a webhook."""
        self.sent.append({"url": url, "body": body, "headers": headers, **json.loads(body)})
        return self.statuses.pop(0) if self.statuses else 200

    def call(self, method: str, path: str, data: dict[str, str] | None = None, **headers: str) -> Reply:
        """Call the API."""
        names = {name.replace("_", "-"): text for name, text in headers.items()}
        return self.sandbox.call(method, path, {**AUTH, **names}, urlencode(data or {}).encode())

    def post(self, path: str, data: dict[str, str] | None = None, **headers: str) -> Any:
        """Post, and give what is in the answer."""
        return json.loads(self.call("POST", path, data, **headers).body)

    def get(self, path: str) -> Any:
        """Fetch, and give what is in the answer."""
        return json.loads(self.call("GET", path).body)

    def error(self, path: str, data: dict[str, str] | None = None) -> Any:
        """Post what is refused, and give the error."""
        reply = self.call("POST", path, data)
        assert reply.status >= 400, reply.body
        return json.loads(reply.body)["error"]

    def control(self, path: str, **body: Any) -> Any:
        """Use the control API."""
        reply = self.sandbox.call("POST", f"/_sandbox/{path}", {}, json.dumps(body).encode())
        assert reply.status == 200, reply.body
        return json.loads(reply.body)

    def refusal(self, path: str, **body: Any) -> str:
        """Use the control API wrongly, and give its sentence."""
        reply = self.sandbox.call("POST", f"/_sandbox/{path}", {}, json.dumps(body).encode())
        assert reply.status == 400, reply.body
        return str(json.loads(reply.body)["error"])

    def fault(self, kind: str, match: str = "*", **facts: Any) -> None:
        """Turn a switch on."""
        self.control("faults", kind=kind, match=match, **facts)

    def paid(self, alias: str = "pm_card_visa", **facts: str) -> Any:
        """Take a payment."""
        return self.post("/v1/payment_intents", {**PAID, "payment_method": alias, **facts})

    def held(self, alias: str = "pm_card_visa", **facts: str) -> Any:
        """Hold a payment."""
        return self.paid(alias, capture_method="manual", **facts)

    def saved(self, alias: str = "pm_card_visa") -> tuple[str, str]:
        """Give the ids of a saved card and of its customer."""
        customer = self.post("/v1/customers", {"email": "ada@example.com"})["id"]
        return self.post(f"/v1/payment_methods/{alias}/attach", {"customer": customer})["id"], customer

    def charge(self, intent: Any) -> Any:
        """Give the charge of an intent as it is now."""
        return self.get(f"/v1/charges/{intent['latest_charge']}")

    def pass_time(self, seconds: float = 0) -> None:
        """Let time pass, and do what falls due."""
        self.seconds += seconds
        self.sandbox.machine.tick()

    def deliver(self) -> list[str]:
        """Send what is due, and give the types that arrived now."""
        before = len(self.sent)
        self.sandbox.machine.deliverer.deliver_due()
        return [delivery["type"] for delivery in self.sent[before:]]

    def told(self, kind: str) -> list[Any]:
        """Give the objects that events of a type have told of, oldest first."""
        events = self.get(f"/v1/events?type={kind}&limit=100")["data"]
        return [event["data"]["object"] for event in reversed(events)]
