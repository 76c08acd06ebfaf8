"""The words of letters in the studio: kept in versions, shown on a real order, and never in place of what a rule demands."""

import pytest
from flask import Flask

from storefront.rules.links import NOBODYS
from storefront.rules.own_words import KINDS
from tests.support.letters import letter, moved, post_office
from tests.support.mailserver import MailServer
from tests.support.world import World
from tests.web.studio.visitor import HOME, TOM, Visitor

__all__ = ["post_office"]
DESK = f"{HOME}/letters"


def writes(ines: Visitor, text: str, kind: str = "confirmed", status: int = 303, **more: str) -> str:
    ines.get(f"{DESK}/{kind}")
    seen = more.pop("seen", ines.page.fields["seen"]["value"])
    return ines.post(f"{DESK}/{kind}", status, text=text, seen=seen).text


def test_every_kind_is_listed_and_has_its_page(world: World, ines: Visitor) -> None:
    world.product()
    ines.get(DESK)
    for kind in KINDS:
        assert "It says by itself" in ines.get(f"{DESK}/{kind}").text
    ines.get(f"{DESK}/task", 404)


def test_words_are_kept_in_versions_and_an_earlier_one_can_be_taken_again(world: World, ines: Visitor) -> None:
    world.product()
    assert "Kept." in writes(ines, "Thank you.")
    writes(ines, "Thank you so much.")
    page = ines.get(f"{DESK}/confirmed?version=1").text
    assert "Version 1" in page
    assert "Thank you." in page
    assert "Thank you so much." in ines.get(DESK).text


def test_the_second_of_two_creators_is_told_and_loses_nothing(world: World, ines: Visitor) -> None:
    world.product()
    writes(ines, "Mine.")
    page = writes(ines, "Yours.", status=422, seen="0")
    assert "Somebody changed these words" in page
    assert ines.page.fields["seen"]["value"] == "1"
    assert "Kept." in ines.post(f"{DESK}/confirmed", text="Yours.", seen="1").text


def test_what_cannot_be_sent_comes_back_with_the_line_that_is_wrong(world: World, ines: Visitor) -> None:
    world.product()
    page = writes(ines, "Hello\nDear {name}", status=422)
    assert "Line 2: nothing is known as {name}." in page


def test_the_letter_is_shown_with_a_real_order_and_nothing_is_kept_or_sent(world: World, ines: Visitor) -> None:
    order = world.orders(world.product(days=40))
    ines.get(f"{DESK}/confirmed")
    token = ines.page.fields["csrf_token"]["value"]
    url = f"{DESK}/confirmed/preview"
    answer = ines.client.post(url, data={"csrf_token": token, "text": "For {title}, <b>with</b> thanks."})
    assert "For Databases by Hand, &lt;b&gt;with&lt;/b&gt; thanks." in answer.text
    assert world.order(order).number in answer.text
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    plain = ines.client.post(url, data={"csrf_token": token, "text": "Thanks.", "as": "text"}).text
    assert "Thanks.\n\nInes" in plain
    wrong = ines.client.post(url, data={"csrf_token": token, "text": "{name}"}).text
    assert "nothing is known as {name}" in wrong
    assert "none" in ines.get(DESK).text


@pytest.mark.parametrize("kind", ["access", "moved"])
def test_a_letter_that_is_looked_at_opens_nothing_of_its_buyers(world: World, ines: Visitor, kind: str) -> None:
    order = world.order(world.orders(world.product(days=None)))
    grant, links = world.grant(order.id), world.outside.links
    assert grant is not None
    assert grant.link_sha256 is not None
    ines.get(f"{DESK}/{kind}")
    form = {"csrf_token": ines.page.fields["csrf_token"]["value"], "text": ""}
    for more in ({}, {"as": "text"}):
        shown = ines.client.post(f"{DESK}/{kind}/preview", data=form | more).text
        assert links.token("order", order.id, order.link_generation, order.link_sha256) not in shown
        assert links.token("access", grant.id, grant.link_generation, grant.link_sha256) not in shown
        assert f"/orders/{NOBODYS}" in shown


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_shown(small_world: World, kind: str) -> None:
    from storefront.actions import writing
    from storefront.models.orders import Order

    order = small_world.orders(small_world.product(days=40))
    with small_world.app.app_context(), small_world.db.read() as session:
        found = session.get_one(Order, order)
        written = writing.trial(session, small_world.outside, found, kind, small_world.now, own="My words, {day}.")
        assert "My words, " in written.text
        assert "My words, " in written.html


def test_without_an_order_the_page_says_when_it_is_shown(world: World, ines: Visitor) -> None:
    world.product()
    assert "The letter is shown here with the first order." in ines.get(f"{DESK}/moved").text


def test_another_creators_letters_are_not_there(app: Flask, world: World) -> None:
    world.product()
    tom = Visitor(app)
    tom.signs_in(TOM)
    for path in (DESK, f"{DESK}/confirmed"):
        tom.get(path, 404)
    tom.post(f"{DESK}/confirmed", 404, text="Mine.", seen="0")


def test_a_notice_keeps_all_that_a_rule_demands_and_says_what_it_said_when_it_was_owed(
    small_world: World, post_office: MailServer
) -> None:
    from storefront.actions import wording
    from storefront.models.products import Product

    moved(small_world)

    def says(text: str, seen: int) -> None:
        with small_world.db.write() as session:
            product = session.get_one(Product, 1)
            assert wording.write_words(session, product, "moved", text, seen, "creator:1", small_world.now) == ""

    small_world.advance(seconds=1)
    says("Too late for that one.", 0)
    small_world.posts()
    text = post_office.taken[-1].part("plain")
    assert "Too late for that one." not in text, "it was owed before"
    for demanded in ("It was", "Cancel any time", "/delay"):
        assert demanded in text
    assert small_world.moves(1, 3) is None
    small_world.posts()
    text = post_office.taken[-1].part("plain")
    assert "Too late for that one." in text
    assert "/delay" in text
    assert letter(small_world, "moved").sent_at
