"""Cancelling a product and rehearsing a launch, in the studio."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from storefront.actions import giving_up, readying
from storefront.models.cancellations import CancelledOrder
from storefront.models.orders import Order
from storefront.models.products import Product
from storefront.outside.stripe_answers import StripeSilent
from storefront.outside.stripe_gateway import StripeGateway
from storefront.web.context import Shop
from tests.support.world import World
from tests.web.studio.visitor import HOME, TOM, Visitor

CANCEL, REHEARSAL = f"{HOME}/cancel", f"{HOME}/rehearsal"
TYPED: dict[str, Any] = {"reason": "I lost it.", "title": "databases BY hand "}


def test_what_it_does_and_the_cash_it_needs_stand_before_the_button(world: World, ines: Visitor) -> None:
    product = world.product(days=30, upfront=True)
    world.orders(product)
    page = ines.get(CANCEL)
    assert "1 order ends: 1 paid" in page.text
    assert "€19.00, in 1 refund, in full" in page.text or "19.00 €, in 1 refund, in full" in page.text
    assert "available" in page.text
    assert "stays with Stripe" in page.text


def test_where_the_balance_does_not_reach_it_says_what_is_missing(
    world: World, ines: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.orders(world.product(days=30, upfront=True))
    monkeypatch.setattr(StripeGateway, "balance", lambda _self: {"EUR": 900})
    assert "10.00 € are missing at Stripe" in ines.get(CANCEL).text.replace("\xa0", " ")

    def silent(_self: StripeGateway) -> dict[str, int]:
        raise StripeSilent("nothing")

    monkeypatch.setattr(StripeGateway, "balance", silent)
    assert "not known: Stripe does not answer just now" in ines.get(CANCEL).text


def test_a_slip_keeps_what_was_typed_and_the_deed_leads_to_its_progress(world: World, ines: Visitor) -> None:
    order_id = world.orders(world.product(days=3))
    ines.get(CANCEL)
    page = ines.post(CANCEL, 422, reason="", title="Databases by Foot")
    assert "Every buyer reads it." in page.text
    assert "Type the title as it stands here: Databases by Hand" in page.text
    assert page.fields["title"]["value"] == "Databases by Foot"
    page = ines.post(CANCEL, **TYPED)
    assert "is being cancelled: 0 of 1 orders done" in page.text
    assert "Your buyers read: “I lost it.”" in page.text
    for _ in range(3):
        giving_up.give_up_due(world.outside, world.db, world.now)
        world.advance(seconds=3)
    assert world.state(order_id) == "cancelled"
    page = ines.get(CANCEL)
    assert "1 order has ended" in page.text.replace("\xa0", " ")
    ines.post(CANCEL, **TYPED)
    assert "has been cancelled already" in ines.page.text
    page = ines.get(HOME)
    assert "It is cancelled" in page.text
    assert "Cancel this product" not in page.text


def test_an_order_that_needs_somebody_is_named_with_what_to_do(world: World, ines: Visitor) -> None:
    product = world.product(days=3)
    order_id = world.orders(product)
    with world.db.write() as session:
        found = session.get_one(Product, product)
        assert giving_up.give_up(session, found, who="creator:1", reason="Lost.", now=world.now) is None

    with world.db.write() as session:
        session.execute(update(CancelledOrder).values(state="failed", why="RuntimeError: a row"))
    page = ines.get(CANCEL)
    assert world.order(order_id).number in page.text
    assert "RuntimeError: a row" in page.text
    assert "pay the buyer by other means" in page.text
    assert "They are tried again now." in ines.post(f"{CANCEL}/again").text


def test_it_is_nobody_elses(world: World, app: Flask) -> None:
    world.product()
    tom = Visitor(app)
    tom.signs_in(TOM)
    for path in (CANCEL, REHEARSAL):
        tom.get(path, 404)


def test_a_rehearsal_is_asked_for_and_its_findings_stand_in_the_way(world: World, ines: Visitor, app: Flask) -> None:
    shop: Shop = app.extensions["shop"]
    app.extensions["shop"] = replace(shop, outside=replace(shop.outside, postman=world.outside.postman))
    product = world.product(days=30)
    world.orders(product)
    assert "has not been rehearsed yet" in ines.get(REHEARSAL).text
    page = ines.post(REHEARSAL)
    assert "would not open" in page.text
    assert "Neither a lesson nor a file is inside." in page.text
    assert "1 thing stopped the rehearsal" in ines.get(HOME).text
    world.fills(product)
    ines.get(REHEARSAL)
    page = ines.post(REHEARSAL)
    assert "would not open" not in page.text
    assert "1 thing stopped the rehearsal" not in ines.get(HOME).text


def test_overdue_work_stands_in_the_way_and_so_does_a_hold_up(world: World, ines: Visitor) -> None:
    product = world.product(days=30)
    world.fills(product)
    order_id = world.orders(product)
    assert "nothing stands in its way" in ines.get(HOME).text
    with world.db.write() as session:
        session.execute(update(Order).where(Order.id == order_id).values(preflight_at=world.now))
    world.advance(hours=2)
    assert "card should have been asked" in ines.get(HOME).text
    world.outside.shelf.path(world.fills(world.product("other", days=1), name="other.pdf")).unlink()
    world.advance(days=1)
    readying.hold_up_due(world.outside, world.db, world.now)
    page = ines.get("/studio/products/other")
    assert "other.pdf is not on the shelf. Nobody was charged" in page.text
