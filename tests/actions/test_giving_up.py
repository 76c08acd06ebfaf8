"""Giving a product up: every order ends, whatever happens to one of them, and nothing is lost when a worker dies."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from storefront.actions import cancelling, giving_up, granting, launching, refunding
from storefront.actions.giving_up import NotGivenUp
from storefront.actions.ordering import SoldOut, Wish, place
from storefront.models import cancellations
from storefront.models.cancellations import Cancellation, CancelledOrder
from storefront.models.letters import Letter
from storefront.models.orders import Order
from storefront.models.products import Product
from storefront.outside.stripe_answers import StripeSilent
from tests.support.letters import refund_fails
from tests.support.world import World

REASON = "I have lost the manuscript."


def gives_up(world: World, product: int, reason: str = REASON) -> NotGivenUp | None:
    with world.db.write() as session:
        found = session.get_one(Product, product)
        return giving_up.give_up(session, found, who="creator:1", reason=reason, now=world.now)


def goes_on(world: World) -> None:
    """The worker, until the orders rest; twice a minute what waits is looked at again."""
    for _ in range(8):
        giving_up.give_up_due(world.outside, world.db, world.now)
        world.tick()
        world.advance(seconds=40)


def counts(world: World) -> dict[str, int]:
    with world.read() as session:
        made = session.scalars(select(Cancellation)).one()
        return cancellations.counts(session, made.id)


def over(world: World) -> bool:
    with world.read() as session:
        return session.scalars(select(Cancellation.done_at)).one() is not None


def states(world: World, ids: list[int]) -> list[str]:
    return [world.state(each) for each in ids]


def test_a_saved_card_a_hold_a_payment_and_a_visit_under_way_all_end(world: World) -> None:
    product = world.product(days=40, units=9)
    saved, paid_for = world.orders(product, "a@posteo.de"), world.orders(product, "b@posteo.de")
    world.advance(days=38)
    world.tick()
    visiting = world.places(product, "c@posteo.de")
    url = world.visits(visiting)
    assert states(world, [saved, paid_for]) == ["held", "held"]
    assert gives_up(world, product) is None
    world.pays(url)
    goes_on(world)
    assert states(world, [saved, paid_for]) == ["cancelled", "cancelled"]
    assert world.state(visiting) in {"cancelled", "expired"}
    assert world.holds() == []
    assert counts(world) == {"done": 3}
    assert over(world)
    assert world.broken() == []
    assert world.letters(saved)[-2:] == ["cancelled", "given_up"]


def test_what_was_paid_goes_back_and_its_buyers_read_the_reason(world: World) -> None:
    product = world.product(days=30, upfront=True)
    ids = [world.orders(product, f"{name}@posteo.de") for name in "abc"]
    assert gives_up(world, product) is None
    goes_on(world)
    assert states(world, ids) == ["refunded"] * 3
    assert [world.money(each).net for each in ids] == [0, 0, 0]
    assert world.order(ids[0]).cancel_why == REASON
    assert world.letters(ids[1]) == ["confirmed", "refunded"]
    assert over(world)
    assert world.units(product) == (0, 0)


def test_it_asks_for_a_reason_and_happens_once(world: World) -> None:
    product = world.product()
    refused = gives_up(world, product, "  ")
    assert refused is not None
    assert refused.code == "no_reason"
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: gives_up(world, product), range(4)))
    assert answers.count(None) == 1
    assert {each.code for each in answers if each} == {"again"}


def test_nobody_is_charged_from_the_moment_it_begins_and_it_never_opens(world: World) -> None:
    product = world.product(days=3)
    order_id = world.orders(product)
    world.advance(days=3)
    assert gives_up(world, product) is None
    assert world.order(order_id).cancel_wished_at == world.now
    assert launching.launch_due(world.db, world.now) == 0
    assert granting.grant_due(world.outside, world.db, world.now) == 0
    goes_on(world)
    assert world.state(order_id) == "cancelled"
    with world.db.write() as session:
        launch = session.get_one(Product, product).launch
        refused = launching.launch_now(session, launch, "creator:1", world.now)
        assert refused is not None
        assert refused.code == "given_up"


def test_a_form_that_is_sent_after_it_left_the_shop_orders_nothing(world: World) -> None:
    product = world.product()
    with world.read() as session:
        seen = session.get_one(Product, product)
        offer = seen.offers[0].id
    assert gives_up(world, product) is None
    with world.db.write() as session:
        wish = Wish("late@posteo.de", offer, "nonce-of-the-late-one", "place")
        answer = place(session, world.outside.links, session.get_one(Product, product), wish, world.chance, world.now)
    assert isinstance(answer, SoldOut)
    assert world.units(product) == (0, 0)


def test_a_launched_product_ends_for_readers_too_and_a_buyer_who_was_leaving_stays_the_leaver(world: World) -> None:
    product = world.product(days=None)
    opened, leaving = world.orders(product, "a@posteo.de"), world.orders(product, "b@posteo.de")
    world.tick()
    with world.db.write() as session:
        found = session.get_one(Order, leaving)
        found.cancel_wished_at, found.cancel_who, found.cancel_why = world.now, "buyer", "changed my mind"
    assert gives_up(world, product) is None
    goes_on(world)
    assert states(world, [opened, leaving]) == ["refunded", "refunded"]
    grant = world.grant(opened)
    assert grant is not None
    assert grant.revoked_at is not None
    assert world.order(leaving).cancel_who == "buyer"


def test_one_bad_order_never_stops_the_rest_and_is_named_until_it_is_mended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = world.product(days=3)
    bad, good = world.orders(product, "a@posteo.de"), world.orders(product, "b@posteo.de")
    real = cancelling.follow

    def follow(outside: Any, db: Any, order_id: int, now: Any) -> None:
        if order_id == bad:
            raise RuntimeError("a row that cannot be read")
        real(outside, db, order_id, now)

    monkeypatch.setattr(cancelling, "follow", follow)
    assert gives_up(world, product) is None
    giving_up.give_up_due(world.outside, world.db, world.now)
    world.advance(seconds=3)
    giving_up.give_up_due(world.outside, world.db, world.now)
    assert world.state(good) == "cancelled"
    with world.read() as session:
        made = session.scalars(select(Cancellation)).one()
        (row,) = giving_up.troubled(session, made.id)
        assert (row.order_id, row.state) == (bad, "failed")
        assert "a row that cannot be read" in row.why
    monkeypatch.setattr(cancelling, "follow", real)
    with world.db.write() as session:
        assert giving_up.try_again(session, made.id, world.now) == 1
    goes_on(world)
    assert counts(world) == {"done": 2}
    assert over(world)


def test_a_silent_stripe_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    product = world.product(days=3)
    order_id = world.orders(product)

    def silent(*_: Any) -> None:
        raise StripeSilent("nothing is heard")

    with monkeypatch.context() as patch:
        patch.setattr(cancelling, "follow", silent)
        assert gives_up(world, product) is None
        giving_up.give_up_due(world.outside, world.db, world.now)
    assert counts(world) == {"waiting": 1}
    goes_on(world)
    assert world.state(order_id) == "cancelled"


def test_it_is_followed_until_the_last_refund_has_settled_or_was_paid_by_hand(small_world: World) -> None:
    world = small_world
    product = world.product(days=30, upfront=True)
    order_id = world.orders(product)
    assert gives_up(world, product) is None
    for _ in range(3):
        giving_up.give_up_due(world.outside, world.db, world.now)
        world.advance(seconds=3)
    assert over(world)
    other = world.product("second", days=30, upfront=True)
    bought = world.orders(other, "b@posteo.de")
    world.cancels(bought, "creator:1")
    refund_fails(world, bought)
    assert world.state(order_id) == "refunded"
    assert world.state(bought) == "refunded"


def test_a_refund_that_comes_back_later_needs_somebody_and_closes_when_it_is_paid_by_hand(small_world: World) -> None:
    world = small_world
    product = world.product(days=30, upfront=True)
    order_id, _ = world.orders(product), world.orders(product, "b@posteo.de")
    assert gives_up(world, product) is None
    with world.db.write() as session:
        row = session.scalars(select(CancelledOrder).where(CancelledOrder.order_id != order_id)).one()
        row.due_at = world.now.replace(year=world.now.year + 1)
    giving_up.give_up_due(world.outside, world.db, world.now)
    assert world.state(order_id) == "refunded"
    with world.db.write() as session:
        session.execute(update(CancelledOrder).where(CancelledOrder.order_id == order_id).values(state="settling"))
    refund_fails(world, order_id)
    world.advance(minutes=6)
    giving_up.give_up_due(world.outside, world.db, world.now)
    assert counts(world) == {"failed": 1, "waiting": 1}

    with world.db.write() as session:
        order = session.get_one(Order, order_id)
        assert refunding.note_by_hand(session, order, "creator:1", "bank transfer", world.now) is None
        session.execute(update(CancelledOrder).values(due_at=world.now))
    goes_on(world)
    assert counts(world) == {"by_hand": 1, "done": 1}
    assert over(world)


def test_workers_side_by_side_end_each_order_once(world: World) -> None:
    product = world.product(days=30, upfront=True, units=40)
    ids = [world.orders(product, f"reader-{each}@posteo.de") for each in range(12)]
    assert gives_up(world, product) is None
    calls: list[str] = []
    real = world.outside.stripe.perform

    def perform(kind: str, *rest: Any) -> Any:
        calls.append(kind)
        return real(kind, *rest)

    world.outside.stripe.perform = perform  # type: ignore[method-assign, assignment]

    def works(_: int) -> None:
        for _ in range(3):
            giving_up.give_up_due(world.outside, world.db, world.now)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(works, range(3)))
    goes_on(world)
    assert set(states(world, ids)) == {"refunded"}
    assert calls.count("refund") == 12
    assert counts(world) == {"done": 12}
    with world.read() as session:
        closing = session.scalars(select(Letter).where(Letter.kind == "given_up")).all()
    assert len(closing) == 1
    assert closing[0].facts["orders"] == 12
    assert world.broken() == []


def test_a_worker_that_dies_between_two_steps_leaves_nothing_undone(world: World) -> None:
    product = world.product(days=30, upfront=True)
    ids = [world.orders(product, f"{name}@posteo.de") for name in "abcd"]
    assert gives_up(world, product) is None

    def dies(_verb: Any, _things: Any) -> None:
        raise SystemExit("killed")

    with pytest.raises(SystemExit):
        giving_up.give_up_due(replace(world.outside, together=dies), world.db, world.now)
    assert counts(world) == {"waiting": 4}
    world.advance(minutes=3)
    goes_on(world)
    assert states(world, ids) == ["refunded"] * 4
    assert over(world)


def test_a_product_that_nobody_ordered_is_over_at_once(world: World) -> None:
    product = world.product()
    assert gives_up(world, product) is None
    assert over(world)
    with world.read() as session:
        assert session.get_one(Product, product).retired_at == world.now


def test_what_it_costs_is_told_before(world: World) -> None:
    product = world.product(days=30, upfront=True)
    world.orders(product)
    world.orders(product, "b@posteo.de")
    with world.read() as session:
        told = giving_up.cost(session, product)
    assert (told.orders, told.refunds, told.to_refund, told.held) == (2, 2, 3800, 0)
    assert world.outside.stripe.balance()["EUR"] > 0
