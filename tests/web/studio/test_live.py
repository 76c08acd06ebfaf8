"""A launch under way."""

from datetime import datetime, timedelta

from sqlalchemy import select

from storefront.actions.declining import declined
from storefront.models.letters import Letter
from storefront.models.orders import Attempt, Order
from storefront.outside.stripe_answers import Declined
from storefront.rules.words import NBSP
from tests.support.letters import disputes, fails, refunds_part
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


def test_a_launch_comes_to_rest_though_some_are_disputed_refunded_or_wait_for_their_buyers(
    world: World, ines: Visitor
) -> None:
    product = world.product(days=3)
    orders = [world.orders(product, f"buyer-{number}@posteo.de") for number in range(5)]
    fails(world, orders[4], "expired_card")
    world.advance(days=3)
    world.tick()
    disputes(world, orders[0])
    world.cancels(orders[1], "creator:1")
    refunds_part(world, orders[2])
    _postman(world, world.now)
    page = ines.get(HOME).text.replace(NBSP, " ")
    assert "Everyone whose card is good has access. One buyer has a card to repair." in page
    assert "of 76 € secured · 24 € refunded · 19 € disputed" in page
    assert "of 4 · 1 kept shut" in page
    assert "3 captured" in page
    assert "1 waiting for their buyers since before" in page
    assert "every=" not in ines.client.get(HOME).text, "nothing more happens by itself"
    world.cancels(orders[4])
    assert "1 order is disputed or being cancelled; everyone else has access." in ines.get(HOME).text.replace(NBSP, " ")


def test_a_card_that_fails_in_a_launch_says_when_it_is_asked_again(world: World, ines: Visitor) -> None:
    order_id = world.orders(world.product(days=3))
    world.advance(days=3)
    world.tick_without_charges()
    with world.db.write() as session:
        attempt = Attempt(
            order_id=order_id,
            kind="capture",
            generation=9,
            key="t",
            opened_at=world.now,
            leased_until=world.now,
            closed_at=world.now,
            outcome="declined",
            detail="insufficient_funds",
        )
        session.add(attempt)
        session.flush()
        declined(session, session.get_one(Order, order_id), attempt, Declined("insufficient_funds"), world.now)
    page = ines.get(HOME).text.replace(NBSP, " ")
    assert "There was not enough money on the card." in page
    assert "The bank is asked once more on" in page
    assert "1 declined now, access waits" in page
