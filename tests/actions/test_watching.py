"""News of a launch: only after a confirmed consent, one letter, ended with one click, and apart from what is owed."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from storefront.actions import watching
from storefront.models.letters import Letter
from storefront.models.products import Product
from storefront.models.watchers import Watcher
from tests.support.letters import post_office
from tests.support.mailserver import MailServer
from tests.support.world import World

__all__ = ["post_office"]
ADA = "ada@posteo.de"


def asks(world: World, product: int, email: str = ADA) -> int:
    with world.db.write() as session:
        found = session.get_one(Product, product)
        return watching.ask(session, found, email, "Write to me once.", world.now, world.outside.links).id


def confirms(world: World, watcher: int) -> bool:
    with world.db.write() as session:
        return watching.confirm(session, session.get_one(Watcher, watcher), world.now)


def ends(world: World, watcher: int) -> bool:
    with world.db.write() as session:
        return watching.end(session, session.get_one(Watcher, watcher), world.now)


def owed(world: World) -> list[str]:
    with world.read() as session:
        rows = session.scalars(select(Letter).where(Letter.watcher_id.is_not(None)).order_by(Letter.id))
        return [each.kind for each in rows]


def comes_out(world: World) -> None:
    world.advance(days=3)
    world.tick()


def test_whoever_confirmed_hears_once_and_whoever_did_not_never(world: World) -> None:
    product = world.product(days=3)
    confirms(world, asks(world, product))
    asks(world, product, "bo@posteo.de")
    assert watching.tell_due(world.db, world.now) == 0, "it is not out"
    comes_out(world)
    assert [watching.tell_due(world.db, world.now) for _ in range(2)] == [1, 0]
    assert owed(world) == ["news_asked", "news_asked", "launch_news"]
    assert world.broken() == []


def test_asking_twice_is_asking_once_and_a_stranger_s_mailbox_is_not_filled(world: World) -> None:
    product = world.product(days=3)
    assert asks(world, product) == asks(world, product)
    assert owed(world) == ["news_asked"]
    others = [world.product(f"thing-{number}", days=3) for number in range(7)]
    for each in others:
        asks(world, each)
    assert len(owed(world)) == 5, "five a day to one address"
    world.advance(days=1, seconds=1)
    asks(world, others[-1])
    assert len(owed(world)) == 6


def test_what_was_ended_is_not_sent_though_it_was_owed(small_world: World, post_office: MailServer) -> None:
    watcher = asks(small_world, small_world.product(days=3))
    confirms(small_world, watcher)
    comes_out(small_world)
    watching.tell_due(small_world.db, small_world.now)
    assert ends(small_world, watcher)
    assert not ends(small_world, watcher)
    small_world.posts()
    assert [
        str(each.message["Subject"]) for each in post_office.to(ADA) if "is out" in str(each.message["Subject"])
    ] == []


@pytest.mark.usefixtures("post_office")
def test_whoever_has_ordered_meanwhile_gets_no_advertising(small_world: World) -> None:
    product = small_world.product(days=3)
    confirms(small_world, asks(small_world, product))
    small_world.orders(product, ADA)
    comes_out(small_world)
    watching.tell_due(small_world.db, small_world.now)
    small_world.posts()
    with small_world.read() as session:
        kept = session.scalars(select(Letter).where(Letter.kind == "launch_news")).one()
        assert kept.trouble == "they have ordered it"


@pytest.mark.parametrize("kind", ["news_asked", "launch_news"])
def test_only_the_news_carry_their_end_in_the_head(small_world: World, post_office: MailServer, kind: str) -> None:
    product = small_world.product(days=3)
    watcher = asks(small_world, product)
    small_world.orders(product, "miriam@posteo.de")
    confirms(small_world, watcher) if kind == "launch_news" else None
    if kind == "launch_news":
        comes_out(small_world)
        watching.tell_due(small_world.db, small_world.now)
    small_world.posts()
    mine = [each.message for each in post_office.to(ADA)][-1]
    with small_world.read() as session:
        found = session.get_one(Watcher, watcher)
        url = small_world.outside.links.watcher(watcher, found.link_sha256 or "")
    wanted = (f"<{url}/end>", "List-Unsubscribe=One-Click") if kind == "launch_news" else (None, None)
    heads = [mine[name] and str(mine[name]).strip() for name in ("List-Unsubscribe", "List-Unsubscribe-Post")]
    assert heads == list(wanted)
    assert url in post_office.to(ADA)[-1].part("plain")
    for each in post_office.to("miriam@posteo.de"):
        assert each.message["List-Unsubscribe"] is None, "what is owed has no end"


def test_an_end_of_news_ends_nothing_that_is_owed(small_world: World, post_office: MailServer) -> None:
    product = small_world.product(days=3)
    small_world.orders(product, ADA)
    with small_world.db.write() as session:
        watching.end_all(session, ADA, small_world.now)
    small_world.posts()
    assert len(post_office.to(ADA)) == 1


def test_what_left_the_shop_is_not_advertised(small_world: World) -> None:
    product = small_world.product(days=3)
    confirms(small_world, asks(small_world, product))
    comes_out(small_world)
    watching.tell_due(small_world.db, small_world.now)
    with small_world.db.write() as session:
        session.get_one(Product, product).retired_at = small_world.now + timedelta(seconds=1)
    with small_world.db.read() as session:
        kept = session.scalars(select(Letter).where(Letter.kind == "launch_news")).one()
        assert watching.outdated(session, kept, session.get_one(Watcher, kept.watcher_id)) == "it left the shop"
