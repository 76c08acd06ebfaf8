"""A shop whose product is out and out of stock, in tests: its queue, its restocks, its waiting list."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from storefront.actions import listing, ordering, restocking
from storefront.models.orders import Order
from storefront.models.products import Launch, Product
from storefront.models.tickets import Ticket
from storefront.rules import key_list
from tests.support.world import VISA, World

WHO = "creator:1"


def out_of_stock(world: World, *, stock: int = 1, cap: int = 10, **facts: Any) -> int:
    """A product that is out, all of whose units are sold, and which takes `cap` back-orders."""
    product = world.product(days=None, stock=stock, backorders=cap, **facts)
    for number in range(stock):
        world.orders(product, f"owner{number}@posteo.de")
    world.tick()
    return product


def queues_up(world: World, product: int, number: int, cards: dict[int, str] | None = None) -> list[int]:
    """So many buyers back-order one after the other; `cards`: the card of the buyer with that place, from 1."""
    made = []
    for place in range(1, number + 1):
        made.append(world.orders(product, f"waits{place}@posteo.de", (cards or {}).get(place, VISA)))
        world.now += timedelta(seconds=1)
    return made


def restocks(world: World, product: int, units: int) -> Launch:
    """The creator adds units; who gets them is the worker's."""
    with world.db.write() as session:
        made = restocking.add_units(session, session.get_one(Product, product), units, WHO, world.now)
        assert isinstance(made, Launch), made
        return made


def imports(world: World, product: int, keys: list[str]) -> Launch | restocking.Refused:
    """The creator imports licence keys."""
    with world.db.write() as session:
        given = key_list.read("\n".join(keys))
        return restocking.import_keys(session, session.get_one(Product, product), given, WHO, world.now)


def joins(world: World, product: int, email: str) -> int:
    """Somebody gets on the waiting list; the ticket's id."""
    with world.db.write() as session:
        found = session.get_one(Product, product)
        links = world.outside.links
        return listing.join(session, found, email, "Write to me.", world.now, news=False, links=links).id


def ticket(world: World, ticket_id: int) -> Ticket:
    """A ticket as it stands."""
    with world.read() as session:
        found: Ticket = session.get_one(Ticket, ticket_id)
        return found


def token(world: World, ticket_id: int) -> str:
    """The end of a ticket's link."""
    return world.outside.links.ticket(ticket_id, ticket(world, ticket_id).link_sha256 or "").rsplit("/", 1)[-1]


def product_of(world: World, product: int) -> Product:
    """A product as it stands."""
    with world.read() as session:
        found: Product = session.get_one(Product, product)
        return found


def states(world: World, orders: list[int]) -> list[str]:
    """How orders stand; one that waits in the queue is "queued"."""
    with world.read() as session:
        rows = {each.id: each for each in session.scalars(select(Order).where(Order.id.in_(orders)))}
        return [
            "queued" if rows[i].state == "reserved" and rows[i].allocated_at is None else rows[i].state for i in orders
        ]


def wishes(world: World, product: int, email: str, ticket_id: int | None = None, seen: str = "") -> Any:
    """Somebody sends the form; the verb's own answer."""

    world.nonces += 1
    with world.db.write() as session:
        found = session.get_one(Product, product)
        offer = ordering.current_offer(found, world.now)
        held = session.get(Ticket, ticket_id) if ticket_id else None
        wish = ordering.Wish(
            email, offer.id if offer else 0, f"nonce-{world.nonces:016}-{email}", f"place-{email}", seen, held
        )
        return ordering.place(session, world.outside.links, found, wish, world.chance, world.now)


def day(at: datetime | None) -> str:
    """A day, for comparing."""
    return f"{at:%Y-%m-%d}" if at else ""
