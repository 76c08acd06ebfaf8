"""A launch of two hundred orders that is cancelled, interrupted, and resumed."""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random
from unittest.mock import patch

import pytest
import requests
from playwright.sync_api import expect
from sqlalchemy import select

from storefront.actions import ordering, settling, visiting
from storefront.app import create_app
from storefront.models.db import Database
from storefront.models.orders import Order
from storefront.models.products import Product
from storefront.settings import Settings
from storefront.web.context import Shop as Inside
from tests.browser.buyer import Buyer
from tests.support.processes import Shop, until

EBOOK, TITLE, MANY = "name-the-day", "Name the Day", 200
OWNER = "owner@forthcoming.example"
VOID = "POST /v1/payment_intents/*/cancel"


def inside(shop: Shop) -> Inside:
    """The verbs of that shop, in this process."""
    with patch.dict(os.environ, shop.env):
        app = create_app(Settings.from_env(shop.env))
    made: Inside = app.extensions["shop"]
    return made


def orders(here: Inside, number: int) -> int:
    """The whole way of one buyer, by the verbs that the pages call."""
    now = here.clock.now()
    with here.db.write() as session:
        product = session.scalars(select(Product).where(Product.slug == EBOOK)).one()
        offer = ordering.current_offer(product, now)
        assert offer is not None
        wish = ordering.Wish(f"buyer{number}@posteo.example", offer.id, f"nonce-{number:016}", f"place-{number}")
        placed = ordering.place(session, here.outside.links, product, wish, Random(number), now)
        assert isinstance(placed, ordering.Placed), placed
        order_id = placed.order.id
    went = visiting.visit(here.outside, here.db, order_id, now)
    assert isinstance(went, visiting.Opened), went
    typed = {"cardnumber": "4242424242424242", "exp": "12 / 34", "cvc": "123"}
    requests.post(went.url, data=typed, allow_redirects=False, timeout=30)
    settling.settle(here.outside, here.db, order_id, now)
    return order_id


def states(db: Database) -> Counter[str]:
    with db.read() as session:
        return Counter(session.scalars(select(Order.state)))


@pytest.fixture
def owner(shop: Shop, buyer: Buyer) -> Buyer:
    """Whoever runs the shop, in front of the browser."""
    words = ("account", "create", "--email", OWNER, "--name", "Ada Lind", "--role", "owner")
    shop.command(*words, stdin="a long password\na long password\n")
    return buyer


@pytest.mark.timeout(900)
def test_a_cancelled_launch_of_two_hundred_orders_is_interrupted_and_resumed(shop: Shop, owner: Buyer) -> None:
    here = inside(shop)
    shop.control("faults", kind="webhook_dropped", count=-1)  # each buyer comes back and settles
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: orders(here, number), range(MANY)))
    shop.heal()
    assert states(here.db) == {"held": MANY}
    _cancels(owner)
    _is_interrupted(shop, here.db)
    owner.looks()
    shop.advance("4m")  # the dead worker's leases lapse
    shop.start_worker("worker")
    until(lambda: states(here.db) == {"cancelled": MANY}, lambda: f"all of them: {states(here.db)}\n{shop.logs()}", 120)
    shop.advance("1m")  # to when it is looked at again
    until(lambda: "have ended" in shop.command("cancel", "status", EBOOK), "the last of it to be over")
    _everybody_is_told_and_free(shop)
    owner.goes_to(f"/studio/products/{EBOOK}/cancel")
    expect(owner.page.locator("h1")).to_contain_text("orders have ended")
    owner.looks()
    owner.is_content()
    shop.letter("", "All ended")
    here.db.engine.dispose()


def _cancels(owner: Buyer) -> None:
    """By the product's page, with a reason, and with its title typed wrongly first."""
    owner.goes_to("/studio")
    owner.signs_in(OWNER, "a long password")
    owner.goes_to(f"/studio/products/{EBOOK}")
    owner.follows("text=Cancel this product")
    assert "200 orders end" in owner.page.inner_text("main").replace("\xa0", " ")
    owner.looks()
    owner.page.fill("[name=reason]", "The manuscript is lost.")
    owner.page.fill("[name=title]", "Name the Night")
    owner.follows("text=Cancel it and end 200 orders")
    expect(owner.page.locator(".field-error")).to_contain_text("Type the title as it stands here")
    assert owner.page.input_value("[name=reason]") == "The manuscript is lost."
    owner.errors = [each for each in owner.errors if "422" not in each]
    owner.page.fill("[name=title]", TITLE.lower())
    owner.shop.control("faults", kind="slow", match=VOID, count=-1, hang=0.5)
    owner.follows("text=Cancel it and end 200 orders")
    owner.reads("is being cancelled")


def _is_interrupted(shop: Shop, db: Database) -> None:
    """Its worker is killed when some orders have ended, and not all."""
    until(lambda: states(db)["cancelled"] >= 15, "the first of them to end")
    shop.kill("worker")
    shop.heal()
    ended = states(db)["cancelled"]
    assert 0 < ended < MANY, "it was killed in the middle"
    assert f"of {MANY}" in shop.command("cancel", "status", EBOOK)
    assert requests.get(f"{shop.base_url}/p/{EBOOK}", timeout=30).status_code == 410


def _everybody_is_told_and_free(shop: Shop) -> None:
    """A letter to each, no hold left at Stripe, and nothing broken."""
    told = until(lambda: _told(shop) if len(_told(shop)) >= MANY else None, "two hundred letters")
    assert len(told) == MANY
    assert sum(told.values()) <= MANY + 1, "each of them once; a killed worker repeats one at most"
    holds = Counter(each["status"] for each in shop.at_stripe("payment_intents"))
    assert holds == {"canceled": MANY}
    assert shop.command("check") == ""


def _told(shop: Shop) -> Counter[str]:
    """To whom a letter went that says it is cancelled."""
    return Counter(each["to"] for each in shop.letters() if "cancelled" in each["subject"].lower())
