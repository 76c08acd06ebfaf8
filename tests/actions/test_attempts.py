"""Calls whose answer is lost, workers that die, and the key that makes a repeat harmless."""

from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import select

from storefront.actions import attempting, charging, launching, preflighting, recovering, visiting
from storefront.actions.checking import check
from storefront.models.orders import Attempt, Order
from storefront.outside.stripe_answers import Unknown
from tests.support.world import ASKS_ALWAYS, DECLINES_LATER, World

CAPTURE = "POST /v1/payment_intents/*/capture"


def due(world: World) -> int:
    """A held order whose launch has come and which has its grant: its capture is due."""
    order_id = world.orders(world.product(days=3))
    world.advance(days=3)
    return order_id


def captured(world: World, order_id: int) -> int:
    """What Stripe says it took."""
    order = world.order(order_id)
    return int(world.at_stripe(f"payment_intents/{order.paid_intent or order.hold_intent}")["amount_received"])


def test_a_capture_whose_answer_is_lost_is_asked_again_with_the_same_key_and_taken_once(world: World) -> None:
    order_id = due(world)
    world.sandbox.control("faults", kind="timeout_after_commit", match=CAPTURE)
    world.tick()
    assert world.state(order_id) == "held"
    assert captured(world, order_id) == 1900, "the money was taken, and nobody here knows"
    world.advance(seconds=10)
    world.tick()
    assert world.state(order_id) == "paid"
    assert captured(world, order_id) == 1900
    keys = {call["idempotency_key"] for call in world.sandbox.calls("/capture")}
    assert len(keys) == 1


def test_an_error_500_that_is_stored_under_the_key_is_resolved_by_looking(world: World) -> None:
    order_id = due(world)
    world.sandbox.control("faults", kind="error_500", match=CAPTURE)
    world.tick()
    assert world.state(order_id) == "held"
    for _ in range(8):
        world.advance(minutes=40)
        world.tick()
    assert world.state(order_id) in {"paid", "held"}
    assert captured(world, order_id) in {0, 1900}
    world.advance(hours=24)
    world.tick()
    world.tick()
    assert world.state(order_id) == "paid"
    assert captured(world, order_id) == 1900


def test_a_session_whose_answer_is_lost_is_found_again_and_the_buyer_can_go_on(world: World) -> None:
    order_id = world.places(world.product(days=3))
    world.sandbox.control("faults", kind="timeout_after_commit", match="POST /v1/checkout/sessions")
    with pytest.raises(AssertionError):
        world.visits(order_id)
    world.advance(seconds=10)
    world.tick()
    world.pays(world.visits(order_id))
    world.settles(order_id)
    assert world.state(order_id) == "held"


def test_a_first_visit_that_is_too_old_to_repeat_is_found_by_its_customers_address_and_mark(world: World) -> None:
    order_id = world.places(world.product(days=30))
    world.sandbox.control("faults", kind="timeout_after_commit", match="POST /v1/checkout/sessions")
    with pytest.raises(AssertionError):
        world.visits(order_id)
    made = len(world.sandbox.calls("/v1/customers"))
    world.advance(hours=24)
    recovering.take_over(world.outside, world.db, world.now)
    with world.read() as session:
        attempt = session.scalars(select(Attempt)).one()
    [session_id] = [each["id"] for each in world.at_stripe("checkout/sessions")["data"]]
    [customer] = [each["id"] for each in world.at_stripe("customers")["data"]]
    assert (attempt.outcome, attempt.stripe_id, world.order(order_id).customer) == ("done", session_id, customer)
    assert made == 1, "it was looked for, and not made again"


@pytest.mark.parametrize("hours", [0.1, 24, 48])
def test_a_worker_that_died_after_the_call_is_followed_by_one_that_records_it(world: World, hours: float) -> None:
    order_id = due(world)
    with world.db.write() as session:
        order = session.get_one(Order, order_id)
        attempt = attempting.begin(
            session, order, "capture", world.now, target=order.hold_intent or "", body={"amount_to_capture": 1900}
        )
    assert attempt is not None
    world.outside.stripe.perform(attempt.kind, attempt.target, attempt.body, attempt.key)
    assert recovering.take_over(world.outside, world.db, world.now) == 0, "its lease has not lapsed"
    assert launching.launch_due(world.db, world.now) == 1
    world.advance(hours=hours)
    world.tick()
    assert world.state(order_id) == "paid"
    assert captured(world, order_id) == 1900
    assert [a.moved for a in world.order(order_id).attempts if a.kind == "capture"] == [1900]


def test_an_off_session_charge_whose_key_is_too_old_is_looked_for_and_not_repeated(world: World) -> None:
    order_id = world.orders(world.product(days=40))
    with world.db.write() as session:
        order = session.get_one(Order, order_id)
        attempt = attempting.begin(session, order, "charge", world.now, body=preflighting.off_session(order))
    assert attempt is not None
    world.outside.stripe.perform("charge", "", attempting._body(attempt), attempt.key)
    world.advance(days=40, hours=1)
    world.tick()
    assert world.state(order_id) == "paid"
    assert len(world.at_stripe(f"payment_intents?customer={world.order(order_id).customer}")["data"]) == 1


