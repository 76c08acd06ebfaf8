"""The /v1 API: key, version, idempotency, parameters, the verb, expand, the answer."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from . import expand, faults, forms, routes
from .errors import AnswerLostError, StripeError, broken, invalid, key_in_use, locked, too_many, unauthorised
from .world import VERSION, Tag, World

if TYPE_CHECKING:
    import sqlite3

    from werkzeug.wrappers import Request

    from .machine import Machine

KEY_LIFE = 24 * 60 * 60
LONGEST_KEY = 255


@dataclass(frozen=True)
class Ask:
    """A request, read but not yet judged."""

    method: str
    path: str
    text: str
    key: str | None
    request: str

    @property
    def subject(self) -> str:
        """What fault switches match."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Answer:
    """An answer, ready to send, and whether it is a replay of an earlier one."""

    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)
    original: str | None = None
    lost: faults.Fault | None = None
    late: float = 0.0


class Api:
    """Answers /v1. One call runs at a time; keys in use are known before they wait."""

    def __init__(self, machine: Machine) -> None:
        """Keep the machine that holds store, clock and ids."""
        self._machine = machine
        self._busy: set[str] = set()
        self._guard = threading.Lock()

    def respond(self, request: Request) -> Response:
        """Answer one HTTP request. Raises AnswerLostError where a fault says so."""
        ask = _read(request, self._machine.ids.new("req", 14))
        try:
            _check_key(request)
            _check_version(request, ask)
            self._check_rate(ask)
        except StripeError as error:
            answer = self._note_refusal(ask, error)
        else:
            answer = self._once(ask) if ask.key else self._run(ask)
        if answer.lost:
            raise AnswerLostError(answer.lost.seconds)
        return _response(ask, answer)

    def _check_rate(self, ask: Ask) -> None:
        limits = self._machine.limits
        if limits.per_second:
            found = routes.find(ask.method, ask.path)
            endpoint = f"{ask.method} {found[0].path if found else ask.path}"
            if not limits.admits(endpoint):
                raise too_many("endpoint-rate")

    def _note_refusal(self, ask: Ask, error: StripeError) -> Answer:
        answer = _refusal(error)
        with self._machine.store.transaction() as db:
            self._log(db, ask, answer)
        return answer

    def _once(self, ask: Ask) -> Answer:
        key = str(ask.key)
        with self._guard:
            if key in self._busy:
                # Not logged: the log waits for the very call that is in the way.
                return _refusal(key_in_use())
            self._busy.add(key)
        try:
            return self._run(ask)
        finally:
            with self._guard:
                self._busy.discard(key)

    def _run(self, ask: Ask) -> Answer:
        with self._machine.world(Tag(ask.request, ask.key)) as world:
            answer = _turned_away(world, ask) or self._answered(world, ask)
            self._log(world.db, ask, answer)
        if answer.late:
            self._machine.sleep(answer.late)
        return answer

    def _answered(self, world: World, ask: Ask) -> Answer:
        answer = _replay(world, ask) or self._fresh(world, ask)
        taken = faults.take_all(world.db, faults.AFTER, ask.subject)
        slow = taken.get("slow")
        return replace(answer, lost=taken.get("timeout_after_commit"), late=slow.seconds if slow else 0.0)

    def _fresh(self, world: World, ask: Ask) -> Answer:
        fault = faults.take(world.db, faults.DURING, ask.subject)
        failure = broken("The sandbox was told to fail here.")
        if fault and fault.kind == "error_500":
            return self._settled(world, ask, {}, failure)
        body, error = _try(world, ask)
        return self._settled(world, ask, body, failure if fault else error)

    @staticmethod
    def _settled(world: World, ask: Ask, body: dict[str, Any], error: StripeError | None) -> Answer:
        answer = _refusal(error) if error else Answer(200, _text(body))
        if ask.key and (error is None or error.began):
            _keep(world, ask, answer)
        return answer

    def _log(self, db: sqlite3.Connection, ask: Ask, answer: Answer) -> None:
        db.execute(
            "INSERT INTO calls (at, method, path, status, idempotency_key, request, replayed,"
            " answered) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._machine.clock.now(),
                ask.method,
                ask.path,
                answer.status,
                ask.key,
                ask.request,
                answer.original is not None,
                answer.lost is None,
            ),
        )


def _read(request: Request, ident: str) -> Ask:
    posted = request.method == "POST"
    text = (request.get_data() if posted else request.query_string).decode(errors="surrogateescape")
    key = request.headers.get("Idempotency-Key") if posted else None
    return Ask(request.method, request.path, text, key, ident)


