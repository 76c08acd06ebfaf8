"""Placing orders: the last unit, the same form twice, and limits, from many sides at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from storefront.actions import ordering
from storefront.actions.checking import check
from storefront.actions.ordering import OfferChanged, Placed, Refusal, SoldOut, TooMany, Wish
from storefront.models.orders import Order
from storefront.models.products import Product
from storefront.models.stock import UnitMove
from tests.support.world import World

THREADS = 16


def places(world: World, product_id: int, wish: Wish) -> Placed | Refusal | SoldOut | TooMany:
    with world.db.write() as session:
        product = session.get_one(Product, product_id)
        return ordering.place(session, world.outside.links, product, wish, world.chance, world.now)


def wish(number: int, offer_id: int, email: str = "", place: str = "") -> Wish:
    return Wish(email or f"p{number}@posteo.de", offer_id, f"nonce-{number:016}", place or f"place-{number}")


def offers(world: World, product_id: int) -> list[int]:
    with world.read() as session:
        return [each.id for each in session.get_one(Product, product_id).offers]


def at_once(world: World, product_id: int, wishes: list[Wish]) -> list[Placed | Refusal | SoldOut | TooMany]:
    """Everybody presses the button in the same moment."""
    ready = Barrier(THREADS)

    def press(each: Wish) -> Placed | Refusal | SoldOut | TooMany:
        ready.wait(timeout=30)
        return places(world, product_id, each)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(press, wishes))


def nothing_broken(world: World) -> None:
    with world.read() as session:
        assert check(session, world.now) == []


@pytest.mark.parametrize("stock", [1, 5])
def test_many_who_want_the_last_ones_get_exactly_the_stock(world: World, stock: int) -> None:
    product = world.product(stock=stock)
    first = offers(world, product)[0]
    answers = at_once(world, product, [wish(number, first) for number in range(THREADS)])
    told = Counter(type(each).__name__ for each in answers)
    assert told == {"Placed": stock, "SoldOut": THREADS - stock}
    assert world.units(product) == (stock, stock)
    with world.read() as session:
        assert session.scalar(select(func.sum(UnitMove.change))) == stock
    nothing_broken(world)


def test_many_who_want_the_last_early_bird_are_told_the_next_price(world: World) -> None:
    product = world.product(units=3)
    first, regular = offers(world, product)
    answers = at_once(world, product, [wish(number, first) for number in range(THREADS)])
    placed = [each for each in answers if isinstance(each, Placed)]
    assert len(placed) == 3
    assert {each.now.id for each in answers if isinstance(each, OfferChanged)} == {regular}
    assert world.units(product) == (3, 3)
    nothing_broken(world)


def test_the_same_form_pressed_many_times_at_once_is_one_order(world: World) -> None:
    product = world.product()
    first = offers(world, product)[0]
    answers = at_once(world, product, [wish(1, first)] * THREADS)
    placed = [each for each in answers if isinstance(each, Placed)]
    assert len(placed) == THREADS
    assert len({each.order.id for each in placed}) == 1
    assert [each.told is None for each in placed].count(False) == 1
    assert world.units(product) == (1, 1)
    nothing_broken(world)


def test_an_order_keeps_what_was_promised_word_for_word(world: World) -> None:
    product = world.product(days=40)
    order_id = world.places(product)
    with world.db.write() as session:
        found = session.get_one(Product, product)
        found.title, found.offers[0].price = "Renamed", 9900
    order = world.order(order_id)
    assert (order.price, order.promise.price, order.promise.bonuses) == (1900, 1900, ["Reading the source"])
    assert order.promise.content.startswith("Databases by Hand")
    assert order.promise.not_before == order.promise.by == order.product.launch.at
    assert "charge it" in order.promise.consent


def test_a_purchase_may_be_charged_at_once(world: World) -> None:
    order = world.order(world.places(world.product(days=None)))
    assert (order.kind, order.mode, order.promise.not_before) == ("purchase", "pay_now", None)


def test_an_offer_of_another_product_is_not_taken(world: World) -> None:
    product, other = world.product(), world.product("other")
    answer = places(world, product, wish(1, offers(world, other)[0]))
    assert isinstance(answer, OfferChanged)
    assert answer.before is None
    assert answer.now.id == offers(world, product)[0]


def test_five_open_visits_an_address_and_twenty_a_place(world: World) -> None:
    product = world.product()
    first = offers(world, product)[0]
    for number in range(5):
        assert isinstance(places(world, product, wish(number, first, email="m@posteo.de")), Placed)
    assert places(world, product, wish(5, first, email="m@posteo.de")) == TooMany(5)
    for number in range(6, 26):
        assert isinstance(places(world, product, wish(number, first, place="here")), Placed)
    assert places(world, product, wish(26, first, place="here")) == TooMany(20)
    assert world.units(product) == (25, 25)
    with world.read() as session:
        assert session.scalar(select(func.count(Order.id))) == 25


def test_an_ended_visit_counts_no_more(world: World) -> None:
    product = world.product()
    for _ in range(5):
        order_id = world.places(product)
        world.cancels(order_id)
        world.tick()
    assert world.state(world.places(product)) == "placed"


def test_a_unit_given_back_can_be_had_again(world: World) -> None:
    product = world.product(stock=1)
    order_id = world.orders(product)
    world.cancels(order_id)
    world.tick()
    assert world.units(product) == (0, 0)
    assert world.state(world.orders(product, "next@posteo.de")) == "held"
    nothing_broken(world)


def test_a_day_that_was_missed_is_promised_to_nobody(world: World) -> None:
    product = world.product(days=3)
    offer = offers(world, product)[0]
    world.now += timedelta(days=4) - timedelta(seconds=1)
    assert isinstance(places(world, product, wish(1, offer)), Placed)
    world.now += timedelta(seconds=1)
    assert isinstance(places(world, product, wish(2, offer)), SoldOut)
