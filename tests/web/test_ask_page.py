"""Asking on an order's page."""

from storefront.rules.asking import LONGEST
from tests.support.threads import answers, asks, mails, reply_to, said, takes_mail
from tests.support.visitor import Form, Page, Visitor
from tests.support.world import World
from tests.web.test_order_page import page_of, words


def form(visitor: Visitor) -> Form:
    return next(each for each in visitor.page.forms if each.action.endswith("/ask#ask"))


def send(visitor: Visitor, here: str, text: str) -> int:
    visitor.see(here)
    return visitor.post(f"{here}/ask", data=form(visitor).fields | {"text": text}).status_code


def test_a_question_is_asked_without_signing_in_and_stands_on_the_page(small_world: World, visitor: Visitor) -> None:
    order = small_world.orders(small_world.product())
    here = page_of(small_world, order)
    assert send(visitor, here, "Is there a\r\nGerman edition?\r\n\r\nI would like two. <script>") == 303
    visitor.see(here)
    assert "I would like two. <script>" in words(visitor)
    assert "Ines Okafor has been asked." in words(visitor)
    answers(small_world, order, "Yes.")
    visitor.see(here)
    assert "Yes." in words(visitor)
    assert "has been asked" not in words(visitor)


def test_what_was_typed_stays_when_it_cannot_be_sent(small_world: World, visitor: Visitor) -> None:
    order = small_world.orders(small_world.product())
    here = page_of(small_world, order)
    long = "a" * (LONGEST + 1)
    assert send(visitor, here, long) == 422
    came_back = Page(visitor.post(f"{here}/ask", data=form(visitor).fields | {"text": long}).text)
    came_back.check()
    assert f">{long}</textarea>" in came_back.html
    assert "4,001 characters" in came_back.text
    assert said(small_world, order) == []


def test_a_double_click_asks_once(small_world: World, visitor: Visitor) -> None:
    order = small_world.orders(small_world.product())
    here = page_of(small_world, order)
    visitor.see(here)
    sent = form(visitor).fields | {"text": "Is it out?"}
    assert [visitor.post(f"{here}/ask", data=sent).status_code for _ in range(2)] == [303, 303]
    assert len(said(small_world, order)) == 1


def test_an_order_that_has_ended_can_be_asked_about_too(small_world: World, visitor: Visitor) -> None:
    order = small_world.orders(small_world.product())
    small_world.cancels(order)
    assert send(visitor, page_of(small_world, order), "Where is my money?") == 303


def test_nobody_without_the_link_asks_or_reads(small_world: World, visitor: Visitor) -> None:
    order = small_world.orders(small_world.product())
    asks(small_world, order)
    visitor.see(page_of(small_world, order))
    assert visitor.post(f"/orders/{'x' * 32}/ask", data=form(visitor).fields | {"text": "Hello"}).status_code == 404
    assert len(said(small_world, order)) == 1


def test_what_came_from_another_address_is_not_shown_to_the_buyer(small_world: World, visitor: Visitor) -> None:
    takes_mail(small_world)
    order = small_world.orders(small_world.product())
    mails(small_world, reply_to(small_world, order), "It is me.", "mallory@evil.example")
    visitor.see(page_of(small_world, order))
    assert "It is me." not in words(visitor)
