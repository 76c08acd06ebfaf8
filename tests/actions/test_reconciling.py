"""Reconciliation: what Stripe has and we have not is repaired or reported, and a second look finds nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest
import requests
from sqlalchemy import select, update

from storefront.actions import disputing, reconciling
from storefront.actions.hearing import HEARD, store
from storefront.actions.reconciling import Report
from storefront.models.events import JobRun, StripeEvent
from storefront.models.money import Dispute
from storefront.models.orders import Attempt, Order
from tests.support.world import DISPUTES_LATER, KEY, World


def calls(world: World, path: str, **body: str) -> None:
    """Somebody acts in Stripe's dashboard."""
    answer = requests.post(f"{world.sandbox.url}/v1/{path}", data=body, auth=(KEY, ""), timeout=10)
    answer.raise_for_status()


def quiet(report: Report) -> bool:
    return (report.repaired, report.reported) == ([], [])


def repairs(world: World) -> str:
    """One look, then all that follows, and a second look that finds nothing."""
    report = world.reconciles()
    world.tick()
    world.reconciles()  # the events of what the tick did: no webhook arrives here
    world.tick()
    assert quiet(world.reconciles()), "the last look finds nothing"
    assert world.broken() == []
    return "\n".join(each for each in report.repaired if "had not arrived" not in each)


def test_a_shop_that_heard_everything_has_no_difference(world: World) -> None:
    world.orders(world.product("hold", days=3))
    world.orders(world.product("saved", days=40))
    world.orders(world.product("out", days=None))
    world.cancels(world.orders(world.product("left", days=3)))
    world.tick()
    assert repairs(world) == ""


def test_events_that_never_arrived_are_fetched_and_acted_on(world: World) -> None:
    order_id = world.orders(world.product(days=3))
    world.reconciles()
    with world.read() as session:
        kept = list(session.scalars(select(StripeEvent.type)))
    assert "checkout.session.completed" in kept
    assert world.state(order_id) == "held"
    world.tick()
    done = [each.done_at is not None for each in events(world)]
    assert len(done) >= len(kept)
    assert all(done)
    assert quiet(world.reconciles())


def events(world: World) -> list[StripeEvent]:
    with world.read() as session:
        found = list(session.scalars(select(StripeEvent)))
        session.expunge_all()
        return found


def test_a_hold_that_was_captured_by_hand_is_a_payment(world: World) -> None:
    order_id = world.orders(world.product(days=3))
    intent = world.order(order_id).hold_intent
    calls(world, f"payment_intents/{intent}/capture")
    assert "had been captured" in repairs(world)
    assert world.state(order_id) == "paid"
    assert world.money(order_id) == (1900, 0)
    world.cancels(order_id)
    assert world.money(order_id) == (1900, 1900)


def test_a_hold_that_was_captured_by_hand_is_refunded_when_its_buyer_cancels(world: World) -> None:
    order_id = world.orders(world.product(days=3))
    calls(world, f"payment_intents/{world.order(order_id).hold_intent}/capture")
    world.cancels(order_id)
    world.tick()
    assert world.state(order_id) == "refunded"
    assert world.money(order_id) == (1900, 1900)
    assert repairs(world) == ""


def test_a_hold_that_nobody_lives_on_is_released(world: World) -> None:
    order_id = world.orders(world.product(days=40))
    order = world.order(order_id)
    _holds(world, order)
    assert "belongs to nothing" in repairs(world)
    assert world.holds() == []
    assert world.state(order_id) == "reserved"


def _holds(world: World, order: Order, *, capture: str = "manual") -> None:
    calls(
        world,
        "payment_intents",
        amount="1900",
        currency="eur",
        customer=order.customer or "",
        payment_method=order.payment_method or "",
        off_session="true",
        confirm="true",
        capture_method=capture,
        **{"allowed_payment_method_types[0]": "card", "metadata[order]": order.mark},
    )


def test_a_payment_that_nobody_knows_of_goes_back(world: World) -> None:
    order_id = world.orders(world.product(days=40))
    _holds(world, world.order(order_id), capture="automatic")
    assert "they go back" in repairs(world)
    assert world.state(order_id) == "reserved"
    assert world.money(order_id) == (1900, 1900)


def test_a_hold_that_ended_at_the_bank_is_seen_without_its_event(world: World) -> None:
    order_id = world.orders(world.product(days=3))
    world.sandbox.control("holds/lapse", payment_intent=world.order(order_id).hold_intent)
    assert "had ended" in repairs(world)
    assert world.state(order_id) in {"reserved", "held"}
    assert len(world.holds()) <= 1


