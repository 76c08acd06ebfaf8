"""Disputes: a bank takes a payment back, and the shop may answer with evidence."""

# needs_response ─► under_review ─► won
#      └────────────────┴─────────► lost       (closed, lapsed at due_by, or not believed)
# warning_needs_response ─► warning_under_review ─► warning_closed      (an inquiry: no money moves)
#      └────────────────────────┴─► needs_response                      (escalated: the money goes)

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import balance
from .errors import invalid, refused
from .params import merged
from .world import Thing, World, unset

if TYPE_CHECKING:
    from .errors import StripeError
    from .routes import Call

DAY = 24 * 60 * 60
# Banks leave 7 to 21 days for an answer.
TIME_TO_ANSWER = 9 * DAY
WAITING = ("needs_response", "warning_needs_response")
# While a dispute is in one of these, the money is the bank's.
WITHDRAWN = ("needs_response", "under_review", "lost")
NETWORK_CODES = {
    "fraudulent": "10.4",
    "product_not_received": "13.1",
    "product_unacceptable": "13.3",
    "credit_not_processed": "13.6",
    "subscription_canceled": "13.2",
    "duplicate": "12.6",
    "general": "13.7",
    "unrecognized": "10.4",
}
# A line holds 5,000 characters, a text 20,000.
EVIDENCE_LINES = (
    "billing_address",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "duplicate_charge_id",
    "service_date",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_tracking_number",
)
EVIDENCE_TEXTS = (
    "access_activity_log",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "duplicate_charge_explanation",
    "product_description",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "uncategorized_text",
)
MOST_EVIDENCE = 150_000
EVIDENCE_FILES = unset(
    """
    cancellation_policy customer_communication customer_signature duplicate_charge_documentation
    receipt refund_policy service_documentation shipping_documentation uncategorized_file
    """
)
# What these words in `uncategorized_text` make of a dispute, as in Stripe's own test mode.
VERDICTS = {"winning_evidence": "won", "losing_evidence": "lost", "escalate_inquiry_evidence": "escalated"}


def begin(world: World, charge: Thing, reason: str, amount: int, *, inquiry: bool = False) -> Thing:
    """Let the bank dispute a charge, or only ask about it."""
    dispute = Thing(_blank(world, charge, reason, amount))
    charge["disputed"] = True
    world.save(charge)
    if inquiry:
        dispute.update(status="warning_needs_response", is_charge_refundable=True)
        dispute["payment_method_details"]["card"]["case_type"] = "inquiry"
    else:
        _withdraw(world, dispute)
    dispute.due = dispute["evidence_details"]["due_by"]
    world.add(dispute)
    world.emit("charge.dispute.created", dispute)
    if not inquiry:
        world.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def update(world: World, call: Call) -> Thing:
    """Keep evidence and metadata; the evidence goes to the bank unless submit=false, and only once."""
    dispute = world.fetch("dispute", call.ids[0])
    before = {name: dispute[name] for name in ("evidence", "evidence_details", "metadata", "status")}
    evidence = call.params.get("evidence")
    if (evidence or call.params.get("submit")) and dispute["status"] not in WAITING:
        raise _over(dispute, "updated")
    dispute["metadata"] = merged(dispute["metadata"], call.params.get("metadata"))
    dispute["evidence"] = _with(dispute["evidence"], evidence or {})
    _note_evidence(dispute)
    if call.params.get("submit", evidence is not None):
        _submit(world, dispute)
    changed = {name: value for name, value in before.items() if dispute[name] != value}
    world.save(dispute)
    world.emit("charge.dispute.updated", dispute, changed)
    return dispute


def close(world: World, call: Call) -> Thing:
    """Give a dispute up: it is lost. An inquiry only ends."""
    dispute = world.fetch("dispute", call.ids[0])
    if dispute["status"] not in WAITING:
        raise _over(dispute, "closed")
    resolve(world, dispute, "lost")
    return dispute


def resolve(world: World, dispute: Thing, verdict: str) -> None:
    """End a dispute "won" or "lost"; "escalated" turns an inquiry into a chargeback."""
    dispute.due = None
    if _is_inquiry(dispute):
        left = disputable(world, world.fetch("charge", dispute["charge"]))
        if verdict == "escalated" and left > 0:
            _escalate(world, dispute, min(left, dispute["amount"]))
        else:
            _end(world, dispute, "warning_closed")
        return
    if verdict == "won":
        _put(dispute, balance.reinstated(world, dispute))
        _end(world, dispute, "won")
        world.emit("charge.dispute.funds_reinstated", dispute)
    else:
        _end(world, dispute, "lost")


def fall_due(world: World, dispute: Thing) -> None:
    """Do what time does: the bank decides about evidence, or the time to answer is over."""
    verdict = dispute.hidden.get("verdict")
    if dispute["status"] in WAITING and dispute["evidence_details"]["has_evidence"]:
        before = {name: dispute[name] for name in ("evidence_details", "status")}
        _submit(world, dispute)
        world.save(dispute)
        world.emit("charge.dispute.updated", dispute, before)
    elif verdict:
        resolve(world, dispute, verdict)
    else:
        dispute["evidence_details"] = {**dispute["evidence_details"], "past_due": True}
        resolve(world, dispute, "lost")


