"""Disputes: what banks take back, what shops answer, who wins, and where the money is meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from storefront.sandbox import disputes
from tests.sandbox.inside import DAY

if TYPE_CHECKING:
    from tests.sandbox.conftest import Local
    from tests.sandbox.inside import Inside


def disputed(inside: Inside, alias: str = "pm_card_createDispute") -> Any:
    """Give the dispute that a card's bank begins by itself."""
    intent = inside.paid(alias)
    inside.pass_time()
    (dispute,) = inside.get(f"/v1/disputes?payment_intent={intent['id']}")["data"]
    return dispute


def again(inside: Inside, dispute: Any) -> Any:
    """Give a dispute as it is now."""
    return inside.get(f"/v1/disputes/{dispute['id']}")


def nets(inside: Inside, dispute: Any) -> list[int]:
    """Give what the rows of a dispute did to the balance."""
    return [row["net"] for row in again(inside, dispute)["balance_transactions"]]


@pytest.mark.parametrize(
    ("alias", "reason", "status"),
    [
        ("pm_card_createDispute", "fraudulent", "needs_response"),
        ("pm_card_createDisputeProductNotReceived", "product_not_received", "needs_response"),
        ("pm_card_createDisputeInquiry", "fraudulent", "warning_needs_response"),
    ],
)
def test_some_cards_dispute_every_charge(inside: Inside, alias: str, reason: str, status: str) -> None:
    dispute = disputed(inside, alias)
    assert (dispute["reason"], dispute["status"], dispute["amount"]) == (reason, status, 1000)
    assert inside.get(f"/v1/charges/{dispute['charge']}")["disputed"] is True
    assert inside.told("charge.dispute.created") == [dispute]
    assert dispute["evidence_details"]["due_by"] == dispute["created"] + 9 * DAY


def test_a_hold_is_disputed_only_once_it_is_captured(inside: Inside) -> None:
    hold = inside.held("pm_card_createDispute")
    inside.pass_time(DAY)
    assert inside.get("/v1/disputes")["data"] == []
    inside.post(f"/v1/payment_intents/{hold['id']}/capture", {"amount_to_capture": "900"})
    (dispute,) = inside.get("/v1/disputes")["data"]
    assert dispute["amount"] == 900


def test_a_refund_in_full_comes_before_the_dispute_and_there_is_none(inside: Inside) -> None:
    intent = inside.paid()
    inside.post("/v1/refunds", {"payment_intent": intent["id"]})
    assert "has to be" in inside.refusal("disputes", payment_intent=intent["id"])


def test_a_chargeback_takes_the_money_and_a_fee(inside: Inside) -> None:
    dispute = disputed(inside)
    assert nets(inside, dispute) == [-2500]
    (withdrawn,) = inside.told("charge.dispute.funds_withdrawn")
    assert withdrawn["id"] == dispute["id"]
    (row,) = inside.get(f"/v1/balance_transactions?source={dispute['id']}&expand[]=data.source")["data"]
    assert (row["type"], row["reporting_category"], row["source"]["id"]) == ("adjustment", "dispute", dispute["id"])


def test_an_inquiry_takes_no_money_and_the_charge_may_be_refunded(inside: Inside) -> None:
    inquiry = disputed(inside, "pm_card_createDisputeInquiry")
    assert (nets(inside, inquiry), inquiry["is_charge_refundable"]) == ([], True)
    assert inside.post("/v1/refunds", {"charge": inquiry["charge"]})["status"] == "succeeded"
    assert again(inside, inquiry)["status"] == "warning_closed"


def test_a_disputed_charge_is_not_refunded(inside: Inside) -> None:
    dispute = disputed(inside)
    assert inside.error("/v1/refunds", {"charge": dispute["charge"]})["code"] == "charge_disputed"


