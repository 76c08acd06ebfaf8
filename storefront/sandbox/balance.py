"""Balance transactions: each row says what a charge, refund or dispute did to the balance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .world import Thing, World

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .routes import Call

# What Stripe takes when a bank disputes a charge, in minor units; not given back.
DISPUTE_FEE = 1500


def standing(world: World, _call: Call) -> dict[str, Any]:
    """Tell what is on the account, by currency: all of it is available at once here."""
    net, currency = "sum(json_extract(body, '$.net'))", "json_extract(body, '$.currency')"
    query = f"SELECT {currency}, {net} FROM things WHERE kind = 'balance_transaction' GROUP BY 1 ORDER BY 1"  # noqa: S608
    rows = [
        {"amount": int(total), "currency": name, "source_types": {"card": int(total)}}
        for name, total in world.db.execute(query).fetchall()
    ]
    nothing = [{**each, "amount": 0, "source_types": {"card": 0}} for each in rows]
    return {"object": "balance", "available": rows, "livemode": False, "pending": nothing}


def charged(world: World, charge: Thing, amount: int) -> Thing:
    """Note money taken. A plain fee, so that a statement has something to add up."""
    return _row(world, charge, amount, ("charge", "charge"), charge.id, round(amount * 0.015) + 25)


def refunded(world: World, charge: Thing, amount: int, refund: str) -> Thing:
    """Note money given back; the fee of the charge stays with Stripe."""
    return _row(world, charge, -amount, ("refund", "refund"), refund)


def refund_failed(world: World, charge: Thing, amount: int, refund: str) -> Thing:
    """Note that a refund came back."""
    return _row(world, charge, amount, ("refund_failure", "refund_failure"), refund)


def disputed(world: World, dispute: Mapping[str, Any]) -> Thing:
    """Note that the bank took the money of a charge back, and what Stripe asks for that."""
    about = {**dispute, "description": f"Chargeback withdrawal for {dispute['charge']}"}
    return _row(world, about, -dispute["amount"], ("adjustment", "dispute"), dispute["id"], DISPUTE_FEE)


def reinstated(world: World, dispute: Mapping[str, Any]) -> Thing:
    """Note that the bank gave disputed money back."""
    about = {**dispute, "description": f"Chargeback reversal for {dispute['charge']}"}
    return _row(world, about, dispute["amount"], ("adjustment", "dispute_reversal"), dispute["id"])


def _row(
    world: World, about: Mapping[str, Any], amount: int, kinds: tuple[str, str], source: str, fee: int = 0
) -> Thing:
    kind, category = kinds
    body = {
        "id": world.ids.new("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": world.now,
        "balance_type": "payments",
        "created": world.now,
        "currency": about["currency"],
        "description": about["description"],
        "exchange_rate": None,
        "fee": fee,
        "fee_details": _fee_details(fee, about["currency"]) if fee else [],
        "net": amount - fee,
        "reporting_category": category,
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
