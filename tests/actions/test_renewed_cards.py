"""Cards that their network renews: a new date is kept; another brand is charged only once its owner has agreed (stripe.md 1.3)."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from storefront.actions import hearing
from storefront.actions.declining import declined
from storefront.models.orders import Order
from storefront.outside.stripe_answers import Declined, Event
from storefront.outside.stripe_gateway import API_VERSION
from tests.support.letters import letter, post_office, words_of
from tests.support.mailserver import MailServer
from tests.support.queue import out_of_stock, queues_up, restocks
from tests.support.world import DECLINES_LATER, MASTERCARD, VISA, World

assert post_office
MIRIAM = "miriam@posteo.de"
numbers = count()


def renews(world: World, order_id: int, number: str = VISA, **date: int) -> Order:
    """The bank sends a new card, and Stripe says so."""
    card = world.order(order_id).payment_method
    assert card
    world.sandbox.control("cards/renew", payment_method=card, number=number, **date)
    payload: dict[str, Any] = {"data": {"object": {"id": card}}}
    with world.db.write() as session:
        event = Event(
            f"evt_card_{next(numbers)}",
            "payment_method.automatically_updated",
            card,
            livemode=False,
            api_version=API_VERSION,
            payload=payload,
        )
        hearing.store(session, event, live=False, now=world.now)
    assert hearing.hear_due(world.outside, world.db, world.now) == 1
    return world.order(order_id)


def test_a_new_date_of_the_same_card_is_kept_and_asks_nobody(world: World) -> None:
    order_id = world.orders(world.product(days=60))
    renewed = renews(world, order_id, exp_year=2041, exp_month=3)
    assert renewed.state == "reserved"
    assert renewed.card_until is not None
    assert (renewed.card_until.year, renewed.card_until.month) == (2041, 4)
    assert world.letters(order_id) == ["confirmed"]


def test_a_card_of_another_brand_is_not_charged_before_its_owner_agrees(
    small_world: World, post_office: MailServer
) -> None:
    world, product = small_world, small_world.product(days=60)
    order_id = world.orders(product)
    world.posts()
    replaced = renews(world, order_id, MASTERCARD)
    assert (replaced.state, replaced.decline, replaced.next_try_at) == ("past_due", "card_replaced", None)
    world.posts()
    assert letter(world, "past_due").sent_at == world.now
    text = words_of(post_office.to(MIRIAM)[-1].part("plain"))
    assert "Your bank has replaced your card. Nothing was charged." in text
    assert "We asked for" not in text
    assert "none is charged that you have not agreed to" in text
    world.advance(days=59)
    world.tick()
    assert [each.kind for each in world.order(order_id).attempts if each.kind in {"hold", "charge"}] == []
    world.pays(world.visits(order_id), MASTERCARD)
    world.settles(order_id)
    world.advance(days=1)
    world.tick()
    assert (world.state(order_id), world.order(order_id).price) == ("paid", 1900)
    assert world.broken() == []


def test_a_card_of_another_brand_ends_the_tries_of_a_declined_one(world: World) -> None:
    order_id = world.orders(world.product(days=40), card=DECLINES_LATER)
    world.advance(days=38)
    world.tick()
    assert world.order(order_id).next_try_at is not None
    replaced = renews(world, order_id, MASTERCARD)
    assert (replaced.state, replaced.decline, replaced.next_try_at) == ("past_due", "card_replaced", None)
    assert replaced.episode == 1, "it is the same trouble still"


def test_what_is_set_aside_already_was_agreed_to(world: World) -> None:
    order_id = world.orders(world.product(days=3))
    held = renews(world, order_id, MASTERCARD)
    assert (held.state, held.card) == ("held", "Visa ending 4242")
    world.advance(days=3)
    world.tick()
    paid = world.order(order_id)
    assert (paid.state, paid.card, paid.decline) == ("paid", "Visa ending 4242", "")
    assert world.broken() == []


def asked(world: World, order_id: int) -> list[str]:
    return [each.kind for each in world.order(order_id).attempts if each.kind in {"hold", "charge"}]


@pytest.mark.parametrize(("days", "before"), [(20, 0), (1.5, 4.6)], ids=["it waits", "another hold is due at once"])
def test_a_card_of_another_brand_is_not_asked_when_the_hold_of_the_old_one_no_longer_fits(
    world: World, days: float, before: float
) -> None:
    product = world.product(days=5)
    order_id = world.orders(product)
    assert renews(world, order_id, MASTERCARD).state == "held"
    assert world.moves(product, days) is None
    world.advance(days=before)
    world.tick()
    replaced = world.order(order_id)
    assert (replaced.state, replaced.decline, replaced.next_try_at) == ("past_due", "card_replaced", None)
    assert world.holds() == []
    assert asked(world, order_id) == []
    assert world.letters(order_id).count("past_due") == 1
    world.pays(world.visits(order_id), MASTERCARD)
    world.settles(order_id)
    world.advance(days=5 + days - before)
    world.tick()
    assert world.state(order_id) == "paid"
    assert world.broken() == []


def test_a_card_of_another_brand_is_not_asked_when_the_hold_of_the_old_one_lapses(world: World) -> None:
    order_id = world.orders(world.product(days=5))
    renews(world, order_id, MASTERCARD)
    world.sandbox.control("holds/lapse", payment_intent=world.order(order_id).hold_intent)
    world.reconciles()
    world.tick()
    assert (world.state(order_id), world.order(order_id).decline) == ("past_due", "card_replaced")
    world.advance(days=6)
    world.tick()
    assert asked(world, order_id) == []


def test_a_card_of_another_brand_is_not_asked_again_when_the_old_one_cannot_be_captured(world: World) -> None:
    order_id = world.orders(world.product(days=3))
    renews(world, order_id, MASTERCARD)
    with world.db.write() as session:
        order = session.get_one(Order, order_id)
        declined(session, order, order.attempts[-1], Declined("insufficient_funds"), world.now)
    order = world.order(order_id)
    assert (order.state, order.decline, order.next_try_at) == ("past_due", "card_replaced", None)


def test_a_card_that_has_its_old_brand_back_may_be_asked(world: World) -> None:
    product = world.product(days=3)
    order_id = world.orders(product)
    renews(world, order_id, MASTERCARD)
    renews(world, order_id, VISA)
    assert world.moves(product, 20) is None
    world.tick()
    assert world.state(order_id) == "reserved"


def test_a_card_that_ends_in_the_queue_is_asked_for_and_changed_in_place(
    small_world: World, post_office: MailServer
) -> None:
    world = small_world
    product = out_of_stock(world)
    (waits,) = queues_up(world, product, 1)
    renews(world, waits, exp_year=world.now.year + 1, exp_month=world.now.month)
    world.reminds()
    assert "card_expiring" not in world.letters(waits), "a year is long enough"
    ends = world.now + timedelta(days=20)
    with world.db.write() as session:
        session.get_one(Order, waits).card_until = ends
    world.reminds()
    world.reminds()
    assert world.letters(waits).count("card_expiring") == 1
    world.posts()
    taken = post_office.to("waits1@posteo.de")[-1]
    assert str(taken.message["Subject"]).startswith("Your card ends while you wait")
    assert "You pay 29 € when it is your turn in the queue, at the latest on" in words_of(taken.part("plain"))
    world.pays(world.visits(waits), MASTERCARD)
    world.settles(waits)
    assert world.order(waits).card.startswith("Mastercard")
    restocks(world, product, 1)
    world.tick()
    assert world.state(waits) == "paid"
    assert world.broken() == []
