"""Refunds: money given back, never more than was captured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import charges
from .errors import invalid, refused
from .params import exclusive, merged, missing
from .world import Thing, World

if TYPE_CHECKING:
    from .routes import Call


def create(world: World, call: Call) -> Thing:
    """Give a charge back, in full or in part."""
    charge = _charge(world, call.params)
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = call.params.get("amount", left)
    _check(charge, amount, left)
    refund = Thing(_blank(world, charge, amount, call.params))
    refund["balance_transaction"] = charges.refund(world, charge, amount, refund.id)
    world.add(refund)
    world.emit("refund.created", refund)
    return refund


def update(world: World, call: Call) -> Thing:
    """Change a refund's metadata; nothing else of it can change."""
    refund = world.fetch("refund", call.ids[0])
    before = {"metadata": refund["metadata"]}
    refund["metadata"] = merged(refund["metadata"], call.params.get("metadata"))
    world.save(refund)
    world.emit("refund.updated", refund, before)
    return refund


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


def _check(charge: Thing, amount: int, left: int) -> None:
    if charge["disputed"]:
        message = f"Charge {charge.id} is disputed; its money cannot be refunded."
        raise refused(message, code="charge_disputed")
    if not charge["captured"]:
        message = f"Charge {charge.id} is not captured. Cancel its PaymentIntent instead."
        raise refused(message, code="charge_not_refundable")
    if left == 0:
        message = f"Charge {charge.id} has already been refunded."
        raise refused(message, code="charge_already_refunded")
    if amount > left:
        message = f"Refund amount ({amount}) is greater than unrefunded amount ({left})."
        raise refused(message, code="amount_too_large", param="amount")


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
