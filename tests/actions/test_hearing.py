"""Hearing events: each acted on by asking Stripe, in any order, any number of times, and none stopping the rest."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from storefront.actions import attempting, hearing
from storefront.actions.checking import check
from storefront.actions.patience import SomeFailed
from storefront.models.events import StripeEvent
from storefront.models.orders import Order
from storefront.outside.stripe_answers import Event
from storefront.outside.stripe_gateway import API_VERSION
from tests.support.world import World


def stores(world: World, kind: str, about: str, *, name: str = "evt_1", **facts: Any) -> None:
    payload = {"data": {"object": {"id": about} | facts}}
    with world.db.write() as session:
        event = Event(name, kind, about, livemode=False, api_version=API_VERSION, payload=payload)
        hearing.store(session, event, live=False, now=world.now)


def hears(world: World) -> int:
    return hearing.hear_due(world.outside, world.db, world.now)


def event(world: World, name: str = "evt_1") -> StripeEvent:
    with world.read() as session:
        row: StripeEvent = session.get_one(StripeEvent, name)
        return row


def paid(world: World) -> tuple[int, str]:
    order_id = world.places(world.product())
    world.pays(world.visits(order_id))
    return order_id, world.order(order_id).checkouts[0].session_id


def test_an_event_is_acted_on_once_however_often_it_comes(world: World) -> None:
    order_id, visit = paid(world)
    stores(world, "checkout.session.completed", visit)
    stores(world, "checkout.session.completed", visit)
    stores(world, "checkout.session.completed", visit, name="evt_2")
    assert hears(world) == 2
    assert hears(world) == 0
    assert [row.after for row in world.order(order_id).history] == ["placed", "held"]
    assert world.letters(order_id) == ["confirmed"]


def test_events_in_the_wrong_order_end_where_stripe_stands(world: World) -> None:
    order_id, visit = paid(world)
    stores(world, "checkout.session.expired", visit)
    stores(world, "checkout.session.completed", visit, name="evt_2")
    hears(world)
    assert world.state(order_id) == "held", "an event is a hint: Stripe was asked"


def test_an_event_that_lies_changes_nothing(world: World) -> None:
    order_id = world.places(world.product())
    world.visits(order_id)
    stores(world, "checkout.session.completed", world.order(order_id).checkouts[0].session_id)
    hears(world)
    assert world.state(order_id) == "placed"


def test_a_hold_that_ended_at_the_bank_is_replaced(world: World) -> None:
    order_id = world.orders(world.product(days=3))
    hold = world.order(order_id).hold_intent or ""
    world.sandbox.control("holds/lapse", payment_intent=hold)
    stores(world, "payment_intent.canceled", hold)
    hears(world)
    assert world.state(order_id) == "reserved"
    world.tick()
    assert world.state(order_id) == "held"
    assert world.order(order_id).hold_intent != hold


def test_a_hold_that_was_cancelled_by_hand_is_for_its_creator_to_explain(world: World) -> None:
    order_id = world.orders(world.product(days=3))
    hold = world.order(order_id).hold_intent or ""
    world.outside.stripe.perform("void", hold, {"cancellation_reason": "requested_by_customer"}, "the-owner")
    stores(world, "payment_intent.canceled", hold)
    stores(world, "payment_intent.canceled", hold, name="evt_2")
    hears(world)
    assert (world.state(order_id), world.order(order_id).decline) == ("past_due", "hold_voided")
    assert world.letters(order_id) == ["confirmed", "past_due", "task"]
    world.tick()
    assert world.holds() == []


def test_our_own_void_is_no_news(world: World) -> None:
    order_id = world.orders(world.product(days=3))
    hold = world.order(order_id).hold_intent or ""
    world.cancels(order_id)
    stores(world, "payment_intent.canceled", hold)
    stores(world, "charge.expired", "ch_1", name="evt_2", payment_intent=hold)
    assert hears(world) == 2
    assert world.state(order_id) == "cancelled"
    assert event(world).done_at is not None


def test_an_unknown_session_waits_longer_each_time_and_is_told_after_a_day(world: World) -> None:
    stores(world, "checkout.session.completed", "cs_nobody_knows", metadata={"attempt": "7:session:0"})
    for wait in (2, 10, 60, 600, 3600, 3600):
        assert hears(world) == 1
        assert event(world).due_at == world.now + timedelta(seconds=wait)
        assert hears(world) == 0
        world.advance(seconds=wait)
    with world.read() as session:
        assert check(session, world.now) == []
        broken = check(session, event(world).received_at + timedelta(hours=24))
    assert [each for each in broken if "cs_nobody_knows" in each]


@pytest.mark.parametrize("kind", ["checkout.session.completed", "refund.updated", "charge.dispute.created"])
def test_an_event_of_something_else_sold_over_the_account_is_set_aside_after_a_day(world: World, kind: str) -> None:
    stores(world, kind, "of_another_shop")
    for _ in range(30):
        hears(world)
        world.advance(hours=1)
    assert event(world).done_at is not None
    assert event(world).note == "of something else that is sold over this account"
    assert world.broken() == []
    asked = len(world.sandbox.calls("of_another_shop"))
    world.advance(days=30)
    assert hears(world) == 0
    assert len(world.sandbox.calls("of_another_shop")) == asked


def test_a_card_of_ours_waits_for_an_open_call_however_long_it_takes(world: World) -> None:
    order_id = world.orders(world.product(days=40))
    card = world.order(order_id).payment_method or ""
    with world.db.write() as session:
        assert attempting.begin(session, session.get_one(Order, order_id), "detach", world.now, target="pm_replaced")
    stores(world, "payment_method.automatically_updated", card)
    for _ in range(30):
        hears(world)
        world.advance(hours=1)
    assert event(world).done_at is None
    assert event(world).note == ""


def test_an_event_that_was_listed_in_another_version_first_is_acted_on_when_it_comes_in_ours(world: World) -> None:
    order_id, visit = paid(world)
    payload = {"data": {"object": {"id": visit}}}
    foreign = Event(
        "evt_1", "checkout.session.completed", visit, livemode=False, api_version="2020-08-27", payload=payload
    )
    with world.db.write() as session:
        assert hearing.store(session, foreign, live=False, now=world.now)
        assert not hearing.store(session, foreign, live=False, now=world.now)
    assert hears(world) == 0
    stores(world, "checkout.session.completed", visit)
    assert hears(world) == 1
    assert world.state(order_id) == "held"
    stores(world, "checkout.session.completed", visit)
    assert hears(world) == 0


def test_one_event_that_cannot_be_read_never_stops_the_rest(world: World) -> None:
    order_id, visit = paid(world)
    stores(world, "payment_intent.canceled", "pi_broken", name="evt_0")
    stores(world, "checkout.session.completed", visit)
    with world.db.write() as session:
        session.get_one(StripeEvent, "evt_0").payload = {"data": None}
    with pytest.raises(SomeFailed, match="evt_0"):
        hears(world)
    assert world.state(order_id) == "held"
    assert event(world, "evt_0").due_at > world.now, "it waits, and is told of"
    assert event(world, "evt_0").done_at is None


def test_two_workers_that_hear_the_same_event_do_one_thing(world: World) -> None:
    order_id, visit = paid(world)
    stores(world, "checkout.session.completed", visit)
    with world.read() as session:
        row = session.scalars(select(StripeEvent)).one()
    hearing._hear(world.outside, world.db, row, world.now)
    hearing._hear(world.outside, world.db, row, world.now)
    assert [each.after for each in world.order(order_id).history] == ["placed", "held"]


def test_every_event_that_is_heard_is_named_where_owners_read_which_to_send() -> None:
    told = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text()
    assert [each for each in hearing.HEARD if f"`{each}`" not in told] == []