def of_charge(world: World, charge: Thing) -> list[Thing]:
    """Give a charge's disputes, oldest first."""
    ours = "intent = ? AND json_extract(body, '$.charge') = ?"
    return world.query("dispute", ours, charge["payment_intent"], charge.id)


def withdrawn(world: World, charge: Thing) -> int:
    """Give how much of a charge a bank has taken back."""
    if not charge["disputed"]:
        return 0
    found = of_charge(world, charge)
    return sum(dispute["amount"] for dispute in found if dispute["status"] in WITHDRAWN)


def disputable(world: World, charge: Thing) -> int:
    """Give how much of a charge is the shop's still: captured, and neither given nor taken back."""
    return int(charge["amount_captured"] - charge["amount_refunded"] - withdrawn(world, charge))


def close_inquiries(world: World, charge: Thing) -> None:
    """End what the bank only asked about: the charge was refunded in full."""
    for dispute in of_charge(world, charge):
        if _is_inquiry(dispute) and dispute["status"] != "warning_closed":
            resolve(world, dispute, "lost")


def _is_inquiry(dispute: Thing) -> bool:
    return str(dispute["status"]).startswith("warning_")


def _with(old: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    both = {**old, **given}
    if sum(len(both[name] or "") for name in (*EVIDENCE_LINES, *EVIDENCE_TEXTS)) > MOST_EVIDENCE:
        message = f"The evidence may have at most {MOST_EVIDENCE} characters in all."
        raise invalid(message, param="evidence")
    return both


def _note_evidence(dispute: Thing) -> None:
    given = any(value for name, value in dispute["evidence"].items() if name != "enhanced_evidence")
    dispute["evidence_details"] = {**dispute["evidence_details"], "has_evidence": given}


def _submit(world: World, dispute: Thing) -> None:
    details = dispute["evidence_details"]
    count = details["submission_count"] + 1
    dispute["evidence_details"] = {**details, "submission_count": count, "submission_method": "manual"}
    dispute["status"] = "warning_under_review" if _is_inquiry(dispute) else "under_review"
    verdict = VERDICTS.get((dispute["evidence"]["uncategorized_text"] or "").strip())
    dispute.hidden["verdict"] = verdict
    # Without one of the test words the bank thinks about it until the control API says.
    dispute.due = world.now if verdict else None


def _withdraw(world: World, dispute: Thing) -> None:
    dispute.update(status="needs_response", is_charge_refundable=False)
    _put(dispute, balance.disputed(world, dispute))


def _put(dispute: Thing, row: Thing) -> None:
    dispute["balance_transactions"] = [*dispute["balance_transactions"], dict(row)]


def _escalate(world: World, dispute: Thing, amount: int) -> None:
    before = {name: dispute[name] for name in ("amount", "evidence_details", "is_charge_refundable", "status")}
    dispute["amount"] = amount
    _withdraw(world, dispute)
    card = {**dispute["payment_method_details"]["card"], "case_type": "chargeback"}
    dispute["payment_method_details"] = {"card": card, "type": "card"}
    dispute["evidence"] = _no_evidence()
    dispute["evidence_details"] = _evidence_details(world)
    dispute.hidden.pop("verdict", None)
    dispute.due = dispute["evidence_details"]["due_by"]
    world.save(dispute)
    world.emit("charge.dispute.updated", dispute, before)
    world.emit("charge.dispute.funds_withdrawn", dispute)


def _end(world: World, dispute: Thing, status: str) -> None:
    dispute["status"] = status
    world.save(dispute)
    world.emit("charge.dispute.closed", dispute)


def _no_evidence() -> dict[str, Any]:
    return {**EVIDENCE_FILES, **dict.fromkeys((*EVIDENCE_LINES, *EVIDENCE_TEXTS)), "enhanced_evidence": {}}


def _evidence_details(world: World) -> dict[str, Any]:
    return {
        "due_by": world.now + TIME_TO_ANSWER,
        "enhanced_eligibility": {},
        "has_evidence": False,
        "past_due": False,
        "submission_count": 0,
        "submission_method": "not_submitted",
    }


def _blank(world: World, charge: Thing, reason: str, amount: int) -> dict[str, Any]:
    brand = charge["payment_method_details"]["card"]["brand"]
    card = {
        "brand": brand,
        "case_type": "chargeback",
        "network": brand,
        "network_reason_code": NETWORK_CODES[reason],
    }
    return {
        "id": world.ids.new("du"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge.id,
        "created": world.now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": _no_evidence(),
        "evidence_details": _evidence_details(world),
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {"card": card, "type": "card"},
        "reason": reason,
        "status": "needs_response",
    }


def _over(dispute: Thing, verb: str) -> StripeError:
    message = (
        f"This dispute cannot be {verb} because it has a status of {dispute['status']}."
        f" Only one with one of the following statuses can be {verb}: {', '.join(WAITING)}."
    )
    return refused(message, param="id")