@pytest.mark.parametrize(("fault", "waits"), [("error_500_after_commit", 0.6), ("timeout_after_commit", 24)])
@pytest.mark.parametrize(
    ("card", "said"), [(ASKS_ALWAYS, "authentication_required"), (DECLINES_LATER, "generic_decline")]
)
def test_a_no_whose_answer_is_lost_is_told_as_the_bank_said_it(
    world: World, fault: str, waits: float, card: str, said: str
) -> None:
    order_id = world.orders(world.product(days=40), card=card)
    world.advance(days=38, minutes=1)
    world.sandbox.control("faults", kind=fault, match="POST /v1/payment_intents")
    preflighting.preflight_due(world.outside, world.db, world.now)
    while world.state(order_id) == "reserved":
        world.advance(hours=waits)
        recovering.take_over(world.outside, world.db, world.now)
    order = world.order(order_id)
    assert (order.state, order.decline) == ("past_due", said)
    assert order.stray_intent, "what was declined is let go of"
    assert (order.next_try_at is None) == (said == "authentication_required"), "only its holder can confirm"


def test_two_workers_open_one_attempt(world: World) -> None:
    order_id = due(world)
    with world.db.write() as session:
        order = session.get_one(Order, order_id)
        assert attempting.begin(session, order, "capture", world.now, target="pi_1") is not None
    with world.db.write() as session:
        order = session.get_one(Order, order_id)
        assert attempting.begin(session, order, "void", world.now, target="pi_1") is None
    assert charging.charge_due(world.outside, world.db, world.now) == 0


def test_a_zombie_whose_lease_was_taken_over_records_nothing(world: World) -> None:
    order_id = due(world)
    with world.db.write() as session:
        order = session.get_one(Order, order_id)
        attempt = attempting.begin(
            session, order, "capture", world.now, target=order.hold_intent or "", body={"amount_to_capture": 1900}
        )
    assert attempt is not None
    later = world.advance(minutes=3)
    world.tick()
    assert world.state(order_id) == "paid"
    attempting.carry_out(world.outside, world.db, attempt, charging.record_charge, later)
    assert [a.moved for a in world.order(order_id).attempts if a.kind == "capture"] == [1900]
    assert [row.after for row in world.order(order_id).history] == ["placed", "held", "paid"]


def test_a_first_visit_that_somebody_else_recorded_meanwhile_is_not_recorded_again(world: World) -> None:
    order_id = world.places(world.product(days=30))
    world.sandbox.control("faults", kind="timeout_after_commit", match="POST /v1/checkout/sessions")
    with pytest.raises(AssertionError):
        world.visits(order_id)
    with world.read() as session:
        attempt = session.scalars(select(Attempt)).one()
    world.advance(seconds=10)
    world.tick()
    customer = world.order(order_id).customer
    assert visiting.go(world.outside, world.db, attempt, world.now) == visiting.Opened(world.visits(order_id))
    order = world.order(order_id)
    assert (order.customer, len(order.checkouts), len(order.attempts)) == (customer, 1, 1)
    assert [each["id"] for each in world.at_stripe("customers")["data"]] == [customer]


def test_no_call_begins_after_its_lease(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stripe is slow, or this machine slept: what was opened is for whoever takes it over, with the same key."""
    order_id = due(world)
    world.tick_without_charges()
    lease = attempting.LEASE.total_seconds()
    with monkeypatch.context() as slow:
        clock = count(0, lease)
        slow.setattr(attempting, "monotonic", lambda: next(clock))
        assert charging.charge_due(world.outside, world.db, world.now) == 1
        later = world.advance(seconds=lease)
        assert recovering.take_over(world.outside, world.db, later) == 1
    assert world.sandbox.calls("/capture") == []
    world.advance(seconds=lease)
    world.tick()
    assert world.state(order_id) == "paid"
    assert [each["idempotency_key"].split(":")[0] for each in world.sandbox.calls("/capture")] == ["capture"]
    assert [a.moved for a in world.order(order_id).attempts if a.kind == "capture"] == [1900]


def test_a_silent_stripe_leaves_the_attempt_open_with_a_later_lease(world: World) -> None:
    order_id = due(world)
    world.tick_without_charges()
    with world.db.write() as session:
        order = session.get_one(Order, order_id)
        attempt = attempting.begin(
            session, order, "capture", world.now, target=order.hold_intent or "", body={"amount_to_capture": 1900}
        )
    assert attempt is not None
    world.sandbox.control("faults", kind="timeout_after_commit", match=CAPTURE)
    outcome = attempting.carry_out(world.outside, world.db, attempt, charging.record_charge, world.now)
    assert isinstance(outcome, Unknown)
    with world.read() as session:
        again = session.scalar(select(Attempt).where(Attempt.id == attempt.id))
        assert again is not None
        assert again.outcome is None
        assert again.leased_until == world.now + timedelta(seconds=5)
        assert not [s for s in check(session, world.now) if s.startswith("Money")]