def test_what_is_not_disputed_may_be_refunded(inside: Inside) -> None:
    intent = inside.paid()
    inside.control("disputes", payment_intent=intent["id"], amount=400)
    refused = inside.error("/v1/refunds", {"payment_intent": intent["id"]})
    rest = inside.post("/v1/refunds", {"payment_intent": intent["id"], "amount": "600"})
    assert (refused["code"], rest["status"]) == ("charge_disputed", "succeeded")
    assert inside.error("/v1/refunds", {"payment_intent": intent["id"], "amount": "1"})["code"] == "charge_disputed"


def test_an_inquiry_becomes_a_chargeback_of_what_is_left(inside: Inside) -> None:
    inquiry = disputed(inside, "pm_card_createDisputeInquiry")
    inside.post("/v1/refunds", {"charge": inquiry["charge"], "amount": "400"})
    assert inside.control("disputes/resolve", dispute=inquiry["id"], status="escalated")["amount"] == 600


@pytest.mark.parametrize(("words", "status"), [("winning_evidence", "won"), ("losing_evidence", "lost")])
def test_the_evidence_decides(inside: Inside, words: str, status: str) -> None:
    dispute = disputed(inside)
    answered = inside.post(f"/v1/disputes/{dispute['id']}", {"evidence[uncategorized_text]": words})
    assert (answered["status"], answered["evidence_details"]["submission_count"]) == ("under_review", 1)
    inside.pass_time()
    assert again(inside, dispute)["status"] == status
    assert [told["status"] for told in inside.told("charge.dispute.closed")] == [status]


def test_a_dispute_won_brings_the_money_back(inside: Inside) -> None:
    dispute = disputed(inside)
    inside.control("disputes/resolve", dispute=dispute["id"], status="won")
    assert nets(inside, dispute) == [-2500, 1000]
    assert len(inside.told("charge.dispute.funds_reinstated")) == 1
    assert inside.post("/v1/refunds", {"charge": dispute["charge"]})["status"] == "succeeded"


def test_evidence_may_wait_and_is_sent_once(inside: Inside) -> None:
    dispute = disputed(inside)
    path = f"/v1/disputes/{dispute['id']}"
    staged = inside.post(path, {"evidence[access_activity_log]": "read on 3 May", "submit": "false"})
    assert (staged["status"], staged["evidence_details"]["has_evidence"]) == ("needs_response", True)
    assert inside.post(path, {"submit": "true"})["status"] == "under_review"
    assert "status of under_review" in inside.error(path, {"evidence[customer_name]": "Ada"})["message"]
    assert inside.post(path, {"metadata[order]": "7"})["metadata"] == {"order": "7"}
    inside.control("disputes/resolve", dispute=dispute["id"], status="lost")
    assert again(inside, dispute)["status"] == "lost"


def test_evidence_has_its_lengths(inside: Inside) -> None:
    path = f"/v1/disputes/{disputed(inside)['id']}"
    for name, longest in (("customer_name", 5_000), ("uncategorized_text", 20_000)):
        assert inside.error(path, {f"evidence[{name}]": "x" * (longest + 1)})["param"] == f"evidence[{name}]"
    full = {f"evidence[{name}]": "x" * 20_000 for name in disputes.EVIDENCE_TEXTS[:7]}
    assert inside.post(path, {**full, "submit": "false"})["status"] == "needs_response"
    more = {f"evidence[{name}]": "x" * 5_000 for name in disputes.EVIDENCE_LINES[:3]}
    assert inside.error(path, {**more, "submit": "false"})["param"] == "evidence"


def test_evidence_that_waits_leaves_when_the_time_is_over(inside: Inside) -> None:
    dispute = disputed(inside)
    path = f"/v1/disputes/{dispute['id']}"
    inside.post(path, {"evidence[uncategorized_text]": "winning_evidence", "submit": "false"})
    inside.pass_time(9 * DAY)
    assert again(inside, dispute)["status"] == "won"


