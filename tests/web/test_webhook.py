"""Stripe's events: who may send them, which are acted on, and what becomes of the rest."""

import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from sqlalchemy import select
from werkzeug.test import TestResponse

from storefront.actions import hearing
from storefront.actions.checking import check
from storefront.models.events import StripeEvent
from storefront.outside.stripe_answers import BadSignature
from storefront.outside.stripe_gateway import API_VERSION
from tests.support.visitor import Visitor
from tests.support.world import SECRET, World

ADDRESS = "/webhooks/stripe"


def event(kind: str = "checkout.session.completed", about: str = "cs_test_1", **facts: Any) -> bytes:
    body = {
        "id": "evt_1",
        "object": "event",
        "type": kind,
        "livemode": False,
        "api_version": API_VERSION,
        "data": {"object": {"id": about}},
    }
    return json.dumps(body | facts).encode()


def signature(body: bytes, *, age: float = 0, secret: str = SECRET) -> str:
    second = int(time.time() - age)
    digest = hmac.new(secret.encode(), f"{second}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={second},v1={digest}"


def deliver(visitor: Visitor, body: bytes, signed: str = "", *, age: float = 0) -> TestResponse:
    headers = {"Stripe-Signature": signed or signature(body, age=age)}
    return visitor.post(ADDRESS, data=body, headers=headers, content_type="application/json")


def kept(world: World) -> list[StripeEvent]:
    with world.read() as session:
        return list(session.scalars(select(StripeEvent)))


def broken(world: World) -> list[str]:
    with world.read() as session:
        return check(session, world.now)


def hear(world: World) -> int:
    return hearing.hear_due(world.outside, world.db, world.now)


def paid_at_stripe(world: World) -> tuple[int, str]:
    """An order whose buyer paid and closed the browser, and its session."""
    order_id = world.places(world.product())
    world.pays(world.visits(order_id))
    return order_id, world.order(order_id).checkouts[0].session_id


def test_a_signed_event_is_stored_answered_and_acted_on_by_the_worker(small_world: World, visitor: Visitor) -> None:
    order_id, session_id = paid_at_stripe(small_world)
    assert deliver(visitor, event(about=session_id)).status_code == 200
    assert small_world.state(order_id) == "placed", "the route stores and answers, no more"
    small_world.tick()
    assert small_world.state(order_id) == "held"
    assert kept(small_world)[0].done_at is not None


def test_a_replayed_event_is_stored_once_and_acted_on_once(small_world: World, visitor: Visitor) -> None:
    order_id, session_id = paid_at_stripe(small_world)
    body = event(about=session_id)
    signed = signature(body)
    for _ in range(3):
        assert deliver(visitor, body, signed).status_code == 200
    small_world.tick()
    assert deliver(visitor, body, signed).status_code == 200
    small_world.tick()
    assert len(kept(small_world)) == 1
    assert [row.after for row in small_world.order(order_id).history] == ["placed", "held"]
    assert small_world.letters(order_id) == ["confirmed"]


@pytest.mark.parametrize("age", [301, 3600, -360, -3600])
def test_an_event_signed_over_300_seconds_ago_or_ahead_is_refused(
    small_world: World, visitor: Visitor, age: float
) -> None:
    answer = deliver(visitor, event(), age=age)
    assert answer.status_code == 400
    assert kept(small_world) == []


@pytest.mark.parametrize("way", [1, -1])
def test_an_event_may_be_signed_300_seconds_from_now(small_world: World, way: int) -> None:
    body, stripe = event(), small_world.outside.stripe
    signed = signature(body)
    at = datetime.fromtimestamp(int(signed.removeprefix("t=").partition(",")[0]), UTC)
    assert stripe.event(body, signed, at + way * timedelta(seconds=300)).id == "evt_1"
    with pytest.raises(BadSignature):
        stripe.event(body, signed, at + way * timedelta(seconds=301))


@pytest.mark.parametrize("age", [240, -295])
def test_an_event_signed_a_little_ago_or_ahead_is_taken(small_world: World, visitor: Visitor, age: float) -> None:
    assert deliver(visitor, event(), age=age).status_code == 200
    assert len(kept(small_world)) == 1


def test_the_age_of_a_signature_is_judged_at_wall_time_not_at_the_shops(small_world: World, visitor: Visitor) -> None:
    small_world.advance(days=40)
    assert deliver(visitor, event()).status_code == 200


def flipped(body: bytes, at: int) -> bytes:
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]


