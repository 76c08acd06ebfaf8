"""Launches: by the clock, by hand, moved, and what each does to orders that exist."""

from datetime import timedelta

import pytest

from storefront.actions import launching, preflighting
from storefront.actions.checking import check
from storefront.models.orders import Order
from storefront.models.products import Product
from storefront.rules.launch import Moment, Refused, moment_at
from tests.support.world import BERLIN, VISA, World


def launch_now(world: World, product_id: int) -> Refused | None:
    with world.db.write() as session:
        return launching.launch_now(session, session.get_one(Product, product_id).launch, "creator:1", world.now)


def sets(world: World, product_id: int, moment: Moment) -> Refused | None:
    with world.db.write() as session:
        return launching.schedule(session, session.get_one(Product, product_id).launch, moment, "", world.now)


def code(refused: Refused | None) -> str:
    return refused.code if refused else ""


def test_nothing_is_launched_a_second_early(world: World) -> None:
    order_id = world.orders(world.product(days=3))
    world.advance(seconds=3 * 86400 - 1)
    world.tick()
    assert world.grant(order_id) is None
    assert world.state(order_id) == "held"


def test_a_worker_that_was_down_at_the_moment_launches_when_it_is_back(world: World) -> None:
    order_id = world.orders(world.product(days=3))
    world.advance(days=3, hours=20)
    world.tick()
    assert world.state(order_id) == "paid"
    assert world.grant(order_id) is not None


def test_a_move_tells_everyone_gives_up_holds_that_no_longer_fit_and_places_them_again(world: World) -> None:
    product = world.product(days=3)
    held = world.orders(product)
    assert world.moves(product, 20) is None
    assert world.letters(held) == ["confirmed", "moved"]
    order = world.order(held)
    assert [p.version for p in order.promises] == [1, 2]
    assert order.promises[0].by != order.promises[1].by
    hold = order.hold_intent
    world.tick()
    assert world.state(held) == "reserved"
    assert world.at_stripe(f"payment_intents/{hold}")["status"] == "canceled"
    world.advance(days=21)
    world.tick()
    assert world.state(held) == "held"
    world.advance(days=2)
    world.tick()
    assert world.state(held) == "paid"
    with world.read() as session:
        assert [s for s in check(session, world.now) if not s.startswith("Letters")] == []


def test_a_hold_that_still_fits_the_new_day_is_kept(world: World) -> None:
    product = world.product(days=3)
    order_id = world.orders(product)
    hold = world.order(order_id).hold_intent
    assert world.moves(product, 1) is None
    world.tick()
    assert world.order(order_id).hold_intent == hold


def test_a_hold_that_does_not_fit_within_48_hours_is_renewed_at_once(world: World) -> None:
    product = world.product(days=5)
    order_id = world.orders(product)
    first = world.order(order_id).hold_intent
    world.advance(days=4, hours=21)
    assert world.moves(product, 1.5) is None
    world.tick()
    order = world.order(order_id)
    assert order.state == "held"
    assert order.hold_intent != first
    assert world.at_stripe(f"payment_intents/{first}")["status"] == "canceled"


def test_a_saved_card_gets_a_new_preflight(world: World) -> None:
    product = world.product(days=40)
    order_id = world.orders(product)
    world.moves(product, -30)
    order = world.order(order_id)
    assert order.product.launch.at is not None
    assert order.preflight_at == order.product.launch.at - timedelta(hours=48)


@pytest.mark.parametrize(
    ("days", "expected"),
    [(400, "too_far"), (-2.5, "too_soon"), (0, "same_date")],
)
def test_moves_that_nobody_could_agree_to_are_refused_with_a_sentence(world: World, days: float, expected: str) -> None:
    product = world.product(days=3)
    world.orders(product)
    assert code(world.moves(product, days)) == expected


def test_a_move_without_a_reason_is_refused(world: World) -> None:
    product = world.product(days=10)
    world.orders(product)
    assert code(world.moves(product, 5, reason=" ")) == "no_reason"


