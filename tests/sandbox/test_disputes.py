"""Disputes: opened by cards or by a word from outside, answered once, won, lost, or only asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.conftest import DAY

if TYPE_CHECKING:
    from tests.sandbox.conftest import Local, Receiver


def disputed(local: Local, alias: str = "pm_card_createDisputeProductNotReceived") -> Any:
    """A payment whose holder disputes it a minute later."""
    intent = local.charge(alias)
    local.advance(61)
    (dispute,) = local.api.disputes.list({"payment_intent": intent.id}).data
    return dispute


def balance(local: Local) -> int:
    return sum(row.amount for row in local.api.balance_transactions.list({"limit": 100}).data)


def test_some_cards_dispute_what_they_paid_a_minute_later(local: Local, hooks: Receiver) -> None:
    dispute = disputed(local)
    assert (dispute.reason, dispute.status, dispute.amount) == ("product_not_received", "needs_response", 11900)
    assert dispute.evidence_details.due_by > local.now()
    assert local.api.charges.retrieve(dispute.charge).disputed is True
    assert balance(local) == 0, "the money has gone"
    assert hooks.first("charge.dispute.created")["data"]["object"]["id"] == dispute.id
    hooks.first("charge.dispute.funds_withdrawn")


def test_a_hold_is_disputed_only_once_it_is_captured(local: Local) -> None:
    hold = local.hold("pm_card_createDispute")
    local.advance(DAY)
    assert local.api.disputes.list().data == []
    local.api.payment_intents.capture(hold.id)
    local.advance(61)
    assert [each.reason for each in local.api.disputes.list().data] == ["fraudulent"]


@pytest.mark.parametrize(
    ("words", "status", "kept"), [("winning_evidence", "won", 11900), ("losing_evidence", "lost", 0)]
)
def test_the_evidence_decides(local: Local, hooks: Receiver, words: str, status: str, kept: int) -> None:
    dispute = disputed(local)
    answered = local.api.disputes.update(dispute.id, {"evidence": {"uncategorized_text": words}, "submit": True})
    assert (answered.status, answered.evidence_details.submission_count) == ("under_review", 1)
    local.advance(61)
    assert local.api.disputes.retrieve(dispute.id).status == status
    assert balance(local) == kept
    assert hooks.first("charge.dispute.closed")["data"]["object"]["status"] == status


def test_evidence_may_be_staged_and_is_submitted_once(local: Local) -> None:
    dispute = disputed(local)
    staged = local.api.disputes.update(dispute.id, {"evidence": {"customer_name": "Miriam"}, "submit": False})
    assert (staged.status, staged.evidence_details.has_evidence) == ("needs_response", True)
    local.api.disputes.update(dispute.id, {"submit": True})
    again = local.call("POST", f"/v1/disputes/{dispute.id}", "evidence[customer_name]=Tom&submit=true")
    assert again.status_code == 400


def test_a_dispute_without_an_answer_in_time_is_lost(local: Local) -> None:
    dispute = disputed(local)
    local.advance(10 * DAY)
    found = local.api.disputes.retrieve(dispute.id)
    assert (found.status, found.evidence_details.past_due) == ("lost", True)


def test_an_accepted_dispute_is_lost(local: Local) -> None:
    dispute = disputed(local)
    assert local.api.disputes.close(dispute.id).status == "lost"
    assert local.call("POST", f"/v1/disputes/{dispute.id}/close").status_code == 400


def test_an_inquiry_takes_no_money(local: Local, hooks: Receiver) -> None:
    dispute = disputed(local, "pm_card_createDisputeInquiry")
    assert dispute.status == "warning_needs_response"
    assert balance(local) == 11900
    local.control("disputes/decide", dispute=dispute.id, won=True)
    assert local.api.disputes.retrieve(dispute.id).status == "warning_closed"
    hooks.first("charge.dispute.closed")
    assert hooks.of("charge.dispute.funds_withdrawn") == []


def test_what_is_disputed_is_not_refunded_until_it_is_won(local: Local) -> None:
    dispute = disputed(local)
    refused = local.call("POST", "/v1/refunds", f"payment_intent={dispute.payment_intent}")
    assert refused.json()["error"]["code"] == "charge_disputed"
    local.control("disputes/decide", dispute=dispute.id, won=True)
    assert local.api.refunds.create({"payment_intent": dispute.payment_intent}).status == "succeeded"


def test_any_payment_can_be_disputed_by_a_word_from_outside(local: Local) -> None:
    intent = local.charge()
    made = local.control("disputes", payment_intent=intent.id, reason="duplicate", amount=900)
    dispute = local.api.disputes.retrieve(made["dispute"], {"expand": ["charge"]})
    assert (dispute.reason, dispute.amount, dispute.charge.payment_intent) == ("duplicate", 900, intent.id)


def test_a_network_gives_a_card_a_new_date(local: Local, hooks: Receiver) -> None:
    _, card = local.saved_card()
    local.control("cards/renew", payment_method=card, exp_month=3, exp_year=2055)
    found = local.api.payment_methods.retrieve(card).card
    assert (found.exp_month, found.exp_year) == (3, 2055)
    assert hooks.first("payment_method.automatically_updated")["data"]["object"]["id"] == card
