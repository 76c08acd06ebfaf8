"""The orders of a product, and one order."""

import re
from pathlib import Path

import pytest
from flask import Flask

from storefront.app import create_app
from tests.support.world import World
from tests.web.studio.visitor import HOME, MIRIAM, HandClock, Visitor, listen, settings


def test_the_list_says_each_order_in_words_and_masks_its_address(world: World, ines: Visitor) -> None:
    product = world.product(days=30)
    world.orders(product)
    world.places(product, "j@web.de")
    page = ines.get(f"{HOME}/orders")
    assert "m…@posteo.de" in page.text
    assert MIRIAM not in page.text
    assert "Card saved" in page.text
    assert "The bank is asked for 19" in page.text
    assert "2 orders, the newest first." in page.text
    one = ines.get(f"{HOME}/orders?state=placed")
    assert "j…@web.de" in one.text
    assert "m…@posteo.de" not in one.text
    assert "2 orders" in ines.get(f"{HOME}/orders?state=nonsense&before=x").text


def test_fifty_orders_make_a_page_and_the_next_one_goes_on_where_it_ended(
    app: Flask, world: World, ines: Visitor
) -> None:
    product = world.product(days=30, units=70)
    numbers = [world.order(world.places(product, f"b{i}@posteo.de")).number for i in range(53)]
    asked = listen(app)
    first = ines.get(f"{HOME}/orders").text
    assert len(asked) <= 13
    older = re.search(r'href="([^"]*before=\d+)"', ines.client.get(f"{HOME}/orders").text)
    assert older is not None
    second = ines.get(older[1].replace("&amp;", "&")).text
    assert [n for n in numbers if n in first] == numbers[3:]
    assert [n for n in numbers if n in second] == numbers[:3]
    assert "To the newest" in second
    assert "Older" not in second


def test_an_orders_page_shows_what_was_promised_what_happened_and_what_was_asked_of_stripe(
    world: World, ines: Visitor
) -> None:
    product = world.product(days=3)
    order = world.orders(product)
    assert world.moves(product, 1) is None
    page = ines.get(f"/studio/orders/{world.order(order).number}").text
    for told in ("Version 2", "Version 1", "At Stripe → Secured", "came back from Stripe", "Visit to Stripe"):
        assert told in page
    assert "The day moves" in page
    assert "The Windows build fails on long paths." in page


def test_creator_and_buyer_see_the_same_history_of_the_promise(app: Flask, world: World, ines: Visitor) -> None:
    product = world.product(days=20)
    order = world.orders(product)
    assert world.moves(product, 60) is None
    assert world.answers(order) == ""
    row = world.order(order)
    page = f"/orders/{world.outside.links.token('order', row.id, row.link_generation, row.link_sha256)}/promise"
    versions = [
        promised_in(each)
        for each in (app.test_client().get(page).text, ines.client.get(f"/studio/orders/{row.number}").text)
    ]
    assert versions[0] == versions[1]
    assert len(versions[0]) == 2
    for told in (
        "Agreed on",
        "by click",
        "Not before",
        "19.00 €",
        "Reading the source",
        "Policy, version",
        "The whole policy",
    ):
        assert told in versions[0][0]


def promised_in(html: str) -> list[str]:
    """The words of each version of a promise on a page."""
    found = re.findall(r"Version \d.*?The whole policy[^<]*", html, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", each).split()) for each in found]


def test_a_creator_cancels_an_order_with_a_reason_and_the_buyer_is_told(world: World, ines: Visitor) -> None:
    product = world.product(days=3)
    order = world.orders(product)
    number = world.order(order).number
    ines.get(f"/studio/orders/{number}")
    page = ines.post(f"/studio/orders/{number}/cancel", 422, reason="  ")
    assert "Give the buyer the reason" in page.text
    assert world.state(order) == "held"
    ines.post(f"/studio/orders/{number}/cancel", reason="You ordered it twice.")
    assert world.state(order) == "cancelled"
    assert world.order(order).cancel_why == "You ordered it twice."
    assert world.letters(order) == ["confirmed", "cancelled"]
    assert world.units(product) == (0, 0)
    assert "Nothing was charged." in ines.page.text
    ines.post(f"/studio/orders/{number}/cancel", 409, reason="Again.")


def test_a_silent_stripe_lets_the_wish_stand_and_the_worker_goes_on(world: World, tmp_path: Path, app: Flask) -> None:
    del app
    order = world.places(world.product(days=3))
    world.visits(order)
    deaf = create_app(settings(world, tmp_path, STRIPE_API_BASE="http://127.0.0.1:9"), HandClock(world=world))
    visitor = Visitor(deaf)
    visitor.signs_in()
    number = world.order(order).number
    visitor.get(f"/studio/orders/{number}")
    page = visitor.post(f"/studio/orders/{number}/cancel", reason="You ordered it twice.")
    assert "it goes on by itself" in page.text
    assert "Is being cancelled. Nothing new is charged." in page.text
    world.tick()
    assert world.state(order) == "cancelled"
    deaf.extensions["shop"].db.engine.dispose()


@pytest.mark.parametrize("path", ["products/nothing", "products/nothing/orders", "orders/FC-0000-00"])
def test_what_is_not_there_is_not_found(ines: Visitor, path: str) -> None:
    ines.get(f"/studio/{path}", 404)
