"""A launch whose content is missing does not start, and opens by itself when it is there."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from storefront.actions import charging, delaying, giving_up, granting, launching, readying, settling
from storefront.actions.checking import check
from storefront.models.orders import Order
from storefront.models.products import Lesson, Product
from storefront.models.rehearsals import Holdup
from tests.support.world import World


def comes(world: World) -> int:
    """What the worker does each second."""
    held = readying.hold_up_due(world.outside, world.db, world.now)
    launched = launching.launch_due(world.db, world.now)
    granting.grant_due(world.outside, world.db, world.now)
    charging.charge_due(world.outside, world.db, world.now)
    return held + launched


def out(world: World, product: int) -> bool:
    with world.read() as session:
        return session.get_one(Product, product).launch.launched_at is not None


def holdups(world: World) -> list[Holdup]:
    with world.read() as session:
        return list(session.scalars(select(Holdup).order_by(Holdup.id)))


def test_a_complete_one_opens_at_once(world: World) -> None:
    product = world.product(days=3)
    world.fills(product)
    order_id = world.orders(product)
    world.advance(days=3)
    assert comes(world) == 1
    assert out(world, product)
    assert world.grant(order_id) is not None
    assert holdups(world) == []


def test_where_a_file_is_missing_nobody_is_charged_and_both_sides_are_told_once(world: World) -> None:
    product = world.product(days=3)
    sha256 = world.fills(product)
    order_id = world.orders(product)
    place = world.outside.shelf.path(sha256)
    kept = place.read_bytes()
    place.unlink()
    world.advance(days=3)
    for _ in range(4):
        comes(world)
        world.advance(seconds=21)
    assert not out(world, product)
    assert world.state(order_id) == "held"
    assert world.grant(order_id) is None
    assert world.letters(order_id) == ["confirmed", "launch_late", "launch_stopped"]
    assert world.letter_to(order_id, "launch_stopped") == "ines@forthcoming.example"
    (held,) = holdups(world)
    assert held.why == "book.pdf is not on the shelf."
    place.write_bytes(kept)
    comes(world)
    assert out(world, product)
    assert world.state(order_id) == "paid"
    assert holdups(world)[0].over_at is not None


def test_a_file_that_is_another_one_now_holds_it_up_too(small_world: World) -> None:
    world = small_world
    product = world.product(days=3)
    place = world.outside.shelf.path(world.fills(product))
    place.write_bytes(b"half of it")
    world.advance(days=3)
    comes(world)
    assert not out(world, product)
    assert "its checksum differs" in holdups(world)[0].why


def test_a_lesson_without_a_word_holds_it_up(small_world: World) -> None:
    world = small_world
    product = world.product(days=3)
    world.fills(product)
    with world.db.write() as session:
        session.execute(update(Lesson).values(source="  \n"))
    world.advance(days=3)
    comes(world)
    assert holdups(world)[0].why == "The lesson “Pages” cannot be shown: it is empty."


def test_who_cancelled_is_not_told_and_one_that_is_out_no_longer(small_world: World) -> None:
    world = small_world
    product = world.product(days=3)
    gone, stays = world.orders(product, "a@posteo.de"), world.orders(product, "b@posteo.de")
    world.cancels(gone)
    world.advance(days=3)
    comes(world)
    assert "launch_late" not in world.letters(gone)
    assert "launch_late" in world.letters(stays)
    world.fills(product)
    world.advance(seconds=21)
    comes(world)
    world.tick()
    late = [each for each in world.sandbox.mail("b@posteo.de") if "It is late" in each["subject"]]
    assert late == [], "it opened before the letter went out, and that one says that it ran late"


def test_who_comes_back_from_stripe_while_it_is_held_up_is_told_too(world: World) -> None:
    product = world.product(days=0.5)
    there, elsewhere = (world.places(product, f"{name}@posteo.de") for name in ("a", "b"))
    visit = world.visits(there)
    world.pays(visit)
    world.advance(days=0.5)
    comes(world)
    assert len(holdups(world)) == 1
    begun = world.now - timedelta(seconds=2)  # before the day came; it was held up meanwhile
    for _ in range(2):
        assert settling.settle(world.outside, world.db, there, begun)
    assert world.letters(there) == ["confirmed", "launch_late"]
    assert world.letters(elsewhere) == []
    world.fills(product)
    world.advance(seconds=21)
    comes(world)
    assert world.state(there) == "paid"


def test_it_is_looked_at_again_every_twenty_seconds_and_no_oftener(small_world: World) -> None:
    world = small_world
    product = world.product(days=3)
    world.advance(days=3)
    comes(world)
    first = holdups(world)[0].looked_at
    world.advance(seconds=5)
    comes(world)
    assert holdups(world)[0].looked_at == first
    world.advance(seconds=20)
    comes(world)
    assert holdups(world)[0].looked_at == first + timedelta(seconds=25)
    assert not out(world, product)


def test_one_that_is_held_up_may_move_after_its_day_and_only_an_express_yes_waits(world: World) -> None:
    product = world.product(days=3)
    waits, silent = world.orders(product), world.orders(product, "a@b.example")
    world.advance(days=3)
    comes(world)
    world.advance(hours=2)
    world.moves(product, 5)
    assert holdups(world)[0].over_at == world.now
    with world.db.write() as session:
        order = session.get_one(Order, waits)
        assert delaying.agree(session, order, order.promise_version, world.now) is None
    world.advance(hours=22)
    world.tick()
    assert world.state(silent) == "cancelled", "24 hours after the day that was promised"
    assert world.state(waits) in {"held", "reserved"}
    world.fills(product)
    world.advance(days=4)
    comes(world)
    world.tick()
    assert out(world, product)
    assert world.state(waits) == "paid"
    assert world.money(silent) == (0, 0)
    assert world.broken() == []


def held_up(world: World) -> tuple[int, str]:
    """A product whose day came without its lesson's text; the text."""
    product = world.product(days=3)
    world.fills(product)
    world.orders(product)
    with world.db.write() as session:
        source = session.scalars(select(Lesson.source).where(Lesson.product_id == product)).one_or_none()
        session.execute(update(Lesson).where(Lesson.product_id == product).values(source=""))
    world.advance(days=3)
    comes(world)
    assert [each.over_at for each in holdups(world)] == [None]
    return product, source or ""


