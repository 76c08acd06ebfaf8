"""Webhooks that go wrong on their way: dropped, late, out of order, twice, or not to be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from tests.sandbox.inside import SECRET

if TYPE_CHECKING:
    from tests.sandbox.inside import Inside


def verify(delivery: dict[str, Any]) -> Any:
    """Read a delivery as a shop does; wall time is the test's, so age is not looked at."""
    signature = delivery["headers"]["Stripe-Signature"]
    return stripe.Webhook.construct_event(delivery["body"], signature, SECRET, tolerance=10**10)


def test_a_dropped_one_never_arrives(inside: Inside) -> None:
    inside.fault("webhook_dropped", "payment_intent.*", count=1)
    inside.paid()
    assert inside.deliver() == ["charge.succeeded", "payment_intent.succeeded"]
    inside.pass_time(10**6)
    assert inside.deliver() == []


def test_one_arrives_twice(inside: Inside) -> None:
    inside.fault("webhook_duplicate", "payment_intent.succeeded")
    inside.paid()
    assert inside.deliver().count("payment_intent.succeeded") == 2
    first, again = (sent for sent in inside.sent if sent["type"] == "payment_intent.succeeded")
    assert (first["id"], first["data"]) == (again["id"], again["data"])
    assert inside.get(f"/v1/events/{first['id']}")["pending_webhooks"] == 0


def test_one_arrives_again_under_another_id(inside: Inside) -> None:
    inside.fault("webhook_twin", "payment_intent.succeeded")
    inside.paid()
    inside.deliver()
    first, twin = (sent for sent in inside.sent if sent["type"] == "payment_intent.succeeded")
    assert first["id"] != twin["id"]
    assert first["data"] == twin["data"]
    assert inside.get(f"/v1/events/{twin['id']}")["data"] == twin["data"]


def test_a_later_one_overtakes(inside: Inside) -> None:
    inside.fault("webhook_reorder", "payment_intent.created")
    inside.paid()
    assert inside.deliver() == ["charge.succeeded", "payment_intent.created", "payment_intent.succeeded"]


def test_one_that_nothing_overtakes_arrives_all_the_same(inside: Inside) -> None:
    inside.fault("webhook_reorder", "customer.created", seconds=30)
    inside.post("/v1/customers", {})
    assert inside.deliver() == []
    inside.pass_time(29)
    assert inside.deliver() == []
    inside.pass_time(1)
    assert inside.deliver() == ["customer.created"]


def test_all_may_arrive_backwards(inside: Inside) -> None:
    inside.fault("webhook_reorder", count=2)
    inside.paid()
    assert inside.deliver() == ["payment_intent.succeeded", "payment_intent.created", "charge.succeeded"]


def test_one_is_late_by_the_clock_of_the_sandbox(inside: Inside) -> None:
    inside.fault("webhook_delay", "customer.*", seconds=86400)
    inside.post("/v1/customers", {})
    assert inside.deliver() == []
    inside.sandbox.machine.advance(86399)
    assert inside.deliver() == []
    inside.sandbox.machine.advance(1)
    assert inside.deliver() == ["customer.created"]


def test_a_bad_signature_is_followed_by_a_good_one(inside: Inside) -> None:
    inside.fault("webhook_bad_signature")
    inside.post("/v1/customers", {})
    inside.statuses = [400]
    inside.deliver()
    inside.pass_time(2)
    inside.deliver()
    bad, good = inside.sent
    with pytest.raises(stripe.SignatureVerificationError):
        verify(bad)
    assert verify(good).type == "customer.created"


def test_a_stale_signature_is_right_but_old(inside: Inside) -> None:
    inside.fault("webhook_stale", seconds=301)
    inside.post("/v1/customers", {})
    inside.deliver()
    (sent,) = inside.sent
    assert sent["headers"]["Stripe-Signature"].startswith(f"t={int(inside.seconds) - 301},")
    assert verify(sent).type == "customer.created"


def test_one_speaks_an_old_version_of_the_api(inside: Inside) -> None:
    inside.fault("webhook_old_version", count=1)
    inside.fault("webhook_old_version", reason="2024-06-20")
    for _ in range(3):
        inside.post("/v1/customers", {})
    inside.deliver()
    versions = [sent["api_version"] for sent in inside.sent]
    assert versions == ["2025-09-30.clover", "2024-06-20", "2026-10-28.endive"]


def test_an_event_is_sent_again_as_from_the_dashboard(inside: Inside) -> None:
    inside.post("/v1/customers", {})
    inside.deliver()
    ident = inside.sent[0]["id"]
    assert inside.control("events/resend", event=ident)["id"] == ident
    assert inside.deliver() == ["customer.created"]
    assert inside.sent[0]["data"] == inside.sent[1]["data"]
    assert "No such event" in inside.refusal("events/resend", event="evt_none")
