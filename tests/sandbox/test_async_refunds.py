"""Refunds that are not over when the API has answered: pending, asking, failing, taken back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Local
    from tests.sandbox.inside import Inside

HOUR = 60 * 60


def refund(inside: Inside, alias: str = "pm_card_visa") -> Any:
    """Give a payment back."""
    return inside.post("/v1/refunds", {"payment_intent": inside.paid(alias)["id"]})


def again(inside: Inside, found: Any) -> Any:
    """Give a refund as it is now."""
    return inside.get(f"/v1/refunds/{found['id']}")


def refunded(inside: Inside, found: Any) -> tuple[int, bool]:
    """Give how much of the charge counts as refunded."""
    charge = inside.get(f"/v1/charges/{found['charge']}")
    return charge["amount_refunded"], charge["refunded"]


def test_a_pending_refund_succeeds_later(inside: Inside) -> None:
    pending = refund(inside, "pm_card_pendingRefund")
    assert (pending["status"], pending["pending_reason"]) == ("pending", "processing")
    assert refunded(inside, pending) == (1000, True)
    inside.pass_time(HOUR)
    done = again(inside, pending)
    assert (done["status"], "pending_reason" in done) == ("succeeded", False)
    assert inside.told("refund.updated") == [done]


def test_a_refund_that_succeeded_fails_later_and_the_money_is_back(inside: Inside) -> None:
    found = refund(inside, "pm_card_refundFail")
    assert found["status"] == "succeeded"
    inside.pass_time(HOUR)
    failed = again(inside, found)
    assert (failed["status"], failed["failure_reason"]) == ("failed", "expired_or_canceled_card")
    row = inside.get(f"/v1/balance_transactions/{failed['failure_balance_transaction']}")
    assert (row["amount"], row["type"], row["source"]) == (1000, "refund_failure", found["id"])
    assert refunded(inside, found) == (0, False)
    assert inside.told("refund.failed") == inside.told("refund.updated") == [failed]
    assert inside.post("/v1/refunds", {"charge": found["charge"]})["status"] == "succeeded"


@pytest.mark.parametrize("reason", ["insufficient_funds", "charge_pending"])
def test_a_refund_that_waits_for_money_moves_none_yet(inside: Inside, reason: str) -> None:
    inside.fault("refund_pending", "POST /v1/refunds", reason=reason)
    pending = refund(inside)
    assert (pending["pending_reason"], pending["balance_transaction"]) == (reason, None)
    inside.control("refunds/resolve", refund=pending["id"], status="succeeded")
    assert again(inside, pending)["balance_transaction"].startswith("txn_")


def test_a_refund_may_ask_its_customer_and_be_cancelled(inside: Inside) -> None:
    inside.fault("refund_requires_action")
    asking = refund(inside)
    assert asking["status"] == "requires_action"
    assert asking["next_action"]["type"] == "display_details"
    assert inside.post(f"/v1/refunds/{asking['id']}/cancel")["status"] == "canceled"
    assert refunded(inside, asking) == (0, False)
    assert "status of canceled" in inside.error(f"/v1/refunds/{asking['id']}/cancel")["message"]
    assert [told["status"] for told in inside.told("refund.updated")] == ["canceled"]


def test_a_customer_who_never_acts_gets_nothing(inside: Inside) -> None:
    inside.fault("refund_requires_action")
    asking = refund(inside)
    inside.pass_time(30 * 24 * HOUR)
    failed = again(inside, asking)
    assert (failed["status"], "failure_balance_transaction" in failed) == ("failed", False)


def test_any_refund_may_fail(inside: Inside) -> None:
    inside.fault("refund_fails")
    first, second = refund(inside), refund(inside)
    inside.pass_time(HOUR)
    assert (again(inside, first)["status"], again(inside, second)["status"]) == ("failed", "succeeded")


def test_a_bank_answers_when_told_to(inside: Inside) -> None:
    found = refund(inside)
    told = inside.control("refunds/resolve", refund=found["id"], status="failed", failure_reason="lost_or_stolen_card")
    assert (told["status"], told["failure_reason"]) == ("failed", "lost_or_stolen_card")
    assert "status of failed" in inside.refusal("refunds/resolve", refund=found["id"], status="failed")
    assert "status" in inside.refusal("refunds/resolve", refund=found["id"], status="lost")
    assert "No such refund" in inside.refusal("refunds/resolve", refund="re_none", status="failed")
    assert "failure_reason" in inside.refusal(
        "refunds/resolve", refund=found["id"], status="failed", failure_reason="mood"
    )


def test_two_refunds_at_once_never_give_more_than_was_taken(local: Local) -> None:
    charge = str(local.charge().latest_charge)

    def give_back(_: int) -> int:
        return local.call("POST", "/v1/refunds", f"charge={charge}&amount=8000").status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(give_back, range(8)))
    assert statuses == [200] + [400] * 7
    assert local.api.charges.retrieve(charge).amount_refunded == 8000


def test_the_official_client_sees_a_refund_fail(local: Local) -> None:
    refund = local.api.refunds.create({"payment_intent": local.charge("pm_card_refundFail").id})
    local.advance(HOUR)
    assert local.receiver.first("refund.failed")["data"]["object"]["id"] == refund.id
    failed: Any = local.api.refunds.retrieve(refund.id, {"expand": ["failure_balance_transaction"]})
    assert failed.failure_balance_transaction.amount == 11900
    local.control("faults", kind="refund_requires_action")
    asking = local.api.refunds.create({"payment_intent": local.charge().id})
    assert local.api.refunds.cancel(asking.id).status == "canceled"
