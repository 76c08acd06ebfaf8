"""Changing the stock in the studio: what cannot be done is told on the page, and nothing is changed."""

from storefront.models.products import Product
from tests.support.queue import product_of
from tests.support.world import World
from tests.web.studio.visitor import HOME, Visitor

STOCK = f"{HOME}/stock"


def test_a_refusal_is_told_beside_what_was_typed(world: World, ines: Visitor) -> None:
    product = world.product(days=3)
    ines.get(STOCK)
    page = ines.post(STOCK, 409, what="add", units="3", step="do")
    assert "It has no limit, so there is nothing to add to." in page.text
    assert product_of(world, product).stock is None


def test_two_who_add_units_at_the_same_moment_are_told_apart(world: World, ines: Visitor) -> None:
    product = world.product(days=3, stock=2)
    ines.get(STOCK)
    ines.post(STOCK, what="add", units="3", step="do", seen="2")
    page = ines.post(STOCK, 409, what="add", units="3", step="do", seen="2")
    assert "The stock has changed since you looked." in page.text
    with world.read() as session:
        assert session.get_one(Product, product).stock == 5
