"""Refunds: money given back, never more than was captured. One that has succeeded may still fail."""

# pending ─────────┬─► succeeded ─► failed      (the customer's bank sends it back)
# requires_action ─┤
#      │           └─► failed
#      └─► canceled

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import balance, charges, disputes, faults
from .cards import BY_NUMBER
from .currencies import check_digits
from .errors import invalid, refused
from .params import exclusive, merged, missing
from .world import Thing, World

if TYPE_CHECKING:
    from .routes import Call

# Simulated seconds until a bank answers by itself; the control API may answer before.
ANSWER_AFTER = 60 * 60
ACTION_WITHIN = 30 * 24 * 60 * 60
UNDECIDED = ("pending", "requires_action")
# Reasons to wait for which the money has left the balance already.
UNDER_WAY = ("processing",)


def create(world: World, call: Call) -> Thing:
    """Give a charge back, in full or in part."""
    charge = _charge(world, call.params)
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = call.params.get("amount", left)
    _check(world, charge, amount, left)
    refund = Thing(_blank(world, charge, amount, call.params))
    _foresee(world, refund, charge, f"POST {call.path}")
    if refund["status"] == "succeeded" or refund.get("pending_reason") in UNDER_WAY:
        refund["balance_transaction"] = balance.refunded(world, charge, amount, refund.id).id
    world.add(refund)
    charges.give_back(world, charge, amount)
    world.emit("refund.created", refund)
    if charge["refunded"]:
        disputes.close_inquiries(world, charge)
    return refund


def update(world: World, call: Call) -> Thing:
    """Change a refund's metadata; nothing else of it can change."""
    refund = world.fetch("refund", call.ids[0])
    before = {"metadata": refund["metadata"]}
    refund["metadata"] = merged(refund["metadata"], call.params.get("metadata"))
    world.save(refund)
    world.emit("refund.updated", refund, before)
    return refund


def cancel(world: World, call: Call) -> Thing:
    """Take back a refund that waits for its customer to act."""
    refund = world.fetch("refund", call.ids[0])
    if refund["status"] != "requires_action":
        message = (
            f"This refund cannot be canceled because it has a status of {refund['status']}."
            " Only one with a status of requires_action can be canceled."
        )
        raise refused(message, param="id")
    _undo(world, refund, {"status": "canceled"})
    return refund


def resolve(world: World, refund: Thing, status: str, reason: str = "unknown") -> None:
    """Let the bank answer: "succeeded", or "failed" for a reason, even after it had succeeded."""
    if status == "failed":
        _fail(world, refund, reason)
    else:
        _succeed(world, refund)


def fall_due(world: World, refund: Thing) -> None:
    """Do what the card's bank does some time later; a customer who never acts gets nothing."""
    if refund["status"] == "pending":
        resolve(world, refund, "succeeded")
    else:
        resolve(world, refund, "failed", "expired_or_canceled_card")


def _charge(world: World, params: dict[str, Any]) -> Thing:
    if "charge" in params and "payment_intent" in params:
        raise exclusive("charge", "payment_intent")
    if "charge" in params:
        return world.fetch("charge", params["charge"], "charge")
    if "payment_intent" not in params:
        raise missing("payment_intent")
    intent = world.fetch("payment_intent", params["payment_intent"], "payment_intent")
    if intent["status"] not in ("succeeded", "requires_capture"):
        message = f"This PaymentIntent ({intent.id}) does not have a successful charge to refund."
        raise invalid(message, param="payment_intent", code="payment_intent_unexpected_state")
    return world.fetch("charge", intent["latest_charge"])


def _check(world: World, charge: Thing, amount: int, left: int) -> None:
    if not charge["captured"]:
        message = f"Charge {charge.id} is not captured. Cancel its PaymentIntent instead."
        raise refused(message, code="charge_not_refundable")
    if left == 0:
        message = f"Charge {charge.id} has already been refunded."
        raise refused(message, code="charge_already_refunded")
    if amount > left:
        message = f"Refund amount ({amount}) is greater than unrefunded amount ({left})."
        raise refused(message, code="amount_too_large", param="amount")
    check_digits(amount, charge["currency"])
    taken = disputes.withdrawn(world, charge)
    if taken and amount > left - taken:
        message = f"Charge {charge.id} has been charged back: its money cannot be refunded."
        raise refused(message, code="charge_disputed")


def _foresee(world: World, refund: Thing, charge: Thing, subject: str) -> None:
    # A switch of the control API goes before what the card does.
    switch = faults.take(world.db, faults.REFUNDS, subject)
    ways = {"refund_pending": "pending", "refund_requires_action": "requires_action", "refund_fails": "fails"}
    way = ways[switch.kind] if switch else BY_NUMBER[charge.hidden["number"]].refund
    if way == "pending":
        refund.update(status="pending", pending_reason=(switch and switch.reason) or "processing")
    elif way == "requires_action":
        refund.update(status="requires_action", next_action=_next_action(world, charge))
        refund.due = world.now + ACTION_WITHIN
    if way in ("pending", "fails"):
        refund.due = world.now + ANSWER_AFTER


def _next_action(world: World, charge: Thing) -> dict[str, Any]:
    address = charge["receipt_email"] or charge["billing_details"]["email"] or "unknown@example.com"
    sent = {"email_sent_at": world.now, "email_sent_to": address}
    shown = {"email_sent": sent, "expires_at": world.now + ACTION_WITHIN}
    return {"display_details": shown, "type": "display_details"}


def _succeed(world: World, refund: Thing) -> None:
    names = ("balance_transaction", "next_action", "pending_reason", "status")
    before = {name: refund[name] for name in names if name in refund}
    if not refund["balance_transaction"]:
        charge = world.fetch("charge", refund["charge"])
        refund["balance_transaction"] = balance.refunded(world, charge, refund["amount"], refund.id).id
    _end(refund, {"status": "succeeded"})
    world.save(refund)
    world.emit("refund.updated", refund, before)


def _fail(world: World, refund: Thing, reason: str) -> None:
    changes = {"status": "failed", "failure_reason": reason}
    if refund["balance_transaction"]:
        charge = world.fetch("charge", refund["charge"])
        row = balance.refund_failed(world, charge, refund["amount"], refund.id)
        changes["failure_balance_transaction"] = row.id
    _undo(world, refund, changes)
    world.emit("refund.failed", refund)


def _undo(world: World, refund: Thing, changes: dict[str, Any]) -> None:
    before = {"status": refund["status"]}
    _end(refund, changes)
    world.save(refund)
    charges.take_again(world, world.fetch("charge", refund["charge"]), refund["amount"])
    world.emit("refund.updated", refund, before)


def _end(refund: Thing, changes: dict[str, Any]) -> None:
    for name in ("next_action", "pending_reason"):
        refund.pop(name, None)
    refund.update(changes)
    refund.due = None


def _blank(world: World, charge: Thing, amount: int, params: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": world.ids.new("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge.id,
        "created": world.now,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": {
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        },
        "metadata": merged({}, params.get("metadata")),
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
