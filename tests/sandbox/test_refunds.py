"""Refunds: in full, in parts, never more than was captured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Local, Receiver


def test_a_payment_is_refunded_in_full(local: Local, hooks: Receiver) -> None:
    intent = local.charge()
    refund = local.api.refunds.create(
        {
            "payment_intent": intent.id,
            "reason": "requested_by_customer",
            "metadata": {"order": "7"},
            "expand": ["charge", "balance_transaction"],
        }
    )
    charge: Any = refund.charge
    row: Any = refund.balance_transaction
    assert (refund.status, refund.amount, refund.currency) == ("succeeded", 11900, "eur")
    assert (charge.refunded, charge.amount_refunded) == (True, 11900)
    assert (row.amount, row.source) == (-11900, refund.id)
    hooks.first("refund.created")
    assert hooks.first("charge.refunded")["data"]["object"]["id"] == charge.id


def test_a_payment_is_refunded_in_parts_up_to_the_whole(local: Local) -> None:
    intent = local.charge()
    charge = str(intent.latest_charge)
    first = local.api.refunds.create({"charge": charge, "amount": 10000})
    answer = local.call("POST", "/v1/refunds", f"charge={charge}&amount=1901")
    assert answer.json()["error"]["code"] == "amount_too_large"
    rest = local.api.refunds.create({"payment_intent": intent.id})
    assert (first.amount, rest.amount) == (10000, 1900)
    again = local.call("POST", "/v1/refunds", f"payment_intent={intent.id}")
    assert again.json()["error"]["code"] == "charge_already_refunded"


def test_no_more_than_was_captured_is_refunded(local: Local) -> None:
    hold = local.hold()
    local.api.payment_intents.capture(hold.id, {"amount_to_capture": 9900})
    answer = local.call("POST", "/v1/refunds", f"payment_intent={hold.id}&amount=10000")
    assert answer.json()["error"]["code"] == "amount_too_large"
    assert local.api.refunds.create({"payment_intent": hold.id}).amount == 9900


def test_a_hold_is_cancelled_not_refunded(local: Local) -> None:
    hold = local.hold()
    answer = local.call("POST", "/v1/refunds", f"payment_intent={hold.id}")
    assert answer.json()["error"]["code"] == "charge_not_refundable"


@pytest.mark.parametrize("body", ["", "payment_intent=pi_none", "charge=ch_none", "charge=ch_1&payment_intent=pi_1"])
def test_a_refund_names_one_payment(local: Local, body: str) -> None:
    assert local.call("POST", "/v1/refunds", body).status_code == 400


def test_an_unpaid_intent_has_nothing_to_refund(local: Local) -> None:
    intent = local.api.payment_intents.create({"amount": 1000, "currency": "eur"})
    answer = local.call("POST", "/v1/refunds", f"payment_intent={intent.id}")
    assert answer.json()["error"]["code"] == "payment_intent_unexpected_state"


def test_a_refunds_metadata_changes(local: Local, hooks: Receiver) -> None:
    refund = local.api.refunds.create({"payment_intent": local.charge().id})
    local.api.refunds.update(refund.id, {"metadata": {"note": "x"}})
    found = local.api.refunds.retrieve(refund.id)
    assert found.metadata
    assert found.metadata.to_dict() == {"note": "x"}
    assert hooks.first("refund.updated")["data"]["previous_attributes"] == {"metadata": {}}


def test_refunds_are_listed_by_payment(local: Local) -> None:
    intent, other = local.charge(), local.charge()
    mine = local.api.refunds.create({"payment_intent": intent.id, "amount": 100})
    local.api.refunds.create({"payment_intent": other.id})
    by_intent = local.api.refunds.list({"payment_intent": intent.id}).data
    by_charge = local.api.refunds.list({"charge": str(intent.latest_charge)}).data
    assert [found.id for found in by_intent] == [found.id for found in by_charge] == [mine.id]
    charge: Any = local.api.charges.retrieve(str(intent.latest_charge), {"expand": ["refunds"]})
    assert [refund.id for refund in charge.refunds.data] == [mine.id]
    rows = local.api.balance_transactions.list({"source": mine.id}).data
    assert [row.type for row in rows] == ["refund"]
    assert local.api.balance_transactions.retrieve(rows[0].id).amount == -100
