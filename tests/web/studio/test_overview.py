"""The studio's first page."""

from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import select, update

from storefront.models.orders import Order
from storefront.models.products import Lesson, Product
from storefront.rules.words import NBSP
from tests.support.letters import disputes, fails, refunds_part
from tests.support.world import World
from tests.web.studio.visitor import HOME, Visitor, listen

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
    asked.clear()
    ines.get("/studio")
    one = len(asked)
    for number in range(5):
        world.places(world.product(f"another-{number}"))
    asked.clear()
    ines.get("/studio")
    assert len(asked) == one <= 16


def test_money_that_went_back_or_is_claimed_never_counts_as_sold(world: World, ines: Visitor) -> None:
    product = world.product(days=None)
    bought = [world.orders(product, f"b{number}@posteo.de") for number in range(5)]
    refunds_part(world, bought[0])
    world.cancels(bought[1], "creator:1")
    disputes(world, bought[2])
    disputes(world, bought[3])
    disputes(world, bought[3], "lost")
    page = ines.get("/studio").text.replace(NBSP, " ")
    assert "145 €" in page, "all that came in"
    assert "34 € refunded · 29 € disputed · 29 € lost to a bank · 53 € stay" in page


def test_cards_that_failed_or_will_be_too_old_are_counted_and_lead_to_their_orders(world: World, ines: Visitor) -> None:
    product = world.product(days=30)
    old = [world.orders(product, f"old{number}@posteo.de") for number in range(2)]
    failed = world.orders(product, "failed@posteo.de")
    fails(world, failed)
    with world.db.write() as session:
        session.execute(update(Order).where(Order.id.in_(old)).values(card_until=world.now + timedelta(days=20)))
    for url in ("/studio", HOME):
        page = ines.get(url).text.replace(NBSP, " ")
        assert "2 saved cards end before the day" in page
        assert "1 card needs its buyer" in page
        assert f"{HOME}/orders?state=expiring" in ines.client.get(url).text
        assert f"{HOME}/orders?state=past_due" in ines.client.get(url).text
    page = ines.get(f"{HOME}/orders?state=expiring").text
    assert "2 orders, the newest first." in page
    assert "f…@posteo.de" not in page
    assert "The card ends before; its buyer is asked for another one." in page
    world.cancels(old[0])
    assert "1 saved card ends before the day" in ines.get(HOME).text.replace(NBSP, " ")
