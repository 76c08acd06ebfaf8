"""Declined cards: our own next tries, the letters of the grace, and cards that will be too old (policies.md 3)."""

from datetime import UTC, datetime, timedelta

import requests
from sqlalchemy import update

from storefront.actions import preflighting, retrying
from storefront.actions.declining import declined
from storefront.models.orders import Attempt, Order
from storefront.outside.stripe_answers import Declined
from tests.support.world import DECLINES_LATER, KEY, MASTERCARD, World

DAY = timedelta(days=1)


def declines(world: World) -> tuple[int, int]:
    """A course forty days ahead, ordered with a card that the bank declines at the pre-flight, 48 hours before."""
    product = world.product(days=40)
    order_id = world.orders(product, card=DECLINES_LATER)
    world.advance(days=38)
    world.tick()
    assert world.state(order_id) == "past_due"
    return product, order_id


def hears(world: World, order_id: int, reason: str, **advice: str) -> Order:
    """The bank's first no was of another kind."""
    with world.db.write() as session:
        order = session.get_one(Order, order_id)
        order.declined_at = None
        declined(session, order, order.attempts[-1], Declined(reason, **advice), world.now)
    return world.order(order_id)


def fills_up(world: World, order_id: int) -> None:
    """From now on the bank says yes: the saved card is one that works."""
    customer = world.order(order_id).customer
    url = f"{world.sandbox.url}/v1/payment_methods/pm_card_visa/attach"
    card = requests.post(url, data={"customer": customer}, auth=(KEY, ""), timeout=10).json()["id"]
    with world.db.write() as session:
        session.execute(update(Order).where(Order.id == order_id).values(payment_method=card))


def tries(world: World, order_id: int) -> list[str]:
    return [each.kind for each in world.order(order_id).attempts if each.kind in {"hold", "charge"}]


def nothing_broken(world: World) -> None:
    assert world.broken() == []


def test_a_card_that_was_declined_is_asked_again_by_us_and_its_owner_is_written_to_once(world: World) -> None:
    _, order_id = declines(world)
    first = world.order(order_id)
    assert first.declined_at is not None
    assert (first.decline_class, first.next_try_at) == ("bank", first.declined_at + DAY)
    world.advance(hours=25)
    world.tick()
    again = world.order(order_id)
    assert tries(world, order_id) == ["hold", "hold"]
    assert (again.state, again.declined_at, again.episode) == ("past_due", first.declined_at, 1)
    assert again.next_try_at == first.declined_at + 3 * DAY
    assert world.letters(order_id) == ["confirmed", "past_due"]
    nothing_broken(world)


def test_a_card_that_works_again_before_the_launch_is_held_and_opens_with_the_others(world: World) -> None:
    _, order_id = declines(world)
    fills_up(world, order_id)
    world.advance(hours=25)
    world.tick()
    order = world.order(order_id)
    assert (order.state, order.decline, order.grace_until, order.next_try_at) == ("held", "", None, None)
    assert world.letters(order_id) == ["confirmed", "past_due", "repaired"]
    world.advance(hours=24)
    world.tick()
    assert world.state(order_id) == "paid"
    assert world.grant(order_id) is not None
    nothing_broken(world)


def test_a_try_follows_its_day_when_the_day_moves(world: World) -> None:
    product, order_id = declines(world)
    day = world.order(order_id).promise.by
    assert world.moves(product, 20) is None
    assert world.order(order_id).next_try_at == day + 18 * DAY, "with the others' pre-flight, as the page now says"
    world.advance(days=5)
    world.tick()
    assert tries(world, order_id) == ["hold"]
    assert world.moves(product, -10) is None
    assert world.order(order_id).next_try_at == day + 8 * DAY
    fills_up(world, order_id)
    world.advance(days=5, hours=1)
    world.tick()
    assert (world.state(order_id), tries(world, order_id)) == ("held", ["hold", "hold"])
    nothing_broken(world)


def test_a_card_that_works_again_after_the_launch_pays_and_opens_at_once(world: World) -> None:
    _, order_id = declines(world)
    world.advance(days=2, hours=1)
    world.tick()
    assert world.letters(order_id) == ["confirmed", "past_due", "past_due_out"]
    assert world.grant(order_id) is None
    fills_up(world, order_id)
    world.advance(hours=24)
    world.tick()
    order = world.order(order_id)
    assert (order.state, world.money(order_id).net) == ("paid", 1900)
    assert tries(world, order_id)[-1] == "charge"
    assert world.grant(order_id) is not None
    assert world.letters(order_id)[-2:] == ["repaired", "access"]
    nothing_broken(world)


def test_what_only_its_owner_can_mend_is_left_to_the_owner(world: World) -> None:
    for reason in ("lost_card", "expired_card", "authentication_required"):
        _, order_id = _at_another(world, reason)
        before = tries(world, order_id)
        world.advance(days=4)
        world.tick()
        assert tries(world, order_id) == before, reason


def _at_another(world: World, reason: str) -> tuple[int, int]:
    product = world.product(f"course-{reason}", days=4)
    order_id = world.orders(product, f"{reason}@posteo.de")
    with world.db.write() as session:
        order = session.get_one(Order, order_id)
        declined(session, order, order.attempts[-1], Declined(reason), world.now)
    world.tick()
    assert world.order(order_id).next_try_at is None
    return product, order_id


