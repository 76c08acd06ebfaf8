"""A restock of three licence keys to a queue of five, of whom the second has a bad card."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from storefront.models.orders import Order
from tests.browser.buyer import DECLINES_LATER, VISA, Buyer
from tests.browser.test_giving_up import OWNER, inside
from tests.support.processes import Shop, link_in, until

SOFTWARE = "silverfish"
STOCK = f"/studio/products/{SOFTWARE}/stock"
KEYS = "key\nSF-1111-1111\n\nSF-2222-2222\nSF-1111-1111\nSF-3333-3333\n"
QUEUE = [f"buyer{place}@posteo.example" for place in range(1, 6)]


@pytest.fixture
def owner(shop: Shop, buyer: Buyer) -> Buyer:
    """Whoever runs the shop, signed in; one key is in the pool, and back-orders are taken."""
    shop.command(
        "account", "create", "--email", OWNER, "--name", "Ada Lind", "--role", "owner", stdin="a long password\n" * 2
    )
    buyer.goes_to("/studio")
    buyer.signs_in(OWNER, "a long password")
    buyer.goes_to(STOCK)
    buyer.looks()
    buyer.page.fill("[name=keys]", "SF-0000-0000")
    buyer.follows("text=See what it does")
    buyer.follows("text=Import 1 licence key")
    buyer.page.fill("[name=cap]", "10")
    buyer.follows("text=Set it")
    expect(buyer.page.locator("main")).to_contain_text("Set.")
    return buyer


def test_three_keys_serve_the_head_of_the_queue_and_a_bad_card_keeps_its_key_for_the_grace(
    shop: Shop, owner: Buyer
) -> None:
    owner.orders(SOFTWARE, "first@posteo.example")
    owner.goes_to(f"/p/{SOFTWARE}")
    expect(owner.page.locator("#order-button")).to_contain_text("Back-order and pay")
    owner.looks()
    pages = [owner.orders(SOFTWARE, each, DECLINES_LATER if each == QUEUE[1] else VISA) for each in QUEUE]
    owner.reads("You are number 5 in the queue")
    owner.looks()
    _import(owner)
    here = inside(shop)
    wanted = ["paid", "past_due", "paid", "reserved", "reserved"]
    until(lambda: _states(here) == wanted, lambda: f"three of the queue: {_states(here)}\n{shop.logs()}")
    owner.page.goto(pages[3])
    owner.reads("You are next in the queue")
    owner.looks()
    owner.page.goto(pages[1])
    owner.looks()
    shop.letter(QUEUE[1], "Your card needs you")
    owner.page.goto(pages[4])
    owner.follows("text=Leave the queue")
    owner.reads("Cancelled")
    shop.advance("8d")
    until(lambda: _states(here)[1:4] == ["cancelled", "paid", "paid"], lambda: f"the next one: {_states(here)}")
    until(lambda: _states(here)[4] == "cancelled", "whoever left to be gone")
    owner.goes_to(STOCK)
    owner.looks()
    expect(owner.page.locator("main")).to_contain_text("a unit came back")
    letter = shop.letter(QUEUE[0], "Open now")
    owner.opens(link_in(letter, "/access/"))
    expect(owner.page.locator("main")).to_contain_text(re.compile("SF-[123]"))
    owner.is_content()
    here.db.engine.dispose()


def _import(owner: Buyer) -> None:
    """Each bad line is named; the good ones can be taken alone."""
    owner.goes_to(STOCK)
    expect(owner.page.locator("h1")).to_contain_text("wait in the queue")
    owner.looks()
    owner.page.fill("[name=keys]", KEYS)
    owner.follows("text=See what it does")
    told = owner.page.inner_text("#change")
    assert "Line 3" in told
    assert "Line 5" in told
    owner.errors = [each for each in owner.errors if "422" not in each]
    owner.looks()
    owner.follows("text=Import only the 3 good ones")


def _states(here: object) -> list[str]:
    with here.db.read() as session:  # type: ignore[attr-defined]
        rows = session.scalars(select(Order).where(Order.email.in_(QUEUE)).order_by(Order.id))
        return [each.state for each in rows]
