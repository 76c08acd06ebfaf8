"""Letters in tests: a post office for a world, and the stories that end with a letter of each kind."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask_mail import Mail
from sqlalchemy import select, update

from storefront.actions import asking, delaying, giving_up, readying, refunding, rehearsing
from storefront.actions.declining import declined
from storefront.actions.disputing import note_dispute
from storefront.actions.launching import Offered
from storefront.actions.opening import correct_address, mail_order_pages
from storefront.actions.owing import owe
from storefront.models.letters import Letter
from storefront.models.money import Dispute, Refund
from storefront.models.orders import Order
from storefront.models.products import Product
from storefront.outside import stripe_answers
from storefront.outside.postman import Postman
from storefront.outside.stripe_answers import Declined
from tests.support.mailserver import MailServer, running
from tests.support.world import DECLINES_LATER, SENDER, World

MIRIAM = "miriam@posteo.de"


def deliver_to(world: World, port: int, seconds: float = 5) -> None:
    """Letters of this world leave by that port."""
    world.app.config["MAIL_PORT"] = port
    world.outside = replace(world.outside, postman=Postman(Mail(world.app), SENDER, seconds))


@pytest.fixture
def post_office(small_world: World) -> Iterator[MailServer]:
    """A mail server for a small world."""
    with running(MailServer()) as server:
        deliver_to(small_world, server.port)
        yield server


def letter(world: World, kind: str = "", **where: Any) -> Letter:
    """The newest letter of a kind."""
    asked = where | ({"kind": kind} if kind else {})
    with world.read() as session:
        found: Letter | None = session.scalars(select(Letter).filter_by(**asked).order_by(Letter.id.desc())).first()
        assert found is not None
        return found


def owes(world: World, order_id: int, number: int) -> None:
    """Many letters about one order, each to be told from the others by its version."""
    with world.db.write() as session:
        order = session.get_one(Order, order_id)
        for version in range(100, 100 + number):
            owe(session, order, "confirmed", world.now, version=version)


def other_orders(world: World, product: int, names: list[str]) -> list[int]:
    """Confirmed orders of several people."""
    return [world.orders(product, f"{name}@posteo.de") for name in names]


def fails(world: World, order_id: int, reason: str = "insufficient_funds") -> None:
    """The bank says no."""
    with world.db.write() as session:
        order = session.get_one(Order, order_id)
        answer = Declined(reason)
        declined(session, order, order.attempts[-1], answer, world.now)


def asks(world: World, text: str = "Is there a German edition?") -> int:
    """A buyer asks about an order; its id."""
    order_id = world.orders(world.product(days=40))
    with world.db.write() as session:
        said = asking.Words(text, "page", f"page:{order_id}:first")
        assert asking.ask(session, session.get_one(Order, order_id), said, world.now) == ""
    return order_id


def asked(world: World) -> None:
    asks(world)


def answered(world: World) -> None:
    order_id = asks(world)
    with world.db.write() as session:
        said = asking.Words("Yes.\n\nIt comes with the second edition.", "studio", "studio:1:first")
        assert asking.answer(session, session.get_one(Order, order_id), said, "creator:1", world.now) == ""


def confirmed(world: World) -> None:
    world.orders(world.product(days=40))


def bought(world: World) -> None:
    world.orders(world.product(days=None))


def repaired(world: World) -> None:
    order_id = world.orders(world.product(days=40), card=DECLINES_LATER)
    world.advance(days=38)
    world.tick()
    world.pays(world.visits(order_id))
    world.settles(order_id)


def moved(world: World) -> None:
    product = world.product(days=20)
    world.orders(product)
    assert world.moves(product, 7) is None


def moved_far(world: World) -> None:
    product = world.product(days=20)
    world.orders(product)
    assert world.moves(product, 60, offered=Offered("amount", 500)) is None


def taken_away(world: World) -> None:
    product = world.product(days=20)
    world.orders(product)
    assert world.moves(product, None) is None


def bettered(world: World) -> None:
    moved_far(world)
    assert world.answers(1, gift=True) == ""


def still_waiting(world: World) -> None:
    taken_away(world)
    assert world.answers(1) == ""
    world.posts()
    world.advance(days=31)
    delaying.keep_in_touch(world.db, world.now)


def missed(world: World) -> None:
    world.orders(world.product(days=3))
    world.posts()
    world.advance(days=4)
    delaying.apply_due(world.db, world.now)


def past_due(world: World) -> None:
    world.orders(world.product(days=40), card=DECLINES_LATER)
    world.advance(days=38)
    world.tick()


def access(world: World) -> None:
    world.orders(world.product(days=3))
    world.advance(days=3)
    world.tick_without_charges()


def cancelled(world: World) -> None:
    world.cancels(world.orders(world.product(days=3)))


def refunded(world: World) -> None:
    world.cancels(world.orders(world.product(days=30, upfront=True)))


def past_due_out(world: World) -> None:
    past_due(world)
    world.posts()
    world.advance(days=2)
    world.tick_without_charges()
    world.reminds()


def grace_ending(world: World) -> None:
    past_due_out(world)
    world.posts()
    world.advance(days=6, minutes=5)
    world.reminds()


def grace_over(world: World) -> None:
    past_due(world)
    world.advance(days=9, minutes=5)
    world.tick()


def card_expiring(world: World) -> None:
    order_id = world.orders(world.product(days=20))
    with world.db.write() as session:
        session.get_one(Order, order_id).card_until = world.now + timedelta(days=9)
    world.reminds()


def buys(world: World) -> int:
    """Bought and opened to them; the letters so far are gone."""
    order_id = world.orders(world.product(days=None))
    world.posts()
    return order_id


def part_refunded(world: World) -> None:
    refunds_part(world, buys(world))


def refunds_part(world: World, order_id: int, amount: int = 500, why: str = "The second lesson came late.") -> None:
    """The creator gives a part back."""
    refused = refunding.refund_part(world.outside, world.db, order_id, amount, who="creator:1", why=why, now=world.now)
    assert refused is None


def refund_failed(world: World) -> None:
    order_id = buys(world)
    world.cancels(order_id, "creator:1")
    world.posts()
    refund_fails(world, order_id)


def refund_fails(world: World, order_id: int, failure: str = "expired_or_canceled_card") -> None:
    """What the bank did not take comes back to Stripe."""
    with world.db.write() as session:
        order = session.get_one(Order, order_id)
        row = session.scalars(select(Refund).where(Refund.order_id == order_id).order_by(Refund.id.desc())).first()
        assert row is not None
        told = stripe_answers.Refund(row.stripe_id or "", "failed", row.amount, "", row.intent, failure, world.now)
        assert refunding.note_refund(session, order, told, world.now)


def paid_back(world: World) -> None:
    refund_failed(world)
    pays_by_hand(world, letter(world, "refund_failed").order_id)


def pays_by_hand(world: World, order_id: int) -> None:
    """The creator notes that it was paid another way."""
    with world.db.write() as session:
        order, why = session.get_one(Order, order_id), "Bank transfer of 12 May, reference 4711."
        assert refunding.note_by_hand(session, order, "creator:1", why, world.now) is None


def task(world: World) -> None:
    refund_failed(world)


def disputes(world: World, order_id: int, status: str = "needs_response", days: float = 9) -> int:
    """The buyer's bank asks for the money back, or goes on with it; our row's id."""
    with world.db.write() as session:
        order = session.get_one(Order, order_id)
        told = stripe_answers.Dispute(
            id=f"dp_{order_id}",
            key="",
            intent=order.paid_intent or "",
            amount=order.price,
            currency=order.currency,
            reason="product_not_received",
            status=status,
            opened_at=world.now,
            due_by=world.now + timedelta(days=days),
            submitted=False,
        )
        assert note_dispute(session, order, told, world.now)
        found: int | None = session.scalar(select(Dispute.id).where(Dispute.stripe_id == told.id))
        assert found is not None
        return found


def dispute_won(world: World) -> None:
    order_id = buys(world)
    disputes(world, order_id)
    world.posts()
    disputes(world, order_id, "won")


def dispute_lost(world: World) -> None:
    order_id = buys(world)
    disputes(world, order_id)
    world.posts()
    disputes(world, order_id, "lost")


def withdrawn(world: World) -> None:
    world.cancels(buys(world))


def order_link(world: World) -> None:
    buys(world)
    with world.db.write() as session:
        assert mail_order_pages(session, MIRIAM.upper(), world.now) == 1


def late(world: World) -> None:
    """The moment comes, and nothing is inside."""
    world.orders(world.product(days=3))
    world.posts()
    world.advance(days=3)
    assert readying.hold_up_due(world.outside, world.db, world.now) == 1


def given_up(world: World) -> None:
    product = world.product(days=30, upfront=True)
    world.orders(product)
    with world.db.write() as session:
        found = session.get_one(Product, product)
        assert giving_up.give_up(session, found, who="creator:1", reason="I lost it.", now=world.now) is None
    for _ in range(2):
        giving_up.give_up_due(world.outside, world.db, world.now)


def rehearsed(world: World) -> None:
    world.orders(world.product(days=6))
    world.posts()
    with world.app.app_context():
        assert rehearsing.rehearse_due(world.outside, world.db, world.now) == 1


def address_new(world: World) -> None:
    order_id = world.orders(world.product(days=40), "mirjam@posteo.de")
    with world.db.write() as session:
        correct_address(session, world.outside.links, session.get_one(Order, order_id), MIRIAM, world.now)


def words_of(markup: str) -> str:
    """What a reader sees of HTML, or of text set in columns, as one line."""
    seen = re.sub(r"<style>.*?</style>|<title>.*?</title>", "", markup, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", seen)).replace("\xa0", " ").split())


def replace_product(world: World) -> World:
    """Room for a second product in the same world."""
    with world.db.write() as session:
        session.execute(update(Product).values(slug="an-earlier-one"))
    return world