def test_a_move_after_the_moment_has_come_is_refused(world: World) -> None:
    product = world.product(days=3)
    world.orders(product)
    world.advance(days=3)
    assert code(world.moves(product, 5)) == "launch_due"


def test_without_orders_the_date_is_simply_set(world: World) -> None:
    product = world.product(days=3)
    assert sets(world, product, moment_at(world.now + timedelta(days=200), BERLIN)) is None
    assert sets(world, product, moment_at(world.now + timedelta(days=2), BERLIN)) is None
    assert code(sets(world, product, moment_at(world.now, BERLIN))) == "in_the_past"
    assert code(sets(world, product, moment_at(world.now + timedelta(days=366), BERLIN))) == "too_far"


def test_a_buyer_who_was_at_stripe_during_the_move_is_told_of_the_new_day(world: World) -> None:
    product = world.product(days=3)
    world.orders(product, "first@posteo.de")
    order_id = world.places(product)
    url = world.visits(order_id)
    assert world.moves(product, 20) is None
    world.pays(url, VISA)
    world.settles(order_id)
    order = world.order(order_id)
    assert order.promise_version == 2
    assert world.letters(order_id) == ["confirmed", "moved"]
    world.tick()
    assert world.state(order_id) == "reserved"


def test_an_open_visit_ends_when_the_launch_moves(world: World) -> None:
    product = world.product(days=3)
    world.orders(product, "first@posteo.de")
    order_id = world.places(product)
    world.visits(order_id)
    world.moves(product, 20)
    world.tick()
    assert world.state(order_id) == "expired"


def test_launch_now_is_refused_while_anybody_was_promised_a_later_charge(world: World) -> None:
    product = world.product(days=3)
    world.orders(product)
    assert code(launch_now(world, product)) == "promised_later"


def test_launch_now_releases_what_was_paid_up_front(world: World) -> None:
    product = world.product(days=20, upfront=True)
    order_id = world.orders(product)
    assert launch_now(world, product) is None
    world.tick()
    assert world.grant(order_id) is not None
    assert code(launch_now(world, product)) == "launched"


def test_a_hold_that_the_bank_gave_up_is_replaced_by_a_charge_of_the_saved_card(world: World) -> None:
    product = world.product(days=3)
    order_id = world.orders(product)
    hold = world.order(order_id).hold_intent
    world.sandbox.control("holds/lapse", payment_intent=hold)
    world.advance(days=3)
    assert launching.launch_due(world.db, world.now) == 1
    world.tick()
    order = world.order(order_id)
    assert order.state == "paid"
    assert [a.kind for a in order.attempts if a.moved] == ["charge"]
    assert world.grant(order_id) is not None


def test_preflight_skips_what_is_leaving(world: World) -> None:
    product = world.product(days=40)
    order_id = world.orders(product)
    world.cancels(order_id)
    world.advance(days=39)
    assert preflighting.preflight_due(world.outside, world.db, world.now) == 0


def test_a_declined_capture_suspends_access_and_starts_the_repair(world: World) -> None:
    product = world.product(days=3)
    order_id = world.orders(product)
    hold = world.order(order_id).hold_intent
    world.advance(days=3)
    launching.launch_due(world.db, world.now)
    from storefront.actions import granting

    granting.grant_due(world.outside, world.db, world.now)
    grant = world.grant(order_id)
    assert grant is not None
    assert grant.live
    with world.db.write() as session:
        session.get_one(Order, order_id).payment_method = None
    world.sandbox.control("holds/lapse", payment_intent=hold)
    world.tick()
    grant = world.grant(order_id)
    assert grant is not None
    assert grant.suspended_at is not None
    assert world.state(order_id) == "past_due"
    world.pays(world.visits(order_id))
    world.settles(order_id)
    grant = world.grant(order_id)
    assert grant is not None
    assert grant.live
    assert world.state(order_id) == "paid"
