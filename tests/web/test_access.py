"""The access link: scanners open it, its reader uses it up, and a fresh one goes to the order's address only."""

from datetime import timedelta

import pytest

from tests.support.visitor import Visitor
from tests.support.world import DECLINES_LATER, World

MIRIAM = "miriam@posteo.de"


def link(world: World, order_id: int) -> str:
    grant = world.grant(order_id)
    assert grant is not None
    assert grant.link_sha256 is not None
    return f"/access/{world.outside.links.token('access', grant.id, grant.link_generation, grant.link_sha256)}"


def order_page(world: World, order_id: int) -> str:
    order = world.order(order_id)
    return f"/orders/{world.outside.links.token('order', order.id, order.link_generation, order.link_sha256)}"


def bought(world: World) -> int:
    """A purchase with its letters out."""
    order_id = world.orders(world.product(days=None, kind="ebook"))
    world.tick()
    return order_id


def test_the_letter_carries_the_link_and_the_first_post_opens_the_library(small_world: World, visitor: Visitor) -> None:
    order_id = bought(small_world)
    letter = small_world.sandbox.mail(MIRIAM)[-1]
    assert f"http://127.0.0.1:8000{link(small_world, order_id)}" in letter["text"]
    assert link(small_world, order_id) in letter["html"]
    visitor.see(link(small_world, order_id))
    page = visitor.follow(visitor.send(link(small_world, order_id)))
    assert "Databases by Hand" in page.text
    assert "Databases by Hand" in visitor.see("/library").text


def signed_in(visitor: Visitor) -> bool:
    with visitor.session_transaction() as kept:
        return "_user_id" in kept


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_scanners_open_the_link_as_often_as_they_like(small_world: World, visitor: Visitor, method: str) -> None:
    order_id = bought(small_world)
    for _ in range(20):
        scanner = Visitor.of(small_world.app)
        assert scanner.open(link(small_world, order_id), method=method).status_code == 200
        assert not signed_in(scanner)
    grant = small_world.grant(order_id)
    assert grant is not None
    assert (grant.link_redeemed_at, grant.account_id) == (None, None)
    visitor.see(link(small_world, order_id))
    assert visitor.send(link(small_world, order_id)).headers["Location"] == "/library/databases-by-hand"
    assert signed_in(visitor)


def test_a_used_link_signs_nobody_in_and_offers_a_fresh_one(small_world: World, visitor: Visitor) -> None:
    order_id = bought(small_world)
    used = link(small_world, order_id)
    page = visitor.see(used)
    visitor.send(used)
    thief = Visitor.of(small_world.app)
    thief.page = page
    fields = thief.see(used).form("/fresh-link").fields
    thief.follow(thief.post(used, data=fields))
    assert "This link has been used." in thief.page.text
    assert MIRIAM not in thief.page.text
    assert "m…@posteo.de" in thief.page.text
    assert "Databases" not in thief.see("/library").text


def test_a_fresh_link_goes_by_mail_only_and_older_links_die(small_world: World, visitor: Visitor) -> None:
    order_id = bought(small_world)
    used = link(small_world, order_id)
    visitor.see(used)
    visitor.send(used)
    visitor.see(used)
    answer = visitor.send("/fresh-link")
    fresh = link(small_world, order_id)
    assert fresh not in answer.headers["Location"] + visitor.follow(answer).html
    assert visitor.get(used).status_code == 404
    small_world.tick()
    assert fresh in small_world.sandbox.mail(MIRIAM)[-1]["text"]
    reader = Visitor.of(small_world.app)
    reader.see(fresh)
    assert reader.follow(reader.send(fresh)).text


def test_three_fresh_links_an_hour_from_whichever_page(small_world: World, visitor: Visitor) -> None:
    order_id = bought(small_world)
    for _ in range(3):
        visitor.see(order_page(small_world, order_id))
        assert "On its way to m…@posteo.de" in visitor.follow(visitor.send("/fresh-link")).text
    newest = link(small_world, order_id)
    visitor.see(order_page(small_world, order_id))
    assert "Three links were sent in this hour" in visitor.follow(visitor.send("/fresh-link")).text
    assert link(small_world, order_id) == newest, "the newest stays good"
    small_world.now += timedelta(minutes=61)
    visitor.see(order_page(small_world, order_id))
    visitor.follow(visitor.send("/fresh-link"))
    assert link(small_world, order_id) != newest


def test_before_the_launch_there_is_no_link_to_be_had(small_world: World, visitor: Visitor) -> None:
    order_id = small_world.orders(small_world.product())
    fields = visitor.see(order_page(small_world, order_id)).form("/address").fields
    assert visitor.post(f"{order_page(small_world, order_id)}/fresh-link", data=fields).status_code == 404


def test_a_planted_session_is_dropped_when_a_reader_signs_in(small_world: World, visitor: Visitor) -> None:
    order_id = bought(small_world)
    with visitor.session_transaction() as planted:
        planted["_user_id"] = "999"
        planted["by_password"] = True
        planted["trap"] = "1"
    visitor.see(link(small_world, order_id))
    visitor.send(link(small_world, order_id))
    with visitor.session_transaction() as own:
        assert "trap" not in own
        assert own["by_password"] is False


def test_a_creator_who_comes_in_by_a_link_is_a_reader_until_they_give_their_password(
    small_world: World, visitor: Visitor
) -> None:
    small_world.product(days=None, kind="ebook")
    order_id = small_world.orders(1, "ines@forthcoming.example")
    small_world.tick()
    visitor.see(link(small_world, order_id))
    visitor.send(link(small_world, order_id))
    assert visitor.get("/studio").status_code == 403


def test_access_that_is_paused_opens_nothing_and_says_what_to_do(small_world: World, visitor: Visitor) -> None:
    order_id = bought(small_world)
    with small_world.db.write() as session:
        from storefront.models.grants import Grant

        session.get_one(Grant, 1).suspended_at = small_world.now
    assert "Access is paused" in visitor.see(link(small_world, order_id)).text
    assert [form for form in visitor.page.forms if "/access/" in form.action] == []


def test_a_revoked_link_is_not_there(small_world: World, visitor: Visitor) -> None:
    order_id = bought(small_world)
    with small_world.db.write() as session:
        from storefront.models.grants import Grant

        session.get_one(Grant, 1).revoked_at = small_world.now
    assert visitor.get(link(small_world, order_id)).status_code == 404


def test_nobody_opens_a_product_before_its_launch_or_without_its_money(small_world: World, visitor: Visitor) -> None:
    product = small_world.product(days=40)
    order_id = small_world.orders(product, card=DECLINES_LATER)
    small_world.advance(days=40)
    small_world.tick()
    assert small_world.state(order_id) == "past_due"
    assert small_world.grant(order_id) is None
    assert visitor.get("/library/databases-by-hand").status_code == 303
    assert visitor.get("/library/databases-by-hand/files/book.pdf").status_code == 404
