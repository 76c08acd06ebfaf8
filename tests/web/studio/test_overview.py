"""The studio's first page."""

from datetime import UTC, datetime

from flask import Flask
from sqlalchemy import select

from storefront.models.products import Lesson, Product
from tests.support.world import World
from tests.web.studio.visitor import Visitor, listen

WINTER = datetime(2027, 1, 4, 9, tzinfo=UTC)


def test_the_first_page_says_what_is_next_and_what_stands_in_its_way(world: World, ines: Visitor) -> None:
    world.now = WINTER
    world.product(days=8)
    world.product("later", title="Later", days=30)
    page = ines.get("/studio")
    assert (
        "Two launches ahead. The next one is Databases by Hand, on 12 January, and one thing stands in its way."
        in page.text
    )
    assert "Databases by Hand: nothing is inside yet." in page.text
    with world.db.write() as session:
        made = session.scalars(select(Product).where(Product.slug == "databases-by-hand")).one()
        session.add(Lesson(product_id=made.id, position=1, slug="one", title="One", source="One."))
    assert "and nothing stands in its way." in ines.get("/studio").text


def test_orders_are_counted_by_state_and_money_by_where_it_is(world: World, ines: Visitor) -> None:
    product = world.product(days=3)
    world.orders(product)
    gone = world.orders(product, "j@web.de")
    world.cancels(gone)
    world.tick()
    page = ines.get("/studio").text
    assert "1 secured" in page
    assert "19 € 0 €" in page
    assert "49 of 50 left" in page
    world.advance(days=3)
    world.tick()
    page = ines.get("/studio").text
    assert "1 paid" in page
    assert "Out since" in page


def test_the_first_page_asks_the_database_as_often_for_many_products_as_for_one(
    app: Flask, world: World, ines: Visitor
) -> None:
    asked = listen(app)
    world.product()
    ines.get("/studio")
    one = len(asked)
    for number in range(5):
        world.places(world.product(f"another-{number}"))
    asked.clear()
    ines.get("/studio")
    assert len(asked) == one <= 14
