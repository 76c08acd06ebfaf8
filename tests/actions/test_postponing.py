"""Those who wait for a unit and are told a later date: the delay table, order by order (policies.md 1)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from storefront.actions import delaying, postponing, restocking
from storefront.actions.launching import NOTHING, Offered
from storefront.actions.ordering import SoldOut
from storefront.actions.postponing import Later
from storefront.models.letters import Letter
from storefront.models.products import Product
from storefront.rules.launch import Refused
from tests.support.letters import letter, post_office
from tests.support.mailserver import MailServer
from tests.support.queue import out_of_stock, product_of, queues_up, restocks, states, wishes
from tests.support.world import World

__all__ = ["post_office"]
FIRST = 30  # days until the date the first buyers are told


def shop(world: World) -> int:
    return out_of_stock(world, latest_at=world.now + timedelta(days=FIRST))


def postpones(
    world: World, product: int, days: float | None, reason: str = "Printing.", offered: Offered = NOTHING
) -> int | Refused:
    to = None if days is None else world.now + timedelta(days=days)
    with world.db.write() as session:
        found = session.get_one(Product, product)
        return postponing.postpone(session, found, Later(to, reason, offered), "creator:1", world.now)


def comes_to(world: World, at: datetime) -> None:
    world.advance(seconds=(at - world.now).total_seconds())


def told(world: World, order: int) -> list[int]:
    with world.read() as session:
        mine = (Letter.order_id == order, Letter.kind == "moved")
        return list(session.scalars(select(Letter.version).where(*mine).order_by(Letter.version)))


def due(world: World, order: int) -> datetime | None:
    return world.order(order).delay_due_at


def test_a_first_delay_of_thirty_days_or_less_is_agreed_to_by_silence(world: World) -> None:
    product = shop(world)
    (order,) = queues_up(world, product, 1)
    assert postpones(world, product, FIRST + 30) == 1
    assert told(world, order) == [2]
    world.advance(days=FIRST + 1)
    world.tick()
    assert states(world, [order]) == ["queued"]
    restocks(world, product, 1)
    world.tick()
    assert states(world, [order]) == ["paid"]
    assert world.broken() == []


@pytest.mark.parametrize("days", [FIRST + 31, None])
def test_a_longer_one_or_none_named_needs_a_yes_within_thirty_days_of_the_date(
    world: World, days: float | None
) -> None:
    product = shop(world)
    orders = queues_up(world, product, 2)
    by = world.order(orders[0]).promise.by
    assert postpones(world, product, days) == 2
    assert due(world, orders[0]) == by + timedelta(days=30)
    assert world.answers(orders[1]) == ""
    comes_to(world, by + timedelta(days=30))
    world.tick()
    assert states(world, orders) == ["cancelled", "queued"]
    assert world.order(orders[0]).cancel_who == "silence"
    world.tick()
    assert world.broken() == []


def test_within_those_thirty_days_a_unit_that_comes_serves_who_said_nothing(world: World) -> None:
    product = shop(world)
    (order,) = queues_up(world, product, 1)
    postpones(world, product, 90)
    world.advance(days=FIRST + 20)
    restocks(world, product, 1)
    world.tick()
    assert states(world, [order]) == ["paid"]


def test_a_second_delay_needs_a_yes_by_the_date_before_it(world: World) -> None:
    product = shop(world)
    (order,) = queues_up(world, product, 1)
    postpones(world, product, FIRST + 20)
    world.advance(days=FIRST + 5)
    by = world.order(order).promise.by
    assert postpones(world, product, 60) == 1
    comes_to(world, by)
    world.tick()
    assert states(world, [order]) == ["cancelled"]


def test_a_date_that_passes_without_a_word_ends_the_order_a_day_later_and_both_are_told(world: World) -> None:
    product = shop(world)
    (order,) = queues_up(world, product, 1)
    by = world.order(order).promise.by
    comes_to(world, by + timedelta(hours=23))
    world.tick()
    assert states(world, [order]) == ["queued"]
    world.advance(hours=1)
    world.tick()
    assert states(world, [order]) == ["cancelled"]
    with world.read() as session:
        assert {"missed", "cancelled"} <= set(session.scalars(select(Letter.kind).where(Letter.order_id == order)))


def test_nobody_is_charged_after_the_date_was_missed_even_if_a_unit_comes_in_that_second(world: World) -> None:
    product = shop(world)
    (order,) = queues_up(world, product, 1)
    comes_to(world, world.order(order).promise.by + timedelta(hours=25))
    restocks(world, product, 1)
    world.tick()
    assert states(world, [order]) == ["cancelled"]
    assert world.broken() == []


def test_only_whoever_was_promised_an_earlier_date_is_told(world: World) -> None:
    product = shop(world)
    (early,) = queues_up(world, product, 1)
    assert postpones(world, product, 60) == 1
    assert product_of(world, product).latest_at == world.now + timedelta(days=60), "the next buyers are told it"
    late = world.orders(product, "late@posteo.de")
    assert postpones(world, product, 50) == Refused(
        "nobody", "Nobody in the queue was promised an earlier date, so there is nobody to tell."
    )
    assert postpones(world, product, 70) == 2
    assert (told(world, early), told(world, late)) == ([2, 3], [2])
    assert world.broken() == []


def at_stripe(world: World, product: int, days: float | None) -> int:
    """Somebody who is at Stripe while the queue is told another date, and comes back."""
    slow = world.places(product, "slow@posteo.de")
    url = world.visits(slow)
    world.now += timedelta(minutes=1)
    assert postpones(world, product, days) == 1
    world.now += timedelta(minutes=1)
    world.pays(url)
    world.settles(slow)
    return slow


@pytest.mark.parametrize("days", [70, None])
def test_whoever_was_at_stripe_when_the_date_moved_is_told_and_asked_as_the_others(
    world: World, days: float | None
) -> None:
    product = shop(world)
    (waits,) = queues_up(world, product, 1)
    slow = at_stripe(world, product, days)
    assert told(world, slow) == told(world, waits) == [2]
    assert due(world, slow) == due(world, waits)
    assert states(world, [waits, slow]) == ["queued", "queued"]
    world.advance(days=FIRST + 31)
    world.tick()
    assert states(world, [waits, slow]) == ["cancelled", "cancelled"]
    assert world.broken() == []


def test_without_a_date_nobody_else_is_sold_the_old_one_until_there_is_another(world: World) -> None:
    product = shop(world)
    queues_up(world, product, 1)
    postpones(world, product, None)
    assert isinstance(wishes(world, product, "late@posteo.de"), SoldOut)
    terms = restocking.Terms(10, None, world.now + timedelta(days=90), 24)
    with world.db.write() as session:
        assert restocking.set_terms(session, session.get_one(Product, product), terms, world.now) is None
    late = world.orders(product, "late@posteo.de")
    assert world.order(late).promise.by == terms.latest_at
    assert world.broken() == []


def test_whoever_agreed_to_no_date_gets_a_word_each_month(small_world: World) -> None:
    product = shop(small_world)
    (order,) = queues_up(small_world, product, 1)
    postpones(small_world, product, None)
    assert small_world.answers(order) == ""
    for month in range(1, 3):
        small_world.advance(days=31)
        assert delaying.keep_in_touch(small_world.db, small_world.now) == 1
        assert delaying.keep_in_touch(small_world.db, small_world.now) == 0
        with small_world.read() as session:
            rows = select(Letter.id).where(Letter.order_id == order, Letter.kind == "still_waiting")
            assert len(session.scalars(rows).all()) == month
    assert states(small_world, [order]) == ["queued"]


def test_what_is_offered_for_waiting_is_taken_once(small_world: World) -> None:
    product = shop(small_world)
    (order,) = queues_up(small_world, product, 1)
    before = small_world.order(order).price
    postpones(small_world, product, 90, offered=Offered("amount", 500))
    assert small_world.answers(order, gift=True) == ""
    assert small_world.order(order).price == before - 500


@pytest.mark.parametrize(
    ("days", "reason", "code"), [(-1, "Printing.", "latest"), (366, "Printing.", "latest"), (60, "  ", "no_reason")]
)
def test_what_cannot_be_told_is_refused_and_nobody_hears_of_it(
    small_world: World, days: float, reason: str, code: str
) -> None:
    product = shop(small_world)
    (order,) = queues_up(small_world, product, 1)
    refused = postpones(small_world, product, days, reason)
    assert isinstance(refused, Refused)
    assert refused.code == code
    assert told(small_world, order) == []


def test_what_is_foreseen_is_what_happens(small_world: World) -> None:
    product = shop(small_world)
    queues_up(small_world, product, 3)
    with small_world.read() as session:
        found = session.get_one(Product, product)
        ahead = postponing.foresee(session, found, small_world.now + timedelta(days=90), small_world.now)
    assert (ahead.told, ahead.agrees, ahead.asked) == (3, 0, 3)
    assert postpones(small_world, product, 90) == 3
    assert due(small_world, small_world.order(2).id) == ahead.until


def test_the_letter_says_the_latest_date_and_the_way_out(small_world: World, post_office: MailServer) -> None:
    product = shop(small_world)
    (order,) = queues_up(small_world, product, 1)
    postpones(small_world, product, 90, "The printer is ill.")
    small_world.posts()
    assert letter(small_world, "moved", order_id=order).sent_at
    text = " ".join(post_office.taken[-1].part("plain").split())
    assert "at the latest" in text
    assert "is back on" in text
    assert "The printer is ill." in text
    assert "Without your yes by" in text
    assert f"/orders/{order}" not in text
