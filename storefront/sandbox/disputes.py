"""Disputes: a card's holder asks their bank for the money back, and the bank decides in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import charges
from .cards import DAY
from .errors import refused
from .params import merged
from .world import Thing, World, unset

if TYPE_CHECKING:
    from .routes import Call

ANSWER_WITHIN = 9 * DAY
DECIDED_AFTER = 60
FIELDS = unset(
    """
access_activity_log billing_address cancellation_policy cancellation_policy_disclosure cancellation_rebuttal
customer_communication customer_email_address customer_name customer_purchase_ip customer_signature
duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id product_description receipt
refund_policy refund_policy_disclosure refund_refusal_explanation service_date service_documentation
shipping_address shipping_carrier shipping_date shipping_documentation shipping_tracking_number
uncategorized_file uncategorized_text
    """
)
NETWORK_CODES = {"fraudulent": "10.4", "product_not_received": "13.1", "general": "10.4"}
# What the evidence says decides, as in Stripe's test mode; anything else waits for a word from outside.
VERDICTS = {"winning_evidence": True, "losing_evidence": False}
OPEN = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")


def begin(world: World, charge: Thing, reason: str, *, inquiry: bool, amount: int | None = None) -> Thing:
    """Open a dispute; unless the bank only asks, the money goes at once."""
    dispute = Thing(_blank(world, charge, reason, amount or charge["amount_captured"], inquiry=inquiry))
    dispute.due = world.now + ANSWER_WITHIN
    charge["disputed"] = True
    world.save(charge)
    world.add(dispute)
    world.emit("charge.dispute.created", dispute)
    if not inquiry:
        _move_money(world, charge, dispute, -dispute["amount"], "charge.dispute.funds_withdrawn")
    return dispute


def update(world: World, call: Call) -> Thing:
    """Keep evidence, and hand it to the bank where the call says so (by default it does); once only."""
    dispute = world.fetch("dispute", call.ids[0])
    params = call.params
    if "metadata" in params:
        dispute["metadata"] = merged(dispute["metadata"], params["metadata"])
    if "evidence" in params:
        _keep(dispute, params["evidence"])
    if params.get("submit", "evidence" in params):
        _submit(world, dispute)
    world.save(dispute)
    world.emit("charge.dispute.updated", dispute)
    return dispute


def _keep(dispute: Thing, evidence: dict[str, Any]) -> None:
    if dispute["status"] not in OPEN or dispute["evidence_details"]["submission_count"]:
        message = f"The dispute {dispute.id} is {dispute['status']}; it takes no evidence any more."
        raise refused(message, code="dispute_already_submitted")
    dispute["evidence"] = {**dispute["evidence"], **{name: text or None for name, text in evidence.items()}}
    dispute["evidence_details"]["has_evidence"] = any(dispute["evidence"].get(name) for name in FIELDS)


def _submit(world: World, dispute: Thing) -> None:
    details = dispute["evidence_details"]
    details.update(submission_count=1, submission_method="manual")
    dispute["status"] = "warning_under_review" if _asks(dispute) else "under_review"
    said = VERDICTS.get(dispute["evidence"]["uncategorized_text"] or "")
    dispute.hidden["won"] = said
    dispute.due = None if said is None else world.now + DECIDED_AFTER


def close(world: World, call: Call) -> Thing:
    """Accept a dispute: it is lost."""
    dispute = world.fetch("dispute", call.ids[0])
    if dispute["status"] not in OPEN:
        raise refused(f"The dispute {dispute.id} is closed already.", code="dispute_closed")
    return decide(world, dispute, won=False)


def fall_due(world: World, dispute: Thing) -> None:
    """The bank decides by the evidence; without an answer in time the dispute is lost."""
    decide(world, dispute, won=bool(dispute.hidden.get("won")))


def decide(world: World, dispute: Thing, *, won: bool) -> Thing:
    """Close a dispute; what was withdrawn comes back when it is won."""
    charge = world.fetch("charge", dispute["charge"])
    inquiry = _asks(dispute)
    dispute["status"] = "warning_closed" if inquiry else "won" if won else "lost"
    dispute["evidence_details"]["past_due"] = not dispute["evidence_details"]["submission_count"]
    dispute["is_charge_refundable"] = won or inquiry
    dispute.due = None
    world.save(dispute)
    world.emit("charge.dispute.closed", dispute)
    if won and not inquiry:
        _move_money(world, charge, dispute, dispute["amount"], "charge.dispute.funds_reinstated")
    return dispute


def refundable(world: World, charge: Thing) -> bool:
    """Whether nobody disputes a charge, or all who did have lost."""
    found = world.query("dispute", "json_extract(body, '$.charge') = ?", charge.id)
    return all(each["is_charge_refundable"] for each in found)


def _asks(dispute: Thing) -> bool:
    return str(dispute["status"]).startswith("warning_")


def _move_money(world: World, charge: Thing, dispute: Thing, amount: int, event: str) -> None:
    row = charges.balance(world, charge, amount, dispute.id, "adjustment")
    dispute["balance_transactions"] = [*dispute["balance_transactions"], dict(row)]
    world.save(dispute)
    world.emit(event, dispute)


def _blank(world: World, charge: Thing, reason: str, amount: int, *, inquiry: bool) -> dict[str, Any]:
    brand = charge["payment_method_details"]["card"]["brand"]
    return {
        "id": world.ids.new("du"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge.id,
        "created": world.now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**FIELDS, "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": world.now + ANSWER_WITHIN,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": brand,
                "case_type": "inquiry" if inquiry else "chargeback",
                "network": brand,
                "network_reason_code": NETWORK_CODES.get(reason, "13.3"),
            },
            "type": "card",
        },
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }
