"""The control API, outside /v1: clock, reset, faults, what banks decide, and the log of calls."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from . import disputes, faults, refunds

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Request

    from .machine import Machine
    from .world import Thing, World

LONGEST_HANG = 60
RESOLUTIONS = ("pending", "requires_action", "succeeded", "failed", "canceled")


class Refusal(ValueError):
    """A control request that makes no sense; its sentence is the answer (400)."""


def respond(machine: Machine, request: Request) -> Response:
    """Answer a request under /_sandbox/."""
    name = f"{request.method} {request.path.removeprefix('/_sandbox')}"
    actions: dict[str, Callable[[], object]] = {
        "GET /health": lambda: {"ok": True, "now": machine.clock.now()},
        "GET /clock": lambda: _clock(machine),
        "POST /clock/advance": lambda: _advance(machine, _json(request)),
        "POST /reset": lambda: _reset(machine),
        "POST /faults": lambda: _fault(machine, _json(request)),
        "POST /disputes": lambda: _dispute(machine, _json(request)),
        "POST /disputes/decide": lambda: _decide(machine, _json(request)),
        "POST /refunds/resolve": lambda: _resolve(machine, _json(request)),
        "POST /cards/renew": lambda: _renew(machine, _json(request)),
        "GET /log": lambda: _log(machine, request.args.get("since", "0")),
    }
    if name not in actions:
        return _answer(404, {"error": f"There is no {name}."})
    try:
        return _answer(200, actions[name]())
    except Refusal as refusal:
        return _answer(400, {"error": str(refusal)})


def _answer(status: int, body: object) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")


def _json(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.get_data(as_text=True) or "{}")
    except ValueError as error:
        message = f"The body is not JSON: {error}"
        raise Refusal(message) from error
    if not isinstance(body, dict):
        message = "The body has to be a JSON object."
        raise Refusal(message)
    return body


def _clock(machine: Machine) -> dict[str, Any]:
    return {"now": machine.clock.now(), "ahead": machine.clock.ahead}


def _advance(machine: Machine, body: dict[str, Any]) -> dict[str, Any]:
    seconds = body.get("seconds")
    if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds < 0:
        message = "seconds has to be a whole number that is not negative: time only goes forward."
        raise Refusal(message)
    machine.advance(seconds)
    return _clock(machine)


def _reset(machine: Machine) -> dict[str, Any]:
    machine.reset()
    return {"ok": True}


def _fault(machine: Machine, body: dict[str, Any]) -> dict[str, Any]:
    kind, pattern = body.get("kind"), body.get("match", "*")
    count, hang = body.get("count", 1), body.get("hang", 0)
    if kind not in faults.KINDS:
        message = f"kind has to be one of {', '.join(faults.KINDS)}."
        raise Refusal(message)
    if not isinstance(pattern, str):
        message = "match has to be a string such as POST /v1/payment_intents/*/capture."
        raise Refusal(message)
    if not isinstance(count, int) or (count < 1 and count != -1):
        message = "count has to be 1 or more, or -1 for until reset."
        raise Refusal(message)
    if not isinstance(hang, int | float) or not 0 <= hang <= LONGEST_HANG:
        message = f"hang has to be 0 to {LONGEST_HANG} seconds."
        raise Refusal(message)
    with machine.store.transaction() as db:
        faults.add(db, kind, pattern, count, hang)
    return {"ok": True}


def _dispute(machine: Machine, body: dict[str, Any]) -> dict[str, Any]:
    """The holder of a card disputes what it paid: payment_intent, reason, inquiry, amount."""
    with machine.world() as world:
        intent = _named(world, "payment_intent", body.get("payment_intent"))
        charge = world.find("charge", str(intent["latest_charge"]))
        if charge is None or not charge["captured"] or not disputes.refundable(world, charge):
            message = "That payment is not captured, or disputed already."
            raise Refusal(message)
        reason, amount = str(body.get("reason", "product_not_received")), body.get("amount")
        made = disputes.begin(world, charge, reason, inquiry=bool(body.get("inquiry")), amount=amount)
    return {"dispute": made.id}


def _decide(machine: Machine, body: dict[str, Any]) -> dict[str, Any]:
    with machine.world() as world:
        dispute = _named(world, "dispute", body.get("dispute"))
        if dispute["status"] not in disputes.OPEN:
            message = f"The dispute is {dispute['status']}."
            raise Refusal(message)
        disputes.decide(world, dispute, won=bool(body.get("won")))
    return {"status": dispute["status"]}


def _resolve(machine: Machine, body: dict[str, Any]) -> dict[str, Any]:
    status = str(body.get("status"))
    if status not in RESOLUTIONS:
        message = f"status has to be one of {', '.join(RESOLUTIONS)}."
        raise Refusal(message)
    with machine.world() as world:
        refund = _named(world, "refund", body.get("refund"))
        if refund["status"] in refunds.LOST or refund["status"] == status:
            message = f"The refund is {refund['status']}."
            raise Refusal(message)
        refunds.resolve(world, refund, status, str(body.get("failure_reason", "expired_or_canceled_card")))
    return {"status": status}


def _renew(machine: Machine, body: dict[str, Any]) -> dict[str, Any]:
    """A network gives a card a new date: payment_method, exp_month, exp_year."""
    month, year = body.get("exp_month"), body.get("exp_year")
    if not isinstance(month, int) or not 1 <= month <= 12 or not isinstance(year, int):  # noqa: PLR2004 - months
        message = "exp_month and exp_year have to be numbers."
        raise Refusal(message)
    with machine.world() as world:
        method = _named(world, "payment_method", body.get("payment_method"))
        before = {"card": dict(method["card"])}
        method["card"] = {**method["card"], "exp_month": month, "exp_year": year}
        world.save(method)
        world.emit("payment_method.automatically_updated", method, before)
    return {"ok": True}


def _named(world: World, kind: str, ident: object) -> Thing:
    thing = world.find(kind, str(ident))
    if thing is None:
        message = f"There is no {kind} {ident!r}."
        raise Refusal(message)
    return thing


def _log(machine: Machine, since: str) -> list[dict[str, Any]]:
    if not since.isdigit():
        message = "since has to be the seq of a call."
        raise Refusal(message)
    with machine.store.transaction() as db:
        rows = db.execute("SELECT * FROM calls WHERE seq > ? ORDER BY seq", (since,)).fetchall()
    calls = [dict(row) for row in rows]
    for call in calls:
        call["replayed"], call["answered"] = bool(call["replayed"]), bool(call["answered"])
    return calls