def test_one_that_is_given_up_is_held_up_no_more(world: World) -> None:
    product, _ = held_up(world)
    with world.db.write() as session:
        refused = giving_up.give_up(session, session.get_one(Product, product), who="ines", reason="No.", now=world.now)
        assert refused is None
    assert [each.over_at for each in holdups(world)] == [world.now]
    world.advance(hours=1)
    world.tick()
    with world.read() as session:
        assert [each for each in check(session, world.now) if "has not opened" in each] == []


def test_one_that_is_opened_by_hand_is_held_up_no_more(world: World) -> None:
    product, source = held_up(world)
    with world.db.write() as session:
        session.execute(update(Lesson).where(Lesson.product_id == product).values(source=source))
        assert launching.launch_now(session, session.get_one(Product, product).launch, "ines", world.now) is None
    assert [each.over_at for each in holdups(world)] == [world.now]


def test_one_that_is_given_up_while_its_content_is_looked_at_is_not_held_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = world.product(days=3)
    world.orders(product)
    world.advance(days=3)
    looks = readying.content

    def given_up_meanwhile(*seen: Any) -> Any:
        found = looks(*seen)
        with world.db.write() as session:
            gone = session.get_one(Product, product)
            assert giving_up.give_up(session, gone, who="creator:1", reason="Not made.", now=world.now) is None
        return found

    monkeypatch.setattr(readying, "content", given_up_meanwhile)
    readying.hold_up_due(world.outside, world.db, world.now)
    assert [each.over_at for each in holdups(world)] == []
