"""Stripe as the shop reaches it here: the sandbox in this process, behind a line that loses, refuses and repeats."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import stripe
from stripe import APIConnectionError
from werkzeug.test import Client

from tests.simulation.kernel import Kernel

if TYPE_CHECKING:
    from storefront.sandbox import Sandbox

Answer = tuple[str, int, Mapping[str, str]]
LOST_BEFORE, LOST_AFTER = "lost before", "lost after"
KEY_IN_USE, TOO_MANY, BROKEN, KEPT_BROKEN = "409", "429", "500", "500 kept"
FAULTS = (LOST_BEFORE, LOST_AFTER, KEY_IN_USE, TOO_MANY, BROKEN, KEPT_BROKEN)
KEY_LIFE = 24 * 3600


@dataclass(frozen=True)
class Call:
    """One call as it left the shop."""

    method: str
    path: str
    body: str
    key: str | None
    actor: str
    again: bool

    @property
    def said(self) -> dict[str, str]:
        return dict(parse_qsl(self.body))


@dataclass
class Line(stripe.HTTPClient):
    """The client's way out. `fault` draws what goes wrong with a call, `watch` sees each before it is made."""

    kernel: Kernel
    sandbox: "Sandbox"
    seconds: Callable[[], float]
    fault: Callable[[Call], str]
    watch: Callable[[Call], None]
    down: Callable[[], bool]
    count: int = 0
    bodies: dict[str, str] = field(default_factory=dict)
    kept: dict[str, float] = field(default_factory=dict)
    name: ClassVar[str] = "simulation"

    def __post_init__(self) -> None:
        super().__init__()
        self._client = Client(self.sandbox)

    def request_with_retries(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        post_data: Any = None,
        max_network_retries: int | None = None,
        *,
        _usage: list[str] | None = None,
    ) -> Answer:
        """As the client does it, without waiting: what may be repeated is, twice."""
        tries = 0
        while True:
            answer, error = self._try(method, url, headers, post_data, again=tries > 0)
            if not self._should_retry(answer, error, tries, max_network_retries):
                break
            tries += 1
        if error is not None:
            raise error
        assert answer is not None
        return answer

    def _try(
        self, method: str, url: str, headers: Mapping[str, str], data: str | None, *, again: bool
    ) -> tuple[Answer | None, APIConnectionError | None]:
        try:
            return self._call(method, url, headers, data or "", again=again), None
        except APIConnectionError as error:
            return None, error

    def _call(self, method: str, url: str, headers: Mapping[str, str], data: str, *, again: bool) -> Answer:
        parts, actor = urlsplit(url), self.kernel.current
        body = data if method == "post" else parts.query
        key = headers.get("Idempotency-Key")
        call = Call(method.upper(), parts.path, body, key, actor.name if actor else "", again)
        self.count += 1
        self.watch(call)
        self.kernel.point(
            f"before {call.method} {call.path.rsplit('/', 1)[-1] if len(call.path) < 40 else shape(call.path)}"
        )
        answer = self._answer(call, headers)
        self.kernel.point("answered")
        return answer

    def _answer(self, call: Call, headers: Mapping[str, str]) -> Answer:
        fault = LOST_BEFORE if self.down() else self.fault(call)
        if fault == LOST_BEFORE:
            self._note(call, fault)
            raise gone()
        answer = refusal(fault) if fault in {KEY_IN_USE, TOO_MANY, BROKEN} else self._reach(call, headers, fault)
        self._note(call, f"{fault} {answer[1]}")
        if fault == LOST_AFTER:
            raise gone()
        return answer

    def _reach(self, call: Call, headers: Mapping[str, str], fault: str) -> Answer:
        """A broken answer that Stripe keeps under the key stays its answer, whatever was done."""
        key = call.key or ""
        if self.kept.get(key, -KEY_LIFE) + KEY_LIFE > self.seconds():
            return refusal(BROKEN)
        answer = self._ask(call, headers)
        if fault == KEPT_BROKEN and ":" in key:
            self.kept[key] = self.seconds()
            return refusal(BROKEN)
        return answer

    def _ask(self, call: Call, headers: Mapping[str, str]) -> Answer:
        posted = call.method == "POST"
        answer = self._client.open(
            call.path,
            method=call.method,
            headers=dict(headers),
            data=call.body if posted else None,
            query_string=None if posted else call.body,
        )
        return answer.get_data(as_text=True), answer.status_code, dict(answer.headers)

    def _note(self, call: Call, outcome: str) -> None:
        self.kernel.note(call.actor, f"{call.method} {call.path} {call.key if ':' in str(call.key) else ''}", outcome)


def shape(path: str) -> str:
    """A path without the names in it."""
    return "/".join("*" if "_" in part and len(part) > 14 else part for part in path.split("/")[2:])


def gone() -> APIConnectionError:
    return APIConnectionError("The line is dead.", should_retry=True)  # type: ignore[no-untyped-call]


def refusal(fault: str) -> Answer:
    status = int(fault[:3])
    kinds = {409: ("idempotency_error", "idempotency_key_in_use"), 429: ("invalid_request_error", "rate_limit")}
    kind, code = kinds.get(status, ("api_error", ""))
    return json.dumps({"error": {"type": kind, "code": code, "message": f"told to answer {status}"}}), status, {}
