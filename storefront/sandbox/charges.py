"""Charges: one try to take money from a card, and the balance rows that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .cards import Decline, TestCard, hold_seconds
from .payment_methods import card_of
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


DISPUTED_AFTER = 60
CATEGORIES = {("adjustment", False): "dispute", ("adjustment", True): "dispute_reversal"}


def approve(world: World, intent: Thing, method: Thing, *, off_session: bool) -> Thing:
    """Store a charge that the bank said yes to: a hold, or money taken at once."""
    charge = _charge(world, intent, method)
    held = manual(intent)
    charge.update(paid=True, status="succeeded", captured=not held)
    charge["outcome"] = _outcome("authorized", "approved_by_network", "Payment complete.")
    if held:
        life = hold_seconds(method["card"]["brand"], off_session=off_session)
        charge["payment_method_details"]["card"]["capture_before"] = world.now + life
    else:
        charge["amount_captured"] = charge["amount"]
        charge["balance_transaction"] = balance(world, charge, charge["amount"], charge.id, "charge").id
        _await_dispute(world, charge, card_of(method))
    world.add(charge)
    world.emit("charge.succeeded", charge)
    return charge


def _await_dispute(world: World, charge: Thing, card: TestCard) -> None:
    """Some cards' holders dispute what they paid: the sweep opens it a minute after the money was taken."""
    if card.dispute:
        charge.due = world.now + DISPUTED_AFTER


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
    charge.update(amount_captured=amount, captured=True, **changes)
    charge["balance_transaction"] = balance(world, charge, amount, charge.id, "charge").id
    _await_dispute(world, charge, card_of(world.fetch("payment_method", charge["payment_method"])))
    world.save(charge)
    world.emit("charge.captured", charge)


def release(world: World, charge: Thing, event: str) -> None:
    """Let a hold go, since it was cancelled or its life is over."""
    charge.update(amount_refunded=charge["amount"], refunded=True)
    world.save(charge)
    world.emit(event, charge)


def refund(world: World, charge: Thing, amount: int, refund_id: str) -> str:
    """Give captured money back; returns the id of the balance row."""
    before = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    world.save(charge)
    world.emit("charge.refunded", charge, before)
    return balance(world, charge, -amount, refund_id, "refund").id


def take_back(world: World, charge: Thing, amount: int, refund_id: str) -> str:
    """A refund did not reach its card: the money is the shop's again; returns the id of the balance row."""
    before = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    charge.update(amount_refunded=charge["amount_refunded"] - amount, refunded=False)
    world.save(charge)
    world.emit("charge.updated", charge, before)
    return balance(world, charge, amount, refund_id, "refund_failure").id


def manual(intent: Thing) -> bool:
    """Say whether an intent only holds the money until it is captured."""
    options = (intent["payment_method_options"] or {}).get("card") or {}
    return "manual" in (intent["capture_method"], options.get("capture_method"))


def balance(world: World, charge: Thing, amount: int, source: str, kind: str) -> Thing:
    """Add a row to the balance. A plain fee, so that a statement has something to add up; refunds give none back."""
    fee = round(amount * 0.015) + 25 if kind == "charge" else 0
    body = {
        "id": world.ids.new("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": world.now,
        "balance_type": "payments",
        "created": world.now,
        "currency": charge["currency"],
        "description": charge["description"],
        "exchange_rate": None,
        "fee": fee,
        "fee_details": _fee_details(fee, charge["currency"]) if fee else [],
        "net": amount - fee,
        "reporting_category": CATEGORIES.get((kind, amount > 0), kind),
        "source": source,
        "status": "available",
        "type": kind,
    }
    return world.add(Thing(body))


def _fee_details(fee: int, currency: str) -> list[dict[str, Any]]:
    return [
        {
            "amount": fee,
            "application": None,
            "currency": currency,
            "description": "Sandbox processing fee",
            "type": "stripe_fee",
        }
    ]


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
        }
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