def test_a_dispute_that_nobody_answers_is_lost(inside: Inside) -> None:
    dispute = disputed(inside)
    inside.pass_time(9 * DAY - 1)
    assert again(inside, dispute)["status"] == "needs_response"
    inside.pass_time(1)
    lapsed = again(inside, dispute)
    assert (lapsed["status"], lapsed["evidence_details"]["past_due"]) == ("lost", True)
    assert nets(inside, dispute) == [-2500]


def test_a_dispute_given_up_is_lost(inside: Inside) -> None:
    dispute = disputed(inside)
    path = f"/v1/disputes/{dispute['id']}/close"
    assert inside.post(path)["status"] == "lost"
    assert "status of lost" in inside.error(path)["message"]


@pytest.mark.parametrize("words", ["winning_evidence", "losing_evidence"])
def test_an_inquiry_that_is_answered_ends(inside: Inside, words: str) -> None:
    inquiry = disputed(inside, "pm_card_createDisputeInquiry")
    answered = inside.post(f"/v1/disputes/{inquiry['id']}", {"evidence[uncategorized_text]": words})
    assert answered["status"] == "warning_under_review"
    inside.pass_time()
    assert again(inside, inquiry)["status"] == "warning_closed"
    assert nets(inside, inquiry) == []


def test_an_inquiry_may_become_a_chargeback(inside: Inside) -> None:
    inquiry = disputed(inside, "pm_card_createDisputeInquiry")
    inside.control("disputes/resolve", dispute=inquiry["id"], status="escalated")
    chargeback = again(inside, inquiry)
    assert (chargeback["status"], chargeback["is_charge_refundable"]) == ("needs_response", False)
    assert chargeback["payment_method_details"]["card"]["case_type"] == "chargeback"
    assert nets(inside, inquiry) == [-2500]


def test_a_bank_disputes_when_told_to(inside: Inside) -> None:
    intent = inside.paid()
    told = inside.control("disputes", charge=intent["latest_charge"], reason="product_not_received", amount=300)
    assert (told["amount"], told["payment_intent"]) == (300, intent["id"])
    assert inside.get(f"/v1/disputes?charge={intent['latest_charge']}&created[gte]=1")["data"] == [told]
    assert inside.control("disputes", charge=intent["latest_charge"], inquiry=True)["amount"] == 700


def test_what_no_bank_would_do_is_refused(inside: Inside) -> None:
    dispute = disputed(inside)
    hold = inside.held()
    assert "No such charge" in inside.refusal("disputes", charge="ch_none")
    assert "has to be" in inside.refusal("disputes", payment_intent=hold["id"])
    assert "reason" in inside.refusal("disputes", payment_intent=hold["id"], reason="boredom")
    intent = inside.paid()
    assert "only 1000" in inside.refusal("disputes", payment_intent=intent["id"], amount=1001)
    assert "inquiry" in inside.refusal("disputes/resolve", dispute=dispute["id"], status="escalated")
    inside.control("disputes/resolve", dispute=dispute["id"], status="lost")
    assert "is over" in inside.refusal("disputes/resolve", dispute=dispute["id"], status="won")
    assert "status" in inside.refusal("disputes/resolve", dispute=dispute["id"], status="bored")


def test_the_official_client_reads_disputes(local: Local) -> None:
    intent = local.charge("pm_card_createDisputeProductNotReceived")
    dispute = local.receiver.first("charge.dispute.created")["data"]["object"]
    found: Any = local.api.disputes.list({"payment_intent": intent.id, "expand": ["data.charge"]}).data[0]
    assert (found.id, found.charge.disputed) == (dispute["id"], True)
    evidence = {"access_activity_log": "read on 3 May", "uncategorized_text": "winning_evidence"}
    local.api.disputes.update(found.id, {"evidence": evidence, "metadata": {"order": "7"}})
    local.receiver.first("charge.dispute.funds_reinstated")
    assert local.api.disputes.retrieve(found.id).status == "won"
    other = local.control("disputes", payment_intent=local.charge().id, inquiry=True)
    assert local.api.disputes.close(other["id"]).status == "warning_closed"