def test_a_forged_event_is_refused_whichever_bit_differs(small_world: World, visitor: Visitor) -> None:
    body = event()
    signed = signature(body)
    for at in range(0, len(body), 7):
        assert deliver(visitor, flipped(body, at), signed).status_code == 400
    for wrong in (signature(body, secret="whsec_other"), "", "t=,v1=", "t=x,v1=y", f"t={int(time.time())}", "v1=00"):
        headers = {"Stripe-Signature": wrong} if wrong else {}
        assert visitor.post(ADDRESS, data=body, headers=headers).status_code == 400
    assert kept(small_world) == []


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"id": 1}', b"x" * 1000])
def test_a_signed_body_that_is_no_event_is_refused_in_json(small_world: World, visitor: Visitor, body: bytes) -> None:
    answer = deliver(visitor, body)
    assert answer.status_code == 400
    assert answer.is_json
    assert kept(small_world) == []


def test_an_event_may_be_long(small_world: World, visitor: Visitor) -> None:
    assert deliver(visitor, event(note="x" * 1_000_000)).status_code == 200
    assert len(kept(small_world)) == 1


def test_an_endless_event_is_refused(small_world: World, visitor: Visitor) -> None:
    answer = deliver(visitor, b"x" * ((1 << 20) + 1))
    assert answer.status_code == 413
    assert kept(small_world) == []


@pytest.mark.parametrize(
    ("facts", "note"),
    [
        ({"livemode": True}, "of the other mode, not acted on"),
        ({"api_version": "2020-08-27"}, "of API version 2020-08-27, not acted on"),
        ({"api_version": None}, "of API version unknown, not acted on"),
    ],
)
def test_an_event_of_another_mode_or_version_is_stored_and_not_acted_on(
    small_world: World, visitor: Visitor, facts: dict[str, Any], note: str
) -> None:
    order_id, session_id = paid_at_stripe(small_world)
    assert deliver(visitor, event(about=session_id, **facts)).status_code == 200
    assert hear(small_world) == 0
    assert small_world.state(order_id) == "placed"
    assert [each.note for each in kept(small_world)] == [note]
    small_world.advance(hours=25)
    assert not [each for each in broken(small_world) if each.startswith("Events")]


def test_an_event_of_a_kind_nobody_asked_for_is_stored_and_done(small_world: World, visitor: Visitor) -> None:
    assert deliver(visitor, event("customer.created", "cus_1")).status_code == 200
    small_world.tick()
    assert kept(small_world)[0].done_at is not None


def test_an_event_about_something_not_known_yet_waits_and_is_told_after_a_day(
    small_world: World, visitor: Visitor
) -> None:
    ours = {"object": {"id": "cs_test_unknown", "metadata": {"attempt": "7:session:0"}}}
    assert deliver(visitor, event(data=ours)).status_code == 200
    small_world.tick()
    waiting = kept(small_world)[0]
    assert waiting.done_at is None
    assert waiting.due_at > small_world.now
    small_world.advance(hours=23)
    small_world.tick()
    assert broken(small_world) == []
    small_world.advance(hours=2)
    small_world.tick()
    assert [each for each in broken(small_world) if "cs_test_unknown" in each and "over 24 hours" in each]


def test_an_event_that_came_before_its_row_is_acted_on_when_the_row_is_there(
    small_world: World, visitor: Visitor
) -> None:
    order_id, session_id = paid_at_stripe(small_world)
    with small_world.db.write() as session:
        from storefront.models.orders import Checkout

        row = session.scalars(select(Checkout)).one()
        row.session_id = "cs_not_written_yet"
    deliver(visitor, event(about=session_id))
    hear(small_world)
    assert small_world.state(order_id) == "placed"
    with small_world.db.write() as session:
        session.scalars(select(Checkout)).one().session_id = session_id
    small_world.advance(seconds=3)
    hear(small_world)
    assert small_world.state(order_id) == "held"


def test_a_silent_stripe_makes_the_event_wait(
    small_world: World, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id, session_id = paid_at_stripe(small_world)
    deliver(visitor, event(about=session_id))
    with monkeypatch.context() as patch:
        patch.setattr(requests.Session, "request", _no_network)
        hear(small_world)
    assert kept(small_world)[0].done_at is None
    small_world.advance(seconds=3)
    small_world.tick()
    assert small_world.state(order_id) == "held"


def _no_network(*_: object, **__: object) -> None:
    raise requests.ConnectionError("the line is dead")


def test_only_the_webhook_goes_without_a_token_and_it_takes_posts_only(visitor: Visitor) -> None:
    assert visitor.get(ADDRESS).status_code == 405
    assert visitor.put(ADDRESS).status_code == 405
