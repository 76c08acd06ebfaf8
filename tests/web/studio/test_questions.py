"""Questions in the studio: counted, each creator's own, answered and closed."""

from flask import Flask

from tests.support.threads import asks, mails, reply_to, said, takes_mail
from tests.support.world import World
from tests.web.studio.visitor import OWNER, TOM, Visitor


def order_url(world: World, order: int) -> str:
    return f"/studio/orders/{world.order(order).number}"


def test_open_questions_are_counted_and_the_oldest_comes_first(world: World, ines: Visitor) -> None:
    product = world.product()
    orders = [world.orders(product, f"b{number}@posteo.de") for number in range(2)]
    asks(world, orders[1], "The older one?")
    world.advance(days=3)
    asks(world, orders[0], "The newer one?")
    page = ines.get("/studio/questions").text
    assert "Two questions wait for you." in page
    assert page.index("The older one?") < page.index("The newer one?")
    assert "b1@posteo.de waits for three days" in page
    assert "Questions 2 open" in ines.get("/studio").text


def test_nothing_open_says_so(ines: Visitor) -> None:
    assert "Nobody waits for an answer." in ines.get("/studio/questions").text


def test_an_answer_closes_the_question_and_a_double_click_sends_one(world: World, ines: Visitor) -> None:
    order = world.orders(world.product())
    asks(world, order)
    here = order_url(world, order)
    ines.get(here)
    nonce = ines.page.fields["nonce"]["value"]
    for _ in range(2):
        ines.post(f"{here}/answer", answer="Yes.\r\n\r\nIn June.", nonce=nonce)
    assert said(world, order)[1:] == [("creator:1", "Yes.\n\nIn June.")]
    assert "Nobody waits" in ines.get("/studio/questions").text


def test_an_empty_answer_comes_back(world: World, ines: Visitor) -> None:
    order = world.orders(world.product())
    asks(world, order)
    ines.get(order_url(world, order))
    assert "Write your answer." in ines.post(f"{order_url(world, order)}/answer", 422, answer=" ", nonce="").text


def test_a_question_is_closed_without_an_answer(world: World, ines: Visitor) -> None:
    order = world.orders(world.product())
    asks(world, order, "Thank you!")
    ines.get(order_url(world, order))
    assert "Closed without an answer." in ines.post(f"{order_url(world, order)}/no-answer").text
    assert "No question was open any more." in ines.post(f"{order_url(world, order)}/no-answer").text


def test_another_creators_questions_are_not_there(app: Flask, world: World) -> None:
    order = world.orders(world.product())
    asks(world, order)
    tom, owner = Visitor(app), Visitor(app)
    tom.signs_in(TOM)
    assert "Nobody waits" in tom.get("/studio/questions").text
    tom.post(f"{order_url(world, order)}/answer", 404, answer="Mine.")
    tom.post(f"{order_url(world, order)}/no-answer", 404)
    owner.signs_in(OWNER)
    assert "One question waits" in owner.get("/studio/questions").text


def test_a_mail_from_another_address_says_so(world: World, ines: Visitor) -> None:
    takes_mail(world)
    order = world.orders(world.product())
    mails(world, reply_to(world, order), "Refund it to me.", "mallory@evil.example", files=["bill.pdf"])
    page = ines.get(order_url(world, order)).text
    assert "It came from mallory@evil.example, not from the address of the order." in page
    assert "bill.pdf" in page