@pytest.mark.parametrize("why", ["fraudulent", "requested_by_customer", ""])
@pytest.mark.parametrize("repaired", [True, False], ids=["its buyer gives a card", "its creator cancels"])
def test_a_hold_that_was_cancelled_by_hand_is_not_placed_again_by_itself(
    world: World, why: str, *, repaired: bool
) -> None:
    order_id = world.orders(world.product(days=3))
    hold = world.order(order_id).hold_intent
    calls(world, f"payment_intents/{hold}/cancel", **({"cancellation_reason": why} if why else {}))
    assert "had ended" in repairs(world)
    order = world.order(order_id)
    assert (order.state, order.decline, order.next_try_at) == ("past_due", "hold_voided", None)
    [task] = world.tasks()
    assert "cancelled the hold of 19.00" in task
    assert world.letter_to(order_id, "task") == "ines@forthcoming.example"
    assert world.letters(order_id).count("past_due") == 1
    world.advance(days=2)
    world.tick()
    assert world.holds() == []
    if repaired:
        world.pays(world.visits(order_id))
        world.settles(order_id)
    else:
        world.cancels(order_id, who="creator:ines@forthcoming.example")
    world.advance(days=1)
    world.tick()
    assert world.state(order_id) == ("paid" if repaired else "cancelled")
    assert (world.grant(order_id) is not None) == repaired
    assert world.broken() == []


def test_a_hold_that_was_cancelled_by_hand_is_found_out_at_its_capture_and_nothing_is_charged(world: World) -> None:
    order_id = world.orders(world.product(days=3))
    calls(world, f"payment_intents/{world.order(order_id).hold_intent}/cancel", cancellation_reason="duplicate")
    world.advance(days=3)
    world.tick()
    order = world.order(order_id)
    assert (order.state, order.decline, world.money(order_id).captured) == ("past_due", "hold_voided", 0)
    assert len(world.tasks()) == 1
    grant = world.grant(order_id)
    assert grant is not None
    assert not grant.live
    assert world.broken() == []
    world.advance(days=8)
    world.tick()
    assert world.state(order_id) == "cancelled", "its grace is over"
    assert world.broken() == []


def test_a_hold_that_was_cancelled_by_hand_is_found_out_when_its_day_moves(world: World) -> None:
    product = world.product(days=3)
    order_id = world.orders(product)
    calls(world, f"payment_intents/{world.order(order_id).hold_intent}/cancel", cancellation_reason="fraudulent")
    assert world.moves(product, 20) is None
    world.tick()
    assert (world.state(order_id), len(world.tasks())) == ("past_due", 1)


def test_an_amount_that_differs_is_a_persons_to_explain(world: World) -> None:
    order_id = world.orders(world.product(days=None))
    with world.db.write() as session:
        taken = update(Attempt).where(Attempt.order_id == order_id, Attempt.moved > 0)
        session.execute(taken.values(moved=2000))
    report = world.reconciles()
    assert len(report.reported) == 1
    assert "29.00" in report.reported[0]
    world.reconciles()
    assert len(world.tasks()) == 1, "asked once"


def test_what_is_under_way_is_left_alone(world: World) -> None:
    order_id = world.places(world.product(days=3))
    world.pays(world.visits(order_id))
    report = world.reconciles()
    assert [each for each in report.repaired if "had not arrived" not in each] == []
    assert world.state(order_id) == "placed"
    world.tick()
    assert world.state(order_id) == "held"


def test_payments_of_another_shop_on_the_same_account_are_not_ours(world: World) -> None:
    calls(world, "customers", email="x@posteo.de")
    body = {"amount": "500", "currency": "eur", "payment_method": "pm_card_visa", "confirm": "true"}
    calls(world, "payment_intents", **body, **{"allowed_payment_method_types[0]": "card"})
    assert repairs(world) == ""


def test_what_happened_while_nobody_worked_for_months_is_found(world: World) -> None:
    order_id = world.orders(world.product(days=None))
    world.tick()
    calls(world, "refunds", payment_intent=world.order(order_id).paid_intent or "", amount="900")
    world.advance(days=60)
    assert reconciling.reconcile_deeply(world.outside, world.db, world.now) > 0
    assert world.money(order_id) == (2900, 900)
    with world.db.write() as session:
        session.add(JobRun(job="reconcile_deeply", started_at=world.now, ended_at=world.now))
    calls(world, "refunds", payment_intent=world.order(order_id).paid_intent or "", amount="100")
    world.advance(days=60)
    with world.db.write() as session:
        failed = JobRun(job="reconcile_deeply", started_at=world.now, ended_at=world.now, trouble="Stripe was silent")
        session.add(failed)
    assert reconciling.reconcile_deeply(world.outside, world.db, world.now) > 0
    assert world.money(order_id) == (2900, 1000)


def test_what_a_bank_decides_after_months_is_asked_for_by_its_name(world: World) -> None:
    order_id = world.orders(world.product(days=None), card=DISPUTES_LATER)
    world.tick()
    world.advance(minutes=2)
    world.reconciles()
    grant = world.grant(order_id)
    assert grant is not None
    assert grant.suspended_at is not None
    with world.read() as session:
        dispute = session.scalars(select(Dispute)).one()
    assert (
        disputing.answer(world.outside, world.db, dispute.id, {"uncategorized_text": "Here."}, "ines", world.now)
        is None
    )
    world.advance(days=75)
    world.sandbox.control("disputes/resolve", dispute=dispute.stripe_id, status="won")
    with world.db.write() as session:  # its events come in a version that nobody here reads
        for each in world.outside.stripe.events_since(world.now - timedelta(days=1), tuple(HEARD)):
            store(session, replace(each, api_version="2020-08-27"), live=False, now=world.now)
    assert "the dispute" in repairs(world)
    grant = world.grant(order_id)
    assert grant is not None
    assert grant.live
