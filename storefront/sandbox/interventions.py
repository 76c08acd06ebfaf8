"""What banks and Stripe's dashboard do to a shop's payments, done at once by the control API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from . import disputes, payment_methods, payments, refunds, webhook_faults
from .cards import BY_NUMBER
from .control_body import Refusal
from .errors import StripeError

if TYPE_CHECKING:
    from .control_body import Body
    from .machine import Machine
    from .world import Thing, World

OVER = ("lost", "warning_closed", "won")
FAILURES = (
    "unknown",
    "charge_for_pending_refund_disputed",
    "declined",
    "expired_or_canceled_card",
    "insufficient_funds",
    "lost_or_stolen_card",
    "merchant_request",
)
YEARS_OF_A_CARD = 4
DECEMBER = 12


def lapse_hold(machine: Machine, body: Body) -> dict[str, Any]:
    """Let a card's bank give up a hold before its time."""
    with machine.world() as world:
        intent = _fetch(world, "payment_intent", body.text("payment_intent"))
        if intent["status"] != "requires_capture":
            message = f"There is no hold: the payment intent has a status of {intent['status']}."
            raise Refusal(message)
        payments.lapse(world, intent)
        return dict(intent)


def dispute(machine: Machine, body: Body) -> dict[str, Any]:
    """Let a bank dispute a captured charge, in full unless `amount` says less; `inquiry` only asks."""
    reason = body.choice("reason", tuple(disputes.NETWORK_CODES), "fraudulent")
    with machine.world() as world:
        charge = _disputed_charge(world, body)
        left = disputes.disputable(world, charge)
        amount = body.whole("amount", left, 1, ", and the charge needs money that is neither refunded nor disputed")
        if amount > left:
            message = f"amount is {amount}, but only {left} of the charge can be disputed."
            raise Refusal(message)
        return dict(disputes.begin(world, charge, reason, amount, inquiry=body.flag("inquiry")))


def resolve_dispute(machine: Machine, body: Body) -> dict[str, Any]:
    """Let the bank decide: won, lost, or (an inquiry only) escalated to a chargeback."""
    verdict = body.choice("status", ("won", "lost", "escalated"))
    with machine.world() as world:
        found = _fetch(world, "dispute", body.text("dispute"))
        if found["status"] in OVER:
            message = f"The dispute is over: it has a status of {found['status']}."
            raise Refusal(message)
        if verdict == "escalated" and not found["status"].startswith("warning_"):
            message = "Only an inquiry can be escalated; this one is a chargeback already."
            raise Refusal(message)
        disputes.resolve(world, found, verdict)
        return dict(found)


def resolve_refund(machine: Machine, body: Body) -> dict[str, Any]:
    """Let the bank answer a refund: succeeded, or failed with a failure_reason, even after it had succeeded."""
    status = body.choice("status", ("succeeded", "failed"))
    reason = body.choice("failure_reason", FAILURES, "unknown")
    with machine.world() as world:
        refund = _fetch(world, "refund", body.text("refund"))
        open_ones = (*refunds.UNDECIDED, "succeeded") if status == "failed" else refunds.UNDECIDED
        if refund["status"] not in open_ones:
            message = f"The refund cannot have {status}: it has a status of {refund['status']}."
            raise Refusal(message)
        refunds.resolve(world, refund, status, reason)
        return dict(refund)


def renew_card(machine: Machine, body: Body) -> dict[str, Any]:
    """Let a saved card's bank send a new one: another expiry, and with `number` another test card."""
    with machine.world() as world:
        method = _fetch(world, "payment_method", body.text("payment_method"))
        number = body.text("number", method.hidden["number"]).replace(" ", "")
        if number not in BY_NUMBER:
            message = "number has to be one of the test cards."
            raise Refusal(message)
        later = datetime.fromtimestamp(world.now, UTC).year + YEARS_OF_A_CARD
        month = body.whole("exp_month", method["card"]["exp_month"], 1)
        if month > DECEMBER:
            message = "exp_month has to be 1 to 12."
            raise Refusal(message)
        return dict(payment_methods.renew(world, method, BY_NUMBER[number], month, body.whole("exp_year", later, 2000)))


def resend(machine: Machine, body: Body) -> dict[str, Any]:
    """Send an event again to every endpoint that asks for its type, as the dashboard's button does."""
    with machine.world() as world:
        event = _fetch(world, "event", body.text("event"))
        for endpoint in world.endpoints_for(event["type"]):
            subject = f"{endpoint.id} {event['data']['object']['id']}"
            webhook_faults.send_again(world.db, event.id, endpoint.id, subject, machine.clock.wall())
    machine.deliverer.wake()
    return dict(event)


def _disputed_charge(world: World, body: Body) -> Thing:
    if "payment_intent" in body:
        intent = _fetch(world, "payment_intent", body.text("payment_intent"))
        return _fetch(world, "charge", intent["latest_charge"] or "")
    return _fetch(world, "charge", body.text("charge"))


def _fetch(world: World, kind: str, ident: str) -> Thing:
    try:
        return world.fetch(kind, ident)
    except StripeError as error:
        raise Refusal(str(error)) from error
