"""Rehearsing: a week and a day ahead, once for each version of a launch, and whenever it is asked for."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from flask_mail import Mail
from sqlalchemy import select, update

from storefront.actions import rehearsing, writing
from storefront.models.orders import Attempt, Order
from storefront.models.products import Product
from storefront.models.rehearsals import Rehearsal
from storefront.outside.postman import Postman
from tests.support.ports import free_port
from tests.support.world import DECLINES_LATER, SENDER, World


def due(world: World) -> int:
    with world.app.app_context():
        return rehearsing.rehearse_due(world.outside, world.db, world.now)


def asks(world: World, product: int) -> list[str]:
    """The sentences of a rehearsal that is asked for."""
    with world.read() as session:
        launch = session.get_one(Product, product).launch.id
    with world.app.app_context():
        made = rehearsing.rehearse(world.outside, world.db, launch, "asked", "creator:1", world.now)
    assert made is not None
    return [each["sentence"] for each in made.findings]


def kept(world: World) -> list[Rehearsal]:
    with world.read() as session:
        return list(session.scalars(select(Rehearsal).order_by(Rehearsal.id)))


def test_nothing_is_found_where_all_is_in_order(world: World) -> None:
    product = world.product(days=20)
    world.fills(product)
    world.orders(product)
    assert asks(world, product) == []


def test_it_is_rehearsed_a_week_and_a_day_ahead_once_and_again_after_a_move(world: World) -> None:
    product = world.product(days=20)
    world.fills(product)
    order_id = world.orders(product)
    assert due(world) == 0
    world.advance(days=13)
    assert [due(world), due(world)] == [1, 0]
    assert world.moves(product, 10) is None
    assert due(world) == 0
    world.advance(days=10)
    assert [due(world), due(world)] == [1, 0]
    world.advance(days=6)
    world.tick()
    assert [due(world), due(world)] == [1, 0]
    assert [(each.occasion, each.generation) for each in kept(world)] == [("week", 1), ("week", 2), ("day", 2)]
    assert world.letters(order_id).count("rehearsed") == 3
    assert world.letter_to(order_id, "rehearsed") == "ines@forthcoming.example"


def test_workers_side_by_side_keep_one_and_write_once(world: World) -> None:
    product = world.product(days=6)
    order_id = world.orders(product)
    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(lambda _: due(world), range(3))) == 1
    assert len(kept(world)) == 1
    assert world.letters(order_id).count("rehearsed") == 1


def test_one_that_nobody_ordered_is_kept_and_not_mailed(small_world: World) -> None:
    small_world.product(days=6)
    assert due(small_world) == 1
    assert len(kept(small_world)) == 1


def test_what_is_missing_and_what_differs_is_named(small_world: World) -> None:
    world = small_world
    product = world.product(days=20)
    world.orders(product)
    assert asks(world, product) == ["Neither a lesson nor a file is inside."]
    place = world.outside.shelf.path(world.fills(product, "![A map](img/map.svg)\n\nText."))
    assert asks(world, product) == ["img/map.svg is shown in a lesson and is not there."]
    place.write_bytes(b"other")
    assert asks(world, product)[0] == "book.pdf is not the file that was imported: its checksum differs."
    place.unlink()
    assert asks(world, product)[0] == "book.pdf is not on the shelf."


def test_a_card_that_failed_one_that_ends_and_work_left_undone_cost_money(small_world: World) -> None:
    world = small_world
    product = world.product(days=40)
    world.fills(product)
    world.orders(product, "a@posteo.de", DECLINES_LATER)
    ending, overdue, asked = (world.orders(product, f"{name}@posteo.de") for name in "bcd")
    world.advance(days=38)
    world.tick()
    with world.db.write() as session:
        for order_id, facts in (
            (ending, {"state": "reserved", "card_until": world.now + timedelta(days=1), "hold_intent": None}),
            (overdue, {"state": "reserved", "preflight_at": world.now - timedelta(hours=2)}),
        ):
            session.execute(update(Order).where(Order.id == order_id).values(**facts))
        early = {"outcome": None, "closed_at": None, "opened_at": world.now - timedelta(hours=2)}
        last = select(Attempt.id).where(Attempt.order_id == asked, Attempt.kind == "hold").limit(1).scalar_subquery()
        session.execute(update(Attempt).where(Attempt.id == last).values(**early))
    told = [each.replace("\xa0", " ") for each in asks(world, product)]
    assert (
        told
        == [
            "1 card was refused by a bank: €19.00.",
            "1 saved card ends before the day: €19.00.",
            "1 saved card should have been asked an hour ago.",
            "1 call to Stripe has no answer for over an hour.",
        ]
        or len(told) == 4
    )


def test_a_mail_server_that_is_shut_and_a_letter_that_cannot_be_written_stop_it(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = small_world
    product = world.product(days=20)
    world.fills(product)
    order_id = world.orders(product)
    world.app.config["MAIL_PORT"] = free_port()
    shut = replace(world.outside, postman=Postman(Mail(world.app), SENDER, 2))
    world.outside = shut
    assert asks(world, product)[0].startswith("The mail server is shut: The mail server does not answer")

    def breaks(*_: object) -> None:
        raise KeyError("licence")

    monkeypatch.setattr(writing, "trial", breaks)
    number = world.order(order_id).number
    assert f"The letter for order {number} cannot be written: KeyError: 'licence'." in asks(world, product)


def test_more_places_promised_than_there_are_cost_money(small_world: World) -> None:
    world = small_world
    product = world.product(days=20, stock=2)
    world.fills(product)
    for name in "ab":
        world.orders(product, f"{name}@posteo.de")
    with world.db.write() as session:
        session.get_one(Product, product).stock = 1
    assert [each.replace("\xa0", " ") for each in asks(world, product)] == [
        "2 places are promised and there are 1.",
    ]


def test_the_money_to_expect_has_an_interval_from_what_banks_said_so_far(small_world: World) -> None:
    world = small_world
    product = world.product(days=40)
    world.fills(product)
    world.orders(product, "a@posteo.de")
    asks(world, product)
    rows = dict(kept(world)[-1].money["rows"])
    assert rows["Expected"].endswith("no bank has been asked yet")
    world.advance(days=38)
    world.tick()
    asks(world, product)
    rows = dict(kept(world)[-1].money["rows"])
    assert "19" in rows["Expected"]
