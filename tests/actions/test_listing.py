"""A waiting list: a freed unit is offered to the next for a limited time, kept while that is open, and never revives."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import select

from storefront.actions import listing, ordering
from storefront.actions.checking import check
from storefront.models.letters import Letter
from storefront.models.orders import Order
from storefront.models.products import Product
from storefront.models.tickets import Ticket, place_of
from tests.support.queue import joins, out_of_stock, product_of, restocks, ticket, wishes
from tests.support.world import World


def sold_out(world: World) -> int:
    """A product that is sold out, and takes no back-orders."""
    return out_of_stock(world, cap=0)


def sound(world: World) -> list[str]:
    with world.read() as session:
        return check(session, world.now)


def letters(world: World, ticket_id: int) -> list[str]:
    with world.read() as session:
        rows = session.scalars(select(Letter).where(Letter.ticket_id == ticket_id).order_by(Letter.id))
        return [each.kind for each in rows if each.sent_at]


def leaves(world: World, ticket_id: int) -> bool:
    with world.db.write() as session:
        return listing.leave(session, session.get_one(Ticket, ticket_id), world.now)


def orders_with(world: World, product: int, ticket_id: int) -> object:
    return wishes(world, product, ticket(world, ticket_id).email, ticket_id)


def test_whoever_joins_has_a_place_and_a_letter_that_leads_to_it(world: World) -> None:
    product = sold_out(world)
    first, second = joins(world, product, "a@posteo.de"), joins(world, product, "b@posteo.de")
    with world.read() as session:
        assert [place_of(session, session.get_one(Ticket, each)) for each in (first, second)] == [1, 2]
    world.tick()
    assert letters(world, first) == ["on_the_list"]
    assert sound(world) == []


def test_joining_twice_is_one_place(world: World) -> None:
    product = sold_out(world)
    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(lambda _: joins(world, product, "a@posteo.de"), range(4)))
    assert len(made) == 1
    assert product_of(world, product).waiting == 1


def test_a_freed_unit_is_offered_to_the_next_and_sold_to_nobody_else_meanwhile(world: World) -> None:
    product = sold_out(world)
    first, second = joins(world, product, "a@posteo.de"), joins(world, product, "b@posteo.de")
    restocks(world, product, 1)
    assert isinstance(wishes(world, product, "new@posteo.de"), ordering.SoldOut)
    world.tick()
    assert [ticket(world, each).state for each in (first, second)] == ["offered", "waiting"]
    assert ticket(world, first).offer_until == world.now + timedelta(hours=24)
    assert letters(world, first) == ["on_the_list", "unit_offered"] or letters(world, first) == ["unit_offered"]
    assert isinstance(wishes(world, product, "new@posteo.de"), ordering.SoldOut)
    assert sound(world) == []


def test_the_offered_unit_is_ordered_like_any_other_at_the_price_of_now(world: World) -> None:
    product = sold_out(world)
    first = joins(world, product, "a@posteo.de")
    restocks(world, product, 1)
    world.tick()
    placed = orders_with(world, product, first)
    assert isinstance(placed, ordering.Placed)
    assert (placed.order.kind, placed.order.mode, placed.order.price) == ("purchase", "pay_now", 2900)
    assert (ticket(world, first).state, product_of(world, product).kept) == ("used", 0)
    world.pays(world.visits(placed.order.id))
    world.settles(placed.order.id)
    world.tick()
    assert world.order(placed.order.id).state == "paid"
    assert sound(world) == []


def test_an_offer_is_taken_up_once(world: World) -> None:
    product = sold_out(world)
    first = joins(world, product, "a@posteo.de")
    restocks(world, product, 1)
    world.tick()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: wishes(world, product, f"p{n}@posteo.de", first), range(6)))
    assert sum(isinstance(each, ordering.Placed) for each in answers) == 1
    assert product_of(world, product).kept == 0
    assert sound(world) == []


def test_an_offer_that_has_ended_passes_to_the_next_and_never_revives(world: World) -> None:
    product = sold_out(world)
    first, second = joins(world, product, "a@posteo.de"), joins(world, product, "b@posteo.de")
    restocks(world, product, 1)
    world.tick()
    world.advance(hours=24)
    assert isinstance(orders_with(world, product, first), ordering.OfferOver)  # also before the worker looks
    world.tick()
    assert [ticket(world, each).state for each in (first, second)] == ["over", "offered"]
    assert isinstance(orders_with(world, product, first), ordering.OfferOver)
    world.advance(hours=24)
    world.tick()
    assert product_of(world, product).kept == 0
    assert isinstance(orders_with(world, product, first), ordering.OfferOver)
    assert isinstance(wishes(world, product, "new@posteo.de"), ordering.Placed)
    assert sound(world) == []


def test_a_unit_whose_offered_order_was_not_finished_goes_to_the_next(world: World) -> None:
    product = sold_out(world)
    first, second = joins(world, product, "a@posteo.de"), joins(world, product, "b@posteo.de")
    restocks(world, product, 1)
    world.tick()
    placed = orders_with(world, product, first)
    assert isinstance(placed, ordering.Placed)
    world.visits(placed.order.id)
    world.advance(hours=1)
    world.tick()
    assert [ticket(world, each).state for each in (first, second)] == ["used", "offered"]
    assert sound(world) == []


def test_whoever_leaves_with_an_open_offer_passes_it_on(world: World) -> None:
    product = sold_out(world)
    first, second, third = (joins(world, product, f"{name}@posteo.de") for name in "abc")
    assert leaves(world, second)
    restocks(world, product, 1)
    world.tick()
    assert leaves(world, first)
    assert not leaves(world, first)
    world.tick()
    assert [ticket(world, each).state for each in (first, second, third)] == ["left", "left", "offered"]
    assert product_of(world, product).waiting == 0
    assert sound(world) == []


def test_any_number_of_workers_offer_a_unit_once(world: World) -> None:
    product = sold_out(world)
    tickets = [joins(world, product, f"{name}@posteo.de") for name in "abcd"]
    restocks(world, product, 2)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: listing.offer_due(world.db, world.now), range(6)))
    assert [ticket(world, each).state for each in tickets] == ["offered", "offered", "waiting", "waiting"]
    assert product_of(world, product).kept == 2


def test_the_queue_of_back_orders_comes_before_the_waiting_list(world: World) -> None:
    product = out_of_stock(world, cap=1)
    queued = world.orders(product, "queued@posteo.de")
    listed = joins(world, product, "listed@posteo.de")
    restocks(world, product, 1)
    world.tick()
    assert (world.order(queued).state, ticket(world, listed).state) == ("paid", "waiting")
    restocks(world, product, 1)
    world.tick()
    assert ticket(world, listed).state == "offered"


def test_before_the_launch_an_offered_unit_is_pre_ordered(world: World) -> None:
    product = world.product(days=30, stock=1)
    only = world.orders(product)
    listed = joins(world, product, "listed@posteo.de")
    world.cancels(only)
    world.tick()
    placed = orders_with(world, product, listed)
    assert isinstance(placed, ordering.Placed)
    assert (placed.order.kind, placed.order.mode) == ("pre_order", "save_card")


def test_places_end_with_their_product(world: World) -> None:
    product = sold_out(world)
    listed = joins(world, product, "a@posteo.de")
    offered = joins(world, product, "b@posteo.de")
    with world.db.write() as session:
        session.get_one(Product, product).retired_at = world.now
    world.tick()
    assert [ticket(world, each).state for each in (listed, offered)] == ["over", "over"]
    with world.read() as session:
        assert session.scalar(select(Order.id).where(Order.email == "a@posteo.de")) is None
    assert sound(world) == []


def test_without_a_day_a_unit_is_offered_to_nobody_and_no_turn_is_lost(world: World) -> None:
    product = world.product(days=30, stock=1)
    only = world.orders(product)
    listed = joins(world, product, "listed@posteo.de")
    assert world.moves(product, None) is None
    world.cancels(only)
    world.tick()
    assert ticket(world, listed).state == "waiting"
    assert world.moves(product, 40) is None
    world.tick()
    assert ticket(world, listed).state == "offered"
    assert sound(world) == []
