"""The control API, outside /v1: time, faults, limits, the log, and what banks do. It speaks JSON.

GET  /_sandbox/health
GET  /_sandbox/clock
POST /_sandbox/clock/advance     seconds
POST /_sandbox/reset
GET  /_sandbox/log?since=seq
POST /_sandbox/faults            kind, match, count, seconds (or hang), reason, chance, seed; see faults.py
GET  /_sandbox/faults
DELETE /_sandbox/faults
POST /_sandbox/limits            per_second: of each endpoint; 0 is no limit
POST /_sandbox/holds/lapse       payment_intent
POST /_sandbox/disputes          charge or payment_intent, reason, amount, inquiry
POST /_sandbox/disputes/resolve  dispute, status: won, lost, escalated (an inquiry only)
POST /_sandbox/refunds/resolve   refund, status: succeeded, failed; failure_reason
POST /_sandbox/cards/renew       payment_method, exp_month, exp_year, number: another test card
POST /_sandbox/events/resend     event
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from . import control_body, faults, interventions
from .control_body import Body, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Request

    from .machine import Machine

LONGEST_HANG = 60
# 2095-01-01, in seconds: on a card a year has two digits, and a new card lives four years.
FURTHEST = 3_944_678_400
LONGEST_DELAY = 30 * 24 * 60 * 60


def respond(machine: Machine, request: Request) -> Response:
    """Answer a request under /_sandbox/."""
    name = f"{request.method} {request.path.removeprefix('/_sandbox')}"
    if name == "GET /log":
        return _tried(lambda: _log(machine, request.args.get("since", "0")))
    if name not in ACTIONS:
        return _answer(404, {"error": f"There is no {name}."})
    return _tried(lambda: ACTIONS[name](machine, control_body.read(request)))


def _tried(action: Callable[[], object]) -> Response:
    try:
        return _answer(200, action())
    except Refusal as refusal:
        return _answer(400, {"error": str(refusal)})


def _answer(status: int, body: object) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")


def _health(machine: Machine, body: Body) -> dict[str, Any]:
    del body
    return {"ok": True, "now": machine.clock.now()}


def _clock(machine: Machine, body: Body) -> dict[str, Any]:
    del body
    return {"now": machine.clock.now(), "ahead": machine.clock.ahead}


def _advance(machine: Machine, body: Body) -> dict[str, Any]:
    seconds = body.whole("seconds", hint=": time only goes forward")
    if machine.clock.now() + seconds > FURTHEST:
        message = "seconds leads into the year 2095: new cards, valid for four years, could not be typed any more."
        raise Refusal(message)
    machine.advance(seconds)
    return _clock(machine, body)


def _reset(machine: Machine, body: Body) -> dict[str, Any]:
    del body
    machine.reset()
    return {"ok": True}


def _faults(machine: Machine, body: Body) -> list[dict[str, Any]]:
    del body
    with machine.store.transaction() as db:
        return [asdict(fault) for fault in faults.listed(db)]


def _add_fault(machine: Machine, body: Body) -> dict[str, Any]:
    fault = _fault(body)
    with machine.store.transaction() as db:
        faults.add(db, fault)
    return {"ok": True}


def _clear_faults(machine: Machine, body: Body) -> dict[str, Any]:
    del body
    with machine.store.transaction() as db:
        faults.clear(db)
    return {"ok": True}


def _fault(body: Body) -> faults.Fault:
    kind = body.choice("kind", faults.KINDS)
    count = body.whole("count", 1, -1, ", or -1 for until reset")
    if count == 0:
        message = "count has to be 1 or more, or -1 for until reset."
        raise Refusal(message)
    # What holds a connection open is called hang, what holds a webhook back seconds.
    name = "hang" if "hang" in body else "seconds"
    return faults.Fault(
        kind=kind,
        pattern=body.text("match", "*", " such as POST /v1/payment_intents/*/capture"),
        count=count,
        seconds=body.number(name, 0, LONGEST_DELAY if kind.startswith("webhook_") else LONGEST_HANG),
        reason=_reason(body, kind),
        chance=body.number("chance", 1, 1),
        seed=body.whole("seed", 0),
    )


def _reason(body: Body, kind: str) -> str:
    if kind == "error_429":
        words = (
            *("global-rate", "endpoint-rate", "global-concurrency"),
            *("endpoint-concurrency", "resource-specific"),
        )
        return body.choice("reason", words, "global-rate")
    if kind == "refund_pending":
        return body.choice("reason", ("processing", "insufficient_funds", "charge_pending"), "processing")
    return body.text("reason", "")


def _limit(machine: Machine, body: Body) -> dict[str, Any]:
    machine.limits.per_second = body.whole("per_second", hint="; 0 is no limit")
    return {"ok": True}


def _log(machine: Machine, since: str) -> list[dict[str, Any]]:
    if not (since.isascii() and since.isdigit()):
        message = "since has to be the seq of a call."
        raise Refusal(message)
    with machine.store.transaction() as db:
        rows = db.execute("SELECT * FROM calls WHERE seq > ? ORDER BY seq", (since,)).fetchall()
    calls = [dict(row) for row in rows]
    for call in calls:
        call["replayed"], call["answered"] = bool(call["replayed"]), bool(call["answered"])
    return calls


ACTIONS: dict[str, Callable[[Machine, Body], object]] = {
    "GET /health": _health,
    "GET /clock": _clock,
    "POST /clock/advance": _advance,
    "POST /reset": _reset,
    "GET /faults": _faults,
    "POST /faults": _add_fault,
    "DELETE /faults": _clear_faults,
    "POST /limits": _limit,
    "POST /disputes": interventions.dispute,
    "POST /holds/lapse": interventions.lapse_hold,
    "POST /disputes/resolve": interventions.resolve_dispute,
    "POST /refunds/resolve": interventions.resolve_refund,
    "POST /cards/renew": interventions.renew_card,
    "POST /events/resend": interventions.resend,
}
