"""The studio's page of a product's stock: looked at first, then done; and the date of those who wait."""

import io
from datetime import timedelta
from typing import Any

import pytest

from tests.support.queue import imports, out_of_stock, product_of, queues_up, states
from tests.support.world import World
from tests.web.studio.visitor import Visitor

HOME = "/studio/products/databases-by-hand/stock"


def test_units_are_added_after_a_look_and_the_queue_is_served(world: World, ines: Visitor) -> None:
    product = out_of_stock(world)
    orders = queues_up(world, product, 2)
    assert "2 orders wait in the queue for a unit." in ines.get(HOME).text.replace("\xa0", " ")
    looked = ines.post(HOME, 200, what="add", units="1", step="look", seen="1").text
    assert "Before it is done" in looked
    assert product_of(world, product).stock == 1
    ines.post(HOME, what="add", units="1", step="do", seen="1")
    world.tick()
    assert states(world, orders) == ["paid", "queued"]
    assert "Restocks" in ines.get(HOME).text


def test_whoever_looked_at_another_stock_is_asked_to_look_again(world: World, ines: Visitor) -> None:
    product = out_of_stock(world)
    ines.get(HOME)
    ines.post(HOME, what="add", units="1", step="do", seen="1")
    assert (
        "The stock has changed since you looked."
        in ines.post(HOME, 409, what="add", units="1", step="do", seen="1").text
    )
    assert product_of(world, product).stock == 2


def test_what_cannot_be_done_says_why_and_changes_nothing(world: World, ines: Visitor) -> None:
    product = out_of_stock(world)
    ines.get(HOME)
    assert "There are 1." in ines.post(HOME, 409, what="lower", units="5", step="do", seen="1").text
    assert "Write a whole number" in ines.post(HOME, 422, what="add", units="many", step="look").text
    assert product_of(world, product).stock == 1


def test_the_form_of_keys_asks_for_nothing_before_it_is_sent(world: World, ines: Visitor) -> None:
    world.product(days=None, kind="software")
    assert "built-in" not in ines.get(HOME).text
    assert "Paste the keys" in ines.post(HOME, 422, what="keys", keys=" ", step="look").text


def test_lowering_below_what_was_sold_drops_nobody_and_says_so(world: World, ines: Visitor) -> None:
    product = out_of_stock(world, stock=2)
    ines.get(HOME)
    page = ines.post(HOME, what="lower", units="1", step="do", seen="2").text.replace("\xa0", " ")
    assert "Overbooked: 1" in page
    assert product_of(world, product).taken == 2


def test_the_date_of_the_queue_is_moved_after_a_look(world: World, ines: Visitor) -> None:
    product = out_of_stock(world, latest_at=world.now + timedelta(days=30))
    orders = queues_up(world, product, 2)
    assert "2 orders wait" in ines.get(f"{HOME}/day").text.replace("\xa0", " ")
    typed: dict[str, Any] = {"day": f"{world.now + timedelta(days=90):%Y-%m-%d}", "reason": "Printing.", "gift": ""}
    looked = ines.post(f"{HOME}/day", 200, **typed | {"step": "look"}).text.replace("\xa0", " ")
    assert "2 buyers must say yes by" in looked
    assert "Nothing has been paid or set aside." in looked
    assert len(world.order(orders[0]).promises) == 1
    assert "2 letters go out now." in ines.post(f"{HOME}/day", step="do", **typed).text.replace("\xa0", " ")
    assert len(world.order(orders[0]).promises) == 2


def test_a_date_that_cannot_be_told_comes_back_with_what_was_typed(world: World, ines: Visitor) -> None:
    product = out_of_stock(world)
    queues_up(world, product, 1)
    ines.get(f"{HOME}/day")
    assert "Give your buyers the reason" in ines.post(f"{HOME}/day", 422, undated="yes", step="look").text
    assert "Write the day as year-month-day" in ines.post(f"{HOME}/day", 422, day="soon", reason="x", step="look").text
    assert ines.page.fields["reason"]["value"] == "x"


def test_with_nobody_waiting_there_is_nothing_to_move(world: World, ines: Visitor) -> None:
    out_of_stock(world)
    assert "Nobody waits in the queue" in ines.get(f"{HOME}/day").text


def test_a_refusal_is_told_beside_what_was_typed(world: World, ines: Visitor) -> None:
    product = world.product(days=3)
    ines.get(HOME)
    page = ines.post(HOME, 409, what="add", units="3", step="do")
    assert "It has no limit, so there is nothing to add to." in page.text
    assert product_of(world, product).stock is None


def test_keys_that_are_promised_cannot_be_taken_out_and_the_look_says_so_already(world: World, ines: Visitor) -> None:
    product = world.product(days=None, kind="software")
    imports(world, product, ["A-1", "A-2"])
    world.orders(product, "owner@posteo.de")
    ines.get(HOME)
    assert "1 of its keys is promised to nobody." in ines.post(HOME, 422, what="lower", units="2", step="look").text
    assert "Take 1 out" in ines.post(HOME, 200, what="lower", units="1", step="look").text


def test_a_look_at_keys_shows_the_first_and_the_last_as_they_were_read(world: World, ines: Visitor) -> None:
    world.product(days=None, kind="software")
    ines.get(HOME)
    page = ines.post(HOME, 200, what="keys", keys="license_key;for\nA-1;Doe, John\nA-2;x", step="look").text
    assert "The first key is A-1, the last A-2." in page
    assert "Import 2 licence keys" in page


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("key\nÄ-1".encode("latin-1"), "not text in UTF-8"),
        (b"x" * 200_000, "Line 1 has more than 10,000 characters."),
        (b"\n".join(b"A-%d" % number for number in range(6000)), "Line 5001 is beyond the 5,000 keys"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_imports_nothing(
    world: World, ines: Visitor, content: bytes, said: str
) -> None:
    product = world.product(days=None, kind="software")
    ines.get(HOME)
    page = ines.post(HOME, 422, what="keys", keys="", file=(io.BytesIO(content), "keys.csv"), step="look").text
    assert said in page
    assert not product_of(world, product).pool
