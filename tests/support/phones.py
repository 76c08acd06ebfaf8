"""A buyer's phone in a world: agreed to, proved, and read."""

from typing import Any

from sqlalchemy import select

from storefront.actions import reaching
from storefront.models import phones
from storefront.models.orders import Order
from storefront.models.phones import Phone, TextMessage
from storefront.rules import phone
from storefront.rules.phone import Number
from tests.support.world import World

NUMBER = "+4915123456789"


def agrees(world: World, order_id: int, number: str = NUMBER) -> Phone | reaching.No:
    """The buyer gives a number and agrees to texts."""
    read = phone.read(number)
    assert isinstance(read, Number)
    with world.db.write() as session:
        return reaching.agree(session, session.get_one(Order, order_id, with_for_update=True), read, world.now)


def proves(world: World, order_id: int, typed: str = "") -> str:
    """The buyer types the code (the right one, unless another is given); "", or why not."""
    with world.db.write() as session:
        found = phones.of_order(session, order_id)
        right = phone.code(world.outside.links.keys[0], found.id, found.codes) if found else ""
        order = session.get_one(Order, order_id, with_for_update=True)
        no = reaching.confirm(session, world.outside.links, order, typed or right, world.now)
        return no.sentence if no else ""


def has_phone(world: World, order_id: int, number: str = NUMBER) -> None:
    """The whole way: number, code, proof."""
    assert isinstance(agrees(world, order_id, number), Phone)
    assert proves(world, order_id) == ""


def texts_of(world: World) -> list[TextMessage]:
    """Every text, oldest first."""
    with world.read() as session:
        return list(session.scalars(select(TextMessage).order_by(TextMessage.id)))


def phone_of(world: World, order_id: int) -> Phone:
    """The newest number of an order."""
    with world.read() as session:
        found: Phone = session.scalars(
            select(Phone).where(Phone.order_id == order_id).order_by(Phone.id.desc())
        ).first()
        return found


def on_the_phone(world: World, number: str = NUMBER) -> list[str]:
    """What stands on a phone, oldest first, without codes."""
    found: list[dict[str, Any]] = world.sandbox.texts(number)
    return [each["body"] for each in found if "your code is" not in each["body"]]
