"""Events, and the signed webhooks that carry them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from tests.sandbox.conftest import SECRET, VERSION, Local, Receiver, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sandbox.inside import Inside


@pytest.fixture
def second() -> Iterator[Receiver]:
    """Another endpoint."""
    made = Receiver(0)
    yield made
    made.close()


def url(receiver: Receiver) -> str:
    """Give the address of a receiver."""
    return f"http://127.0.0.1:{receiver.port}/second"


def test_an_event_is_listed_fetched_and_delivered_alike(local: Local, hooks: Receiver) -> None:
    customer = local.customer().id
    delivered = hooks.first("customer.created")
    (listed,) = local.api.events.list({"type": "customer.created"}).data
    fetched = local.api.events.retrieve(listed.id)
    assert delivered["id"] == listed.id == fetched.id
    assert fetched.data.object["id"] == customer
    assert delivered["api_version"] == fetched.api_version == VERSION
    assert delivered["livemode"] is False
    assert fetched.request
    assert fetched.request.id
    assert fetched.request.id.startswith("req_")


def test_an_event_names_the_idempotency_key(local: Local) -> None:
    local.api.customers.create({"email": "a@b.c"}, {"idempotency_key": "customer:1:1"})
    (event,) = local.api.events.list({"type": "customer.created"}).data
    assert event.request
    assert event.request.idempotency_key == "customer:1:1"


def test_a_refused_call_leaves_no_event(local: Local) -> None:
    body = "email=a@b.c&payment_method=pm_none"
    assert local.call("POST", "/v1/customers", body).status_code == 400
    assert local.api.events.list().data == []


def test_events_are_filtered_by_type_group_and_time(local: Local) -> None:
    local.charge()
    local.customer()
    kinds = {event.type for event in local.api.events.list({"type": "charge.*"})}
    assert kinds == {"charge.succeeded"}
    types = ["customer.created", "payment_intent.succeeded"]
    assert {event.type for event in local.api.events.list({"types": types})} == set(types)
    local.advance(29 * 86400)
    assert len(local.api.events.list({"type": "customer.*"}).data) == 1
    local.advance(2 * 86400)
    assert local.api.events.list().data == []


def test_an_event_is_there_for_30_days(inside: Inside) -> None:
    inside.paid()
    (event, *_) = inside.get("/v1/events")["data"]
    inside.pass_time(30 * 24 * 60 * 60)
    assert inside.get(f"/v1/events/{event['id']}") == event
    inside.pass_time(1)
    assert inside.call("GET", f"/v1/events/{event['id']}").status == 404
    assert inside.get("/v1/events")["data"] == []


def test_an_event_keeps_the_object_as_it_was(local: Local) -> None:
    customer = local.customer(name="Ada")
    local.api.customers.update(customer.id, {"name": "Grace"})
    (event,) = local.api.events.list({"type": "customer.created"}).data
    assert event.data.object["name"] == "Ada"


def test_a_webhook_is_signed_at_wall_time(local: Local, hooks: Receiver) -> None:
    local.advance(90 * 86400)
    local.customer()
    delivery = hooks.first("customer.created")
    signature = delivery["headers"]["Stripe-Signature"]
    event: Any = stripe.Webhook.construct_event(delivery["body"], signature, SECRET)
    assert event.type == "customer.created"
    assert abs(event.created - local.now()) < 60
    signed_at = int(signature.split(",")[0].removeprefix("t="))
    assert abs(signed_at - time.time()) < 60


def test_an_endpoint_of_its_own_secret_version_and_events(local: Local, second: Receiver) -> None:
    endpoint = local.api.webhook_endpoints.create(
        {
            "url": url(second),
            "enabled_events": ["customer.created"],
            "api_version": "2026-04-22.dahlia",
            "description": "second",
            "metadata": {"a": "1"},
        }
    )
    secret = str(endpoint.secret)
    assert secret.startswith("whsec_")
    local.customer()
    local.charge()
    delivery = second.first("customer.created")
    stripe.WebhookSignature.verify_header(delivery["body"].decode(), delivery["headers"]["Stripe-Signature"], secret)
    assert delivery["api_version"] == "2026-04-22.dahlia"
    eventually(lambda: local.receiver.of("payment_intent.succeeded"))
    assert {found["type"] for found in second.deliveries} == {"customer.created"}


def test_an_endpoint_is_listed_changed_switched_off_and_deleted(local: Local, second: Receiver) -> None:
    endpoints = local.api.webhook_endpoints
    made = endpoints.create({"url": "http://127.0.0.1:9/x", "enabled_events": ["charge.failed"]})
    changed = endpoints.update(made.id, {"url": url(second), "enabled_events": ["*"]})
    assert (changed.url, changed.enabled_events) == (url(second), ["*"])
    assert not hasattr(endpoints.retrieve(made.id), "secret")
    assert made.id in {found.id for found in endpoints.list().data}
    assert endpoints.update(made.id, {"disabled": True}).status == "disabled"
    local.customer()
    local.receiver.first("customer.created")
    assert endpoints.delete(made.id).deleted is True
    assert made.id not in {found.id for found in endpoints.list().data}
    assert second.deliveries == []


def test_an_endpoint_that_is_switched_off_is_owed_nothing_more(inside: Inside) -> None:
    inside.statuses = [500]
    inside.post("/v1/customers")
    assert inside.deliver() == ["customer.created"]
    (endpoint,) = inside.get("/v1/webhook_endpoints")["data"]
    for disabled in ("true", "false"):
        inside.post(f"/v1/webhook_endpoints/{endpoint['id']}", {"disabled": disabled})
        inside.pass_time(3600)
        assert inside.deliver() == []
    inside.paid()
    assert "payment_intent.succeeded" in inside.deliver()


def test_wrong_endpoints_are_refused(local: Local) -> None:
    path = "/v1/webhook_endpoints"
    assert local.call("POST", path, "enabled_events[0]=*").status_code == 400
    assert local.call("POST", path, "url=http://x").status_code == 400
    wrong = local.call("POST", path, "url=http://x&enabled_events[0]=no.such")
    assert wrong.json()["error"]["param"] == "enabled_events[0]"
    wrong = local.call("POST", path, "url=http://x&enabled_events[0]=*&api_version=2019-01-01")
    assert wrong.json()["error"]["param"] == "api_version"
    for _ in range(16):
        last = local.call("POST", path, "url=http://x&enabled_events[0]=refund.failed")
    assert last.status_code == 400


@pytest.mark.parametrize("status", [500, 302, 404])
def test_a_webhook_that_is_not_taken_comes_again(local: Local, hooks: Receiver, status: int) -> None:
    hooks.answers.append(status)
    local.customer()
    first, again = eventually(lambda: len(hooks.deliveries) > 1 and hooks.deliveries[:2])
    assert (first["id"], first["body"]) == (again["id"], again["body"])
    assert (first["status"], again["status"]) == (status, 200)
    (event,) = local.api.events.list({"type": "customer.created"}).data
    eventually(lambda: local.api.events.retrieve(event.id).pending_webhooks == 0)
    assert [found.id for found in local.api.events.list({"delivery_success": True})] == [event.id]


def test_what_was_not_taken_is_listed(local: Local) -> None:
    local.control("faults", kind="webhook_dropped", count=-1)
    local.customer()
    assert len(local.api.events.list({"delivery_success": False}).data) == 1
    assert local.api.events.list({"delivery_success": True}).data == []


def test_a_dropped_webhook_never_comes(local: Local, hooks: Receiver) -> None:
    local.control("faults", kind="webhook_dropped", match="customer.*", count=2)
    for _ in range(3):
        local.customer()
    (delivery,) = eventually(lambda: hooks.of("customer.created"))
    newest = local.api.events.list({"type": "customer.created"}).data[0]
    assert delivery["id"] == newest.id


def test_a_webhook_comes_after_a_restart(own: Local) -> None:
    own.receiver.answers += [500]
    own.customer()
    eventually(lambda: own.receiver.deliveries)
    own.stop()
    own.start()
    eventually(lambda: len(own.receiver.deliveries) > 1)
    assert own.receiver.deliveries[-1]["status"] == 200
