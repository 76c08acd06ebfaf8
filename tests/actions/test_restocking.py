"""Back-orders wait in a queue; exactly as many as there are units get one, are charged and granted; nobody is dropped."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from storefront.actions import ordering, restocking
from storefront.actions.checking import check
from storefront.models import queues
from storefront.models.grants import Grant
from storefront.models.keys import PoolKey
from storefront.models.letters import Letter
from storefront.models.orders import Order
from storefront.models.products import Launch, Product
from storefront.models.stock import StockMove
from storefront.rules.stock import Kind
from tests.support.queue import imports, out_of_stock, product_of, queues_up, restocks, states, wishes
from tests.support.world import DECLINES_LATER, World

WHO = "creator:1"


def sound(world: World) -> list[str]:
    with world.read() as session:
        return check(session, world.now)


def test_a_back_order_saves_a_card_and_promises_a_latest_date_and_no_earliest(world: World) -> None:
    order = world.order(queues_up(world, out_of_stock(world), 1)[0])
    assert (order.kind, order.mode, order.state) == ("back_order", "save_card", "reserved")
    assert order.promise.not_before is None
    assert timedelta(days=90) <= order.promise.by - order.placed_at < timedelta(days=91)
    assert order.promise.wall.endswith("T23:59")
    assert "at the latest by" in order.promise.consent
    assert order.preflight_at is None
    world.tick()
    assert states(world, [order.id]) == ["queued"]
    assert sound(world) == []


def test_the_latest_date_is_the_one_its_creator_gives(world: World) -> None:
    latest = world.now + timedelta(days=20)
    product = out_of_stock(world, latest_at=latest)
    assert world.order(queues_up(world, product, 1)[0]).promise.by == latest


def test_a_restock_serves_exactly_so_many_from_the_head(world: World) -> None:
    product = out_of_stock(world)
    orders = queues_up(world, product, 4)
    restock = restocks(world, product, 2)
    world.tick()
    assert states(world, orders) == ["paid", "paid", "queued", "queued"]
    assert [world.grant(each) is not None for each in orders] == [True, True, False, False]
    with world.read() as session:
        assert queues.served(session, [restock.id])[restock.id] == {"paid": 2}
        assert session.get_one(Launch, restock.id).closed_at is not None
    assert sound(world) == []


def test_more_units_than_wait_are_sold_to_whoever_comes(world: World) -> None:
    product = out_of_stock(world)
    orders = queues_up(world, product, 1)
    restocks(world, product, 3)
    world.tick()
    assert states(world, orders) == ["paid"]
    assert isinstance(wishes(world, product, "new@posteo.de"), ordering.Placed)
    assert product_of(world, product).taken == 3
    assert sound(world) == []


def test_while_somebody_waits_a_free_unit_is_sold_to_nobody_else(world: World) -> None:
    product = out_of_stock(world)
    queues_up(world, product, 1)
    restocks(world, product, 1)  # and the worker has not looked yet
    placed = wishes(world, product, "new@posteo.de")
    assert placed.order.kind == "back_order"


def test_a_card_that_fails_keeps_its_unit_for_the_grace_then_the_next_gets_it(world: World) -> None:
    product = out_of_stock(world)
    orders = queues_up(world, product, 5, {2: DECLINES_LATER})
    restock = restocks(world, product, 3)
    world.tick()
    assert states(world, orders) == ["paid", "past_due", "paid", "queued", "queued"]
    with world.read() as session:
        assert session.get_one(Launch, restock.id).closed_at is None
    world.advance(days=6)
    world.tick()
    assert states(world, orders)[3] == "queued"
    world.advance(days=2)
    world.tick()
    assert states(world, orders) == ["paid", "cancelled", "paid", "paid", "queued"]
    with world.read() as session:
        assert session.get_one(Launch, restock.id).closed_at is not None
    assert sound(world) == []


def test_a_unit_that_comes_back_goes_to_the_head_of_the_queue(world: World) -> None:
    product = out_of_stock(world)
    orders = queues_up(world, product, 2)
    with world.read() as session:
        owner = session.scalar(select(Order.id).where(Order.email == "owner0@posteo.de"))
    world.cancels(owner or 0, "creator:1")
    world.tick()
    assert states(world, orders) == ["paid", "queued"]
    with world.read() as session:
        freed = session.scalars(queues.restocks(product)).one()
        assert (freed.launched_by, freed.units) == (restocking.FREED, 1)
    assert sound(world) == []


def test_whoever_leaves_the_queue_makes_room_and_is_never_charged(world: World) -> None:
    product = out_of_stock(world, cap=2)
    first, second = queues_up(world, product, 2)
    assert isinstance(wishes(world, product, "late@posteo.de"), ordering.SoldOut)
    world.cancels(first)
    world.tick()
    assert product_of(world, product).queued == 1
    assert isinstance(wishes(world, product, "late@posteo.de"), ordering.Placed)
    restocks(world, product, 1)
    world.tick()
    assert states(world, [first, second]) == ["cancelled", "paid"]
    assert sound(world) == []


def test_a_back_order_that_never_came_back_from_stripe_gives_its_place_back(world: World) -> None:
    product = out_of_stock(world, cap=1)
    order = world.places(product)
    world.visits(order)
    assert product_of(world, product).queued == 1
    world.advance(hours=1)
    world.tick()
    assert states(world, [order]) == ["expired"]
    assert product_of(world, product).queued == 0
    assert sound(world) == []


def test_the_queue_counts_from_the_card_not_from_the_form(world: World) -> None:
    product = out_of_stock(world)
    slow = world.places(product, "slow@posteo.de")
    url = world.visits(slow)
    world.now += timedelta(seconds=5)
    quick = world.orders(product, "quick@posteo.de")
    world.now += timedelta(seconds=5)
    world.pays(url)
    world.settles(slow)
    restocks(world, product, 1)
    world.tick()
    assert states(world, [slow, quick]) == ["queued", "paid"]


def test_lowering_the_stock_below_what_was_sold_drops_no_order_and_is_overbooked(world: World) -> None:
    product = out_of_stock(world, stock=3)
    orders = queues_up(world, product, 1)
    with world.db.write() as session:
        assert restocking.lower(session, session.get_one(Product, product), 2, WHO, world.now) is None
    world.tick()
    with world.read() as session:
        assert session.scalar(select(queues.free).where(Product.id == product)) == -2
        assert session.scalar(select(func.count(Order.id)).where(Order.state == "paid")) == 3
    restocks(world, product, 2)
    world.tick()
    assert states(world, orders) == ["queued"]
    restocks(world, product, 1)
    world.tick()
    assert states(world, orders) == ["paid"]
    assert sound(world) == []


@pytest.mark.parametrize("units", [1, 3])
def test_any_number_of_workers_allocate_exactly_so_many(world: World, units: int) -> None:
    product = out_of_stock(world)
    orders = queues_up(world, product, 6)
    restocks(world, product, units)
    with ThreadPoolExecutor(8) as pool:
        done = sum(pool.map(lambda _: restocking.allocate_due(world.db, world.now), range(8)))
    with world.read() as session:
        got = session.scalars(
            select(Order.id).where(Order.allocated_at.is_not(None)).order_by(Order.queued_at, Order.id)
        ).all()
    assert (list(got), done) == (orders[:units], units)
    world.tick()
    assert sound(world) == []


def test_the_last_place_below_the_cap_is_taken_once(world: World) -> None:
    product = out_of_stock(world, cap=1)

    def press(number: int) -> object:
        return wishes(world, product, f"p{number}@posteo.de")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(press, range(8)))
    assert sum(isinstance(each, ordering.Placed) for each in answers) == 1
    assert product_of(world, product).queued == 1


def test_one_bad_order_does_not_stop_the_rest(small_world: World) -> None:
    world, product = small_world, out_of_stock(small_world)
    orders = queues_up(world, product, 3)
    with world.db.write() as session:
        session.execute(update(Order).where(Order.id == orders[0]).values(payment_method="pm_gone"))
    restocks(world, product, 3)
    world.tick()
    assert states(world, orders)[1:] == ["paid", "paid"]


def test_a_back_order_whose_latest_date_has_passed_is_cancelled_and_told(world: World) -> None:
    product = out_of_stock(world, latest_at=world.now + timedelta(days=2))
    (order,) = queues_up(world, product, 1)
    world.advance(days=3, hours=1)
    world.tick()
    assert states(world, [order]) == ["cancelled"]
    assert "cancelled" in world.letters(order)
    assert sound(world) == []


def test_what_the_form_said_is_what_is_ordered(world: World) -> None:
    product = out_of_stock(world)
    with world.read() as session:
        seen = ordering.seen_now(ordering.standing_of(session.get_one(Product, product), world.now))
    assert seen.startswith("back_order:")
    restocks(world, product, 1)
    answer = wishes(world, product, "p@posteo.de", seen=seen)
    assert answer == ordering.OtherTerms(Kind.PURCHASE)
    answer = wishes(world, product, "p@posteo.de", seen="purchase:")
    assert isinstance(answer, ordering.Placed)


def test_keys_of_a_pool_are_given_in_their_order_and_the_queue_waits_for_more(world: World) -> None:
    product = world.product(days=None, kind="software", title="Silverfish", stock=0, pool=True, backorders=5)
    assert isinstance(imports(world, product, ["AAA-1"]), Launch)
    first = world.orders(product, "first@posteo.de")
    orders = queues_up(world, product, 3)
    world.tick()
    imports(world, product, ["BBB-2", "CCC-3"])
    world.tick()
    assert states(world, [first, *orders]) == ["paid", "paid", "paid", "queued"]
    given = [world.grant(each) for each in (first, *orders)]
    assert [each.licence_key for each in given[:1] if each] == ["AAA-1"]
    assert sorted(each.licence_key or "" for each in given[1:3] if each) == ["BBB-2", "CCC-3"]
    assert given[3] is None
    with world.read() as session:
        told = session.scalars(select(Letter).where(Letter.kind == "access").order_by(Letter.id)).all()
        assert len(told) == 3
    assert sound(world) == []


def test_nothing_is_imported_where_a_line_is_wrong(world: World) -> None:
    product = world.product(days=None, kind="software", stock=0, pool=True)
    imports(world, product, ["A", "B"])
    assert isinstance(imports(world, product, ["C", "B"]), restocking.Refused)
    with world.read() as session:
        assert session.scalars(select(PoolKey.key).order_by(PoolKey.id)).all() == ["A", "B"]
    assert product_of(world, product).stock == 2


def test_a_key_that_was_mailed_is_given_to_nobody_else(world: World) -> None:
    product = world.product(days=None, kind="software", stock=0, pool=True, backorders=5)
    imports(world, product, ["A"])
    first = world.orders(product)
    world.tick()
    (waits,) = queues_up(world, product, 1)
    world.cancels(first, WHO)
    world.tick()
    assert states(world, [first, waits]) == ["refunded", "queued"]
    assert product_of(world, product).stock == 0
    assert sound(world) == []


def test_a_key_that_stands_in_an_inbox_is_given_to_nobody_else_though_its_letter_came_back(world: World) -> None:
    product = world.product(days=None, kind="software", stock=0, pool=True, backorders=5)
    imports(world, product, ["A"])
    first = world.orders(product, "nobody@posteo.de")  # refused by the mail server
    world.tick()
    assert world.order(first).bounced_at is not None
    (waits,) = queues_up(world, product, 1)
    world.cancels(first, WHO)
    world.tick()
    assert states(world, [first, waits]) == ["refunded", "queued"]
    assert sound(world) == []


def test_a_key_that_nobody_can_have_seen_goes_to_the_next(world: World) -> None:
    product = world.product(days=None, kind="software", stock=0, pool=True, backorders=5)
    imports(world, product, ["A"])
    first = world.orders(product)
    world.tick_without_charges()  # granted, and no letter has left
    (waits,) = queues_up(world, product, 1)
    world.cancels(first, WHO)
    world.tick()
    grant = world.grant(waits)
    assert states(world, [waits]) == ["paid"]
    assert grant is not None
    assert grant.licence_key == "A"
    assert sound(world) == []


def test_only_keys_that_are_promised_to_nobody_can_be_taken_out(world: World) -> None:
    product = world.product(days=None, kind="software", stock=0, pool=True)
    imports(world, product, ["A", "B", "C"])
    world.orders(product)
    with world.db.write() as session:
        found = session.get_one(Product, product)
        assert isinstance(restocking.lower(session, found, 3, WHO, world.now), restocking.Refused)
        assert restocking.lower(session, found, 2, WHO, world.now) is None
    world.tick()
    with world.read() as session:
        assert session.scalars(select(PoolKey.key).where(PoolKey.retired_at.is_(None))).all() == ["A"]
        assert session.scalars(select(Grant.licence_key)).all() == ["A"]
    assert sound(world) == []


def test_whoever_was_missed_while_nothing_ran_gets_no_unit_and_is_not_charged(world: World) -> None:
    product = out_of_stock(world, latest_at=world.now + timedelta(days=5))
    missed = queues_up(world, product, 1)[0]
    world.advance(days=7)
    with world.db.write() as session:
        session.get_one(Product, product).latest_at = world.now + timedelta(days=30)
    next_one = world.orders(product, "later@posteo.de")
    restocks(world, product, 1)
    assert restocking.allocate_due(world.db, world.now) == 1
    assert world.order(missed).allocated_at is None
    assert world.order(missed).cancel_who == "missed"
    assert world.order(next_one).allocated_at is not None
    world.tick()
    assert [world.state(each) for each in (missed, next_one)] == ["cancelled", "paid"]
    assert sound(world) == []


def test_a_pool_begins_when_no_unit_is_on_offer_and_the_ledger_says_what_became_of_the_others(world: World) -> None:
    product = world.product(kind="software", days=None, stock=2)
    with world.db.write() as session:
        session.get_one(Product, product).kept = 1
    assert isinstance(imports(world, product, ["K-1"]), restocking.Refused)
    with world.db.write() as session:
        assert not session.get_one(Product, product).pool
        session.get_one(Product, product).kept = 0
    assert isinstance(imports(world, product, ["K-1"]), Launch)
    with world.read() as session:
        moves = session.execute(select(StockMove.change, StockMove.after).order_by(StockMove.id)).all()
    assert [tuple(each) for each in moves] == [(-2, 0), (1, 1)]
    assert sound(world) == []


@pytest.mark.parametrize("kind", ["units", "keys"])
def test_what_is_added_before_the_launch_leaves_its_preflight_as_it_was(world: World, kind: str) -> None:
    product = world.product(
        days=30, kind="software" if kind == "keys" else "course", stock=None if kind == "keys" else 10
    )
    if kind == "keys":
        imports(world, product, [f"SF-{number:04}" for number in range(20)])
    else:
        restocks(world, product, 5)
    good, bad = world.orders(product), world.orders(product, "bad@posteo.de", card=DECLINES_LATER)
    world.advance(days=28, minutes=5)
    world.tick()
    assert [world.state(each) for each in (good, bad)] == ["held", "past_due"]
    assert sound(world) == []
