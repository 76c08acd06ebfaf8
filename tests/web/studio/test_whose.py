"""Whose is what: a creator finds their own products and orders, and nobody else's."""

import pytest
from flask import Flask

from tests.support.world import BERLIN, World
from tests.web.studio.visitor import HOME, MIRIAM, OWNER, TOM, Visitor, launch_of


@pytest.mark.parametrize("path", ["", "/orders", "/launch-now"])
def test_a_product_of_another_creator_is_not_there(app: Flask, world: World, path: str) -> None:
    world.product()
    tom = Visitor(app)
    tom.signs_in(TOM)
    assert "Databases" not in tom.page.text
    tom.get(HOME + path, 404)


def test_nor_are_its_orders_nor_its_buttons_while_the_owner_sees_all(app: Flask, world: World) -> None:
    number = world.order(world.places(world.product())).number
    tom, owner = Visitor(app), Visitor(app)
    tom.signs_in(TOM)
    tom.get(f"/studio/orders/{number}", 404)
    for path in (f"{HOME}/launch", f"{HOME}/launch-now", f"/studio/orders/{number}/cancel"):
        token = tom.get("/studio").fields["csrf_token"]["value"]
        sent = {"csrf_token": token, "day": "2027-05-01", "time": "10:00", "zone": BERLIN, "step": "do", "reason": "x"}
        assert tom.client.post(path, data=sent).status_code == 404
    owner.signs_in(OWNER)
    assert "Databases by Hand" in owner.page.text
    assert MIRIAM in owner.get(f"/studio/orders/{number}").text
    assert launch_of(world).launched_at is None