def test_advice_that_forbids_another_try_stops_the_ladder(world: World) -> None:
    _, order_id = declines(world)
    assert hears(world, order_id, "insufficient_funds").next_try_at is not None
    assert hears(world, order_id, "insufficient_funds", network_advice="03").next_try_at is None
    assert hears(world, order_id, "generic_decline", advice="do_not_try_again").next_try_at is None


def test_nothing_is_tried_while_the_buyer_is_at_stripe_with_another_card(world: World) -> None:
    _, order_id = declines(world)
    world.advance(hours=23, minutes=50)
    url = world.visits(order_id)
    world.advance(minutes=20)
    retrying.retry_due(world.outside, world.db, world.now)
    assert tries(world, order_id) == ["hold"]
    world.pays(url, MASTERCARD)
    world.settles(order_id)
    world.tick()
    assert world.state(order_id) == "held"
    assert len(world.holds()) == 1
    nothing_broken(world)


def test_two_workers_ask_the_bank_once(world: World) -> None:
    _, order_id = declines(world)
    world.advance(hours=25)
    stale = world.now
    retrying.retry_due(world.outside, world.db, stale)
    retrying.retry_due(world.outside, world.db, stale)
    assert tries(world, order_id) == ["hold", "hold"]


def test_a_buyer_who_cancels_is_not_asked_again(world: World) -> None:
    _, order_id = declines(world)
    world.cancels(order_id)
    world.advance(hours=25)
    world.tick()
    assert world.state(order_id) == "cancelled"
    assert tries(world, order_id) == ["hold"]
    nothing_broken(world)


def test_the_grace_has_its_letters_and_its_end_tells_both_sides_and_frees_the_unit(world: World) -> None:
    product, order_id = declines(world)
    world.advance(days=2, minutes=5)
    world.tick()
    assert world.letters(order_id) == ["confirmed", "past_due", "past_due_out"]
    world.advance(days=6)
    world.tick()
    assert world.letters(order_id)[-1] == "grace_ending"
    world.advance(days=1)
    world.tick()
    assert world.letters(order_id)[-2:] == ["cancelled", "grace_over"]
    assert world.letter_to(order_id, "grace_over") == "ines@forthcoming.example"
    assert world.units(product) == (0, 0)
    nothing_broken(world)


def test_a_card_that_ends_before_the_launch_is_asked_for_weeks_ahead_and_changed_in_place(world: World) -> None:
    product = world.product(days=60)
    order_id = world.orders(product)
    until = world.now + timedelta(days=50)
    old = _expires(world, order_id, until)
    world.advance(days=31)
    world.tick()
    assert world.letters(order_id) == ["confirmed"], "not yet: it is more than four weeks"
    world.advance(days=2)
    world.tick()
    world.tick()
    assert world.letters(order_id) == ["confirmed", "card_expiring"]
    world.pays(world.visits(order_id), MASTERCARD)
    world.settles(order_id)
    world.tick()
    order = world.order(order_id)
    assert (order.state, order.card[:10], order.price) == ("reserved", "Mastercard", 1900)
    assert order.card_until is not None
    assert order.card_until > until
    assert world.at_stripe(f"payment_methods/{old}")["customer"] is None, "the old card is forgotten"
    world.advance(days=27)
    world.tick()
    assert world.state(order_id) == "paid"
    nothing_broken(world)


def _expires(world: World, order_id: int, until: datetime) -> str:
    with world.db.write() as session:
        session.execute(update(Order).where(Order.id == order_id).values(card_until=until))
    return world.order(order_id).payment_method or ""


def test_a_card_is_valid_to_the_end_of_the_month_that_is_printed_on_it(world: World) -> None:
    order = world.order(world.orders(world.product(days=40)))
    assert order.card_until == datetime(2035, 1, 1, tzinfo=UTC)
    assert order.card_print


def test_the_old_card_is_not_asked_while_its_owner_is_at_stripe_with_another(world: World) -> None:
    order_id = world.orders(world.product(days=40))
    world.advance(days=37, hours=23, minutes=40)
    url = world.visits(order_id)
    world.advance(minutes=30)
    preflighting.preflight_due(world.outside, world.db, world.now)
    assert world.state(order_id) == "reserved"
    world.pays(url, MASTERCARD)
    world.settles(order_id)
    world.tick()
    order = world.order(order_id)
    assert (order.state, order.card[:10]) == ("held", "Mastercard")
    assert len(world.holds()) == 1
    nothing_broken(world)


def test_a_visit_that_is_left_holds_the_pre_flight_up_for_no_longer_than_it_lasts(world: World) -> None:
    order_id = world.orders(world.product(days=40))
    world.advance(days=37, hours=23, minutes=40)
    world.visits(order_id)
    world.advance(minutes=50)
    world.tick()
    assert world.state(order_id) == "held"
    nothing_broken(world)


def test_a_limit_of_the_network_counts_the_card_across_orders(world: World) -> None:
    _, order_id = declines(world)
    with world.db.write() as session:
        order = session.get_one(Order, order_id)
        kept = order.attempts[-1]
        for n in range(20):
            other = session.get_one(Order, order_id)
            session.add(_asked(other, kept.card_print, n, world.now))
    assert hears(world, order_id, "insufficient_funds").next_try_at is None, "15 tries in 30 days are the most"


def _asked(order: Order, card: str, n: int, now: datetime) -> Attempt:
    at = now - timedelta(hours=n)
    return Attempt(
        order_id=order.id,
        kind="charge",
        generation=100 + n,
        key=f"charge:other:{n}",
        card_print=card,
        opened_at=at,
        leased_until=at,
        outcome="declined",
    )