def _check_key(request: Request) -> None:
    key = _secret_key(request.headers.get("Authorization", ""))
    if not key:
        message = "You did not provide an API key. Send it as 'Authorization: Bearer sk_test_…'."
        raise unauthorised(message)
    if "_live_" in key:
        message = "This is the sandbox: it takes test keys only. Keep the live key away from it."
        raise unauthorised(message)
    if key.startswith("pk_"):
        message = "This API call cannot be made with a publishable API key."
        raise unauthorised(message, "secret_key_required")
    if not key.startswith(("sk_test_", "rk_test_")):
        raise unauthorised(f"Invalid API Key provided: {key[:8]}****")


def _secret_key(header: str) -> str:
    scheme, _, value = header.partition(" ")
    if scheme == "Basic":
        try:
            return base64.b64decode(value).decode().partition(":")[0]
        except ValueError:
            return ""
    return value.strip() if scheme == "Bearer" else ""


def _check_version(request: Request, ask: Ask) -> None:
    version = request.headers.get("Stripe-Version", VERSION)
    if version != VERSION:
        message = f"Invalid Stripe API version: {version}. The sandbox speaks {VERSION} only."
        raise invalid(message)
    if ask.key is not None and not 0 < len(ask.key) <= LONGEST_KEY:
        message = f"Idempotency-Key may have 1 to {LONGEST_KEY} characters."
        raise StripeError(400, "idempotency_error", message)


def _try(world: World, ask: Ask) -> tuple[dict[str, Any], StripeError | None]:
    # A refusal takes back what the call wrote, unless that has to stay (a declined card).
    emitted = len(world.emitted)
    world.db.execute("SAVEPOINT call")
    try:
        return _execute(world, ask), None
    except StripeError as error:
        if not error.keeps:
            world.db.execute("ROLLBACK TO call")
            del world.emitted[emitted:]
        return {}, error
    finally:
        world.db.execute("RELEASE call")


def _execute(world: World, ask: Ask) -> dict[str, Any]:
    found = routes.find(ask.method, ask.path)
    if found is None:
        message = f"Unrecognized request URL ({ask.method}: {ask.path}) in the sandbox."
        raise StripeError(404, "invalid_request_error", message)
    route, ids = found
    params = route.table.read(forms.parse(ask.text))
    answer = route.verb(world, routes.Call(ask.path, ids, params))
    return expand.apply(world, answer, params.get("expand", []))


def _turned_away(world: World, ask: Ask) -> Answer | None:
    """Give the answer of a switch that keeps a call from being looked at, or None."""
    fault = faults.take(world.db, faults.BEFORE, ask.subject)
    if fault is None:
        return None
    if fault.kind == "timeout_before":
        return Answer(0, "", lost=fault)
    errors = {"error_409": key_in_use(), "lock_timeout": locked()}
    return _refusal(errors.get(fault.kind) or too_many(fault.reason or "global-rate"))


def _fingerprint(ask: Ask) -> str:
    try:
        tree: object = forms.parse(ask.text)
    except StripeError:
        tree = ask.text
    whole = json.dumps([ask.method, ask.path, tree], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def _replay(world: World, ask: Ask) -> Answer | None:
    if not ask.key:
        return None
    row = world.db.execute(
        "SELECT * FROM keys WHERE key = ? AND created > ?", (ask.key, world.now - KEY_LIFE)
    ).fetchone()
    if row is None:
        return None
    if row["fingerprint"] != _fingerprint(ask):
        message = (
            "Keys for idempotent requests can only be used with the same parameters they were"
            f" first used with. Use another key than '{ask.key}' for another request."
        )
        return _refusal(StripeError(400, "idempotency_error", message))
    return Answer(row["status"], row["answer"], original=row["request"])


def _keep(world: World, ask: Ask, answer: Answer) -> None:
    world.db.execute(
        "REPLACE INTO keys (key, fingerprint, created, request, status, answer) VALUES (?, ?, ?, ?, ?, ?)",
        (ask.key, _fingerprint(ask), world.now, ask.request, answer.status, answer.text),
    )


def _refusal(error: StripeError) -> Answer:
    return Answer(error.status, _text(error.body()), error.headers)


def _text(body: dict[str, Any]) -> str:
    return json.dumps(body, separators=(",", ":"))


def _response(ask: Ask, answer: Answer) -> Response:
    response = Response(answer.text, answer.status, content_type="application/json")
    response.headers.extend(answer.headers)
    response.headers["Request-Id"] = ask.request
    response.headers["Stripe-Version"] = VERSION
    if ask.key:
        response.headers["Idempotency-Key"] = ask.key
    if answer.original:
        response.headers["Idempotent-Replayed"] = "true"
        response.headers["Original-Request"] = answer.original
    return response
