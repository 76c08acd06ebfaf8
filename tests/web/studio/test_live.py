"""A launch under way."""

from datetime import datetime, timedelta

from sqlalchemy import select

from storefront.models.letters import Letter
from tests.support.world import World
from tests.web.studio.visitor import HOME, Page, Visitor


def test_a_launch_is_followed_on_one_bar_that_adds_up_to_all_orders(world: World, ines: Visitor) -> None:
    product = world.product(days=3)
    for number in range(3):
        world.orders(product, f"buyer-{number}@posteo.de")
    world.advance(days=3)
    world.tick_without_charges()
    page = ines.get(HOME)
    assert "Everyone whose card is good has access. The money is coming in" in page.text
    assert "0 captured 3 have access, capture next" in page.text
    assert "of 57" in page.text
    assert 'every="2"' in ines.client.get(HOME).text
    world.tick()
    assert "3 captured" in ines.get(HOME).text
    _postman(world, None)
    assert "3 letters are on the way" in ines.get(HOME).text
    _postman(world, world.now)
    answer = ines.client.get(HOME).text
    assert "Everyone has access, and all the money is in." in Page(answer).text
    assert "every=" not in answer


def _postman(world: World, been: datetime | None) -> None:
    """The postman has been there, or not yet."""
    with world.db.write() as session:
        for letter in session.scalars(select(Letter)):
            letter.sent_at = been


def test_a_launch_that_is_late_says_so(world: World, ines: Visitor) -> None:
    world.product(days=3)
    world.now += timedelta(days=3, minutes=14)
    page = ines.get(HOME)
    assert "and has not opened" in page.text
    assert "It was due 14 minutes ago." in page.text


def test_a_page_without_orders_says_where_to_send_people(world: World, ines: Visitor) -> None:
    world.product()
    page = ines.get(HOME).text
    assert "No orders yet" in page
    assert "http://127.0.0.1:8000/p/databases-by-hand" in page
