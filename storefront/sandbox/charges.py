"""Charges: one try to take money from a card, and what happens to it later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import balance, disputes
from .cards import BY_NUMBER, Decline, extended_hold, hold_seconds
from .world import Thing, World, unset

if TYPE_CHECKING:
    from collections.abc import Mapping

# Fields of Stripe that are null until something sets them.
UNSET = unset(
    """
    application application_fee application_fee_amount balance_transaction failure_balance_transaction
    failure_code failure_message on_behalf_of outcome receipt_number receipt_url review shipping
    source_transfer transfer_data
    """
)


def approve(world: World, intent: Thing, method: Thing, *, off_session: bool) -> Thing:
    """Store a charge that the bank said yes to: a hold, or money taken at once."""
    charge = _charge(world, intent, method)
    held = manual(intent)
    charge.update(paid=True, status="succeeded")
    charge["outcome"] = _outcome("authorized", "approved_by_network", "Payment complete.")
    if held:
        _hold(world, charge, intent, off_session=off_session)
    else:
        _captured(world, charge, charge["amount"])
    world.add(charge)
    world.emit("charge.succeeded", charge)
    return charge


def fail(world: World, intent: Thing, method: Thing, decline: Decline) -> Thing:
    """Store a charge that the bank said no to."""
    charge = _charge(world, intent, method)
    charge.update(failure_code=decline.code, failure_message=decline.message, status="failed")
    charge["outcome"] = {
        **_outcome("issuer_declined", "declined_by_network", "The bank declined this payment."),
        "advice_code": decline.advice,
        "network_decline_code": decline.network_code,
        "reason": decline.reason or decline.code,
    }
    world.add(charge)
    world.emit("charge.failed", charge)
    return charge


def capture(world: World, charge: Thing, amount: int, changes: Mapping[str, Any]) -> None:
    """Take what was held, or a part of it; the rest is released."""
    charge.update(changes)
    _captured(world, charge, amount)
    world.save(charge)
    world.emit("charge.captured", charge)


def release(world: World, charge: Thing, event: str) -> None:
    """Let a hold go, since it was cancelled or its life is over."""
    charge.update(amount_refunded=charge["amount"], refunded=True)
    world.save(charge)
    world.emit(event, charge)


def give_back(world: World, charge: Thing, amount: int) -> None:
    """Count a refund, and say so."""
    before = _refund_facts(charge)
    _count_refunded(charge, amount)
    world.save(charge)
    world.emit("charge.refunded", charge, before)


def take_again(world: World, charge: Thing, amount: int) -> None:
    """Count a refund no more: it failed, or was cancelled."""
    before = _refund_facts(charge)
    _count_refunded(charge, -amount)
    world.save(charge)
    world.emit("charge.updated", charge, before)


def dispute(world: World, charge: Thing) -> None:
    """Let the bank of a card that disputes every charge do so."""
    charge.due = None
    card = BY_NUMBER[charge.hidden["number"]]
    world.save(charge)
    if left := disputes.disputable(world, charge):
        disputes.begin(world, charge, card.dispute, left, inquiry=card.inquiry)


def _hold(world: World, charge: Thing, intent: Thing, *, off_session: bool) -> None:
    card = charge["payment_method_details"]["card"]
    wanted = card_options(intent).get("request_extended_authorization") == "if_available"
    extended = extended_hold(card["brand"], off_session=off_session) if wanted else None
    card["capture_before"] = world.now + (extended or hold_seconds(card["brand"], off_session=off_session))
    card["extended_authorization"] = {"status": "enabled" if extended else "disabled"}


def _refund_facts(charge: Thing) -> dict[str, Any]:
    return {name: charge[name] for name in ("amount_refunded", "refunded")}


def _count_refunded(charge: Thing, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]


def _captured(world: World, charge: Thing, amount: int) -> None:
    charge.update(amount_captured=amount, captured=True)
    charge["balance_transaction"] = balance.charged(world, charge, amount).id
    if BY_NUMBER[charge.hidden["number"]].dispute:
        # Its bank comes back a moment later: at the next sweep.
        charge.due = world.now


def manual(intent: Thing) -> bool:
    """Say whether an intent only holds the money until it is captured."""
    return "manual" in (intent["capture_method"], card_options(intent).get("capture_method"))


def card_options(intent: Thing) -> dict[str, Any]:
    """Give what an intent asks of a card."""
    options: dict[str, Any] = (intent["payment_method_options"] or {}).get("card") or {}
    return options


def _charge(world: World, intent: Thing, method: Thing) -> Thing:
    return Thing(
        {
            "id": world.ids.new("ch"),
            "object": "charge",
            **UNSET,
            "amount": intent["amount"],
            "amount_captured": 0,
            "amount_refunded": 0,
            "billing_details": method["billing_details"],
            "calculated_statement_descriptor": intent["statement_descriptor"] or "SANDBOX",
            "captured": False,
            "created": world.now,
            "currency": intent["currency"],
            "customer": intent["customer"],
            "description": intent["description"],
            "disputed": False,
            "fraud_details": {},
            "livemode": False,
            "metadata": dict(intent["metadata"]),
            "paid": False,
            "payment_intent": intent.id,
            "payment_method": method.id,
            "payment_method_details": _method_details(world, intent, method),
            "receipt_email": intent["receipt_email"],
            "refunded": False,
            "statement_descriptor": intent["statement_descriptor"],
            "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
            "status": "pending",
            "transfer_group": intent["transfer_group"],
        },
        {"number": method.hidden["number"]},
    )


def _outcome(verdict: str, network_status: str, message: str) -> dict[str, Any]:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": network_status,
        "reason": None,
        "risk_level": "normal",
        "risk_score": 12,
        "seller_message": message,
        "type": verdict,
    }


def _method_details(world: World, intent: Thing, method: Thing) -> dict[str, Any]:
    card = method["card"]
    amount = intent["amount"]
    details = {
        "amount_authorized": amount,
        "authorization_code": world.ids.letters(6).upper(),
        **{name: card[name] for name in ("brand", "checks", "country", "exp_month", "exp_year")},
        "extended_authorization": {"status": "disabled"},
        **{name: card[name] for name in ("fingerprint", "funding")},
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "last4": card["last4"],
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card["brand"],
        "network_token": {"used": False},
        "network_transaction_id": world.ids.letters(15),
        "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
        "regulated_status": "unregulated",
        "three_d_secure": None,
        "transaction_link_id": None,
        "wallet": None,
    }
    return {"card": details, "type": "card"}
