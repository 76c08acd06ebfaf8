"""Refunds: money given back, never more than was captured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import charges, disputes
from .cards import DAY, TestCard
from .errors import invalid, refused
from .params import exclusive, merged, missing
from .payment_methods import card_of
from .world import Thing, World

if TYPE_CHECKING:
    from .routes import Call

LOST = ("failed", "canceled")


def create(world: World, call: Call) -> Thing:
    """Give a charge back, in full or in part."""
    charge = _charge(world, call.params)
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = call.params.get("amount", left)
    _check(world, charge, amount, left)
    refund = Thing(_blank(world, charge, amount, call.params))
    refund["balance_transaction"] = charges.refund(world, charge, amount, refund.id)
    _by_card(world, refund, card_of(world.fetch("payment_method", charge["payment_method"])))
    world.add(refund)
    world.emit("refund.created", refund)
    return refund


def _by_card(world: World, refund: Thing, card: TestCard) -> None:
    """Some cards take their time, and some turn out to be closed."""
    if card.refund == "pending":
        refund.update(status="pending", pending_reason="processing")
        refund.due, refund.hidden["then"] = world.now + DAY, "succeeded"
    elif card.refund == "fails":
        refund.due, refund.hidden["then"] = world.now + 3 * DAY, "failed"


def fall_due(world: World, refund: Thing) -> None:
    """What a card does to its refunds by itself."""
    resolve(world, refund, refund.hidden["then"])


def resolve(world: World, refund: Thing, status: str, why: str = "expired_or_canceled_card") -> None:
    """A refund arrives, or it comes back."""
    before = {"status": refund["status"]}
    refund["status"], refund.due = status, None
    refund.pop("pending_reason", None)
    if status in LOST:
        charge = world.fetch("charge", refund["charge"])
        refund["failure_balance_transaction"] = charges.take_back(world, charge, refund["amount"], refund.id)
    if status == "failed":
        refund["failure_reason"] = why
    world.save(refund)
    if status == "failed":
        world.emit("refund.failed", refund)
    world.emit("refund.updated", refund, before)


def cancel(world: World, call: Call) -> Thing:
    """Take back a refund that waits for its holder."""
    refund = world.fetch("refund", call.ids[0])
    if refund["status"] != "requires_action":
        message = f"The refund {refund.id} is {refund['status']}; only one that requires action can be canceled."
        raise refused(message, code="refund_not_cancelable")
    resolve(world, refund, "canceled")
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


def _check(world: World, charge: Thing, amount: int, left: int) -> None:
    if not disputes.refundable(world, charge):
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
