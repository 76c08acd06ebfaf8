"""The answer to a moved day: shown without sign-in, changed by nothing but a button, told on the order's page."""

import re
from typing import Any

import pytest
from sqlalchemy import func, select

from storefront.actions import cancelling
from storefront.actions.launching import Offered
from storefront.models.delays import Reply
from storefront.models.log import LogRow
from storefront.rules.words import NBSP
from tests.support.visitor import Visitor
from tests.support.world import World

REASON = "The last chapter needs longer than I thought."


def page_of(world: World, order_id: int) -> str:
    order = world.order(order_id)
    return f"/orders/{world.outside.links.token('order', order.id, order.link_generation, order.link_sha256)}"


def words(visitor: Visitor) -> str:
    return visitor.page.text.replace(NBSP, " ")


def answers(visitor: Visitor, page: str, answer: str, status: int = 303) -> None:
    visitor.see(f"{page}/delay")
    form = visitor.page.form("/delay").fields
    sent = visitor.post(f"{page}/delay", data={**form, "answer": answer})
    assert sent.status_code == status, sent.text


def asked(world: World, days: float | None = 60, offered: Offered | None = None, **product: Any) -> tuple[int, str]:
    """An order of a launch in 20 days that was moved; its page."""
    made = world.product(days=20, **product)
    order = world.orders(made)
    assert world.moves(made, days, REASON, offered or Offered()) is None
    return order, page_of(world, order)


def test_a_long_delay_is_asked_with_the_day_the_reason_and_what_silence_means(
    small_world: World, visitor: Visitor
) -> None:
    _, page = asked(small_world)
    visitor.see(f"{page}/delay")
    said = words(visitor)
    assert REASON in said
    assert "The new day" in said
    assert "It was" in said
    assert "We need your yes by" in said
    assert "Without it your order is cancelled then, and nothing is charged." in said


def test_looking_changes_nothing_however_often_and_whoever_looks(small_world: World, visitor: Visitor) -> None:
    order, page = asked(small_world, 60, Offered("percent", 20))
    with small_world.read() as session:
        before = session.scalar(select(func.count(LogRow.id)))
    for _ in range(3):
        visitor.see(f"{page}/delay")
        assert visitor.head(f"{page}/delay").status_code == 200
        assert visitor.get(f"{page}/delay?answer=cancel&version=2").status_code == 200
    with small_world.read() as session:
        assert session.scalar(select(func.count(Reply.id))) == 0
        assert session.scalar(select(func.count(LogRow.id))) == before
    kept = small_world.order(order)
    assert (kept.promise_version, kept.cancel_wished_at) == (2, None)


def test_whoever_waits_says_so_once_and_the_page_remembers(small_world: World, visitor: Visitor) -> None:
    order, page = asked(small_world)
    answers(visitor, page, "wait")
    visitor.see(page)
    assert "Noted: you wait." in words(visitor)
    visitor.see(f"{page}/delay")
    assert "You wait for" in words(visitor)
    assert "I wait until" not in words(visitor)
    small_world.advance(days=51)
    small_world.tick()
    assert small_world.state(order) == "reserved"


def test_whoever_says_no_is_cancelled_at_once_and_gets_everything_back(small_world: World, visitor: Visitor) -> None:
    order, page = asked(small_world, upfront=True)
    visitor.see(f"{page}/delay")
    assert "19 € go back to the card you paid with" in words(visitor)
    answers(visitor, page, "cancel")
    small_world.tick()
    assert small_world.state(order) == "refunded"
    visitor.see(f"{page}/promise")
    assert "Declined on" in words(visitor)
    visitor.see(f"{page}/delay")
    assert "There is nothing to answer any more." in words(visitor)


def test_what_is_offered_is_taken_with_one_click(small_world: World, visitor: Visitor) -> None:
    order, page = asked(small_world, 60, Offered("amount", 500))
    visitor.see(f"{page}/delay")
    assert "I wait, and take 5.00 €" in words(visitor)
    answers(visitor, page, "gift")
    assert small_world.order(order).price == 1400
    visitor.see(f"{page}/promise")
    assert "by click, with 5.00 € for waiting" in words(visitor)
    assert "14.00 €" in words(visitor)


def test_the_order_page_says_that_the_day_moved_and_why(small_world: World, visitor: Visitor) -> None:
    _, page = asked(small_world, 10)
    visitor.see(page)
    said = words(visitor)
    assert re.search(r"The day moved to \d+ \w+ \d{4}", said)
    assert REASON in said
    assert "if we hear nothing by" in said
    assert f"{page}/delay" in visitor.page.links


def test_a_question_whose_silence_cancels_is_the_first_step_of_the_order_page(
    small_world: World, visitor: Visitor
) -> None:
    _, page = asked(small_world)
    visitor.see(page)
    assert "Wait, or cancel" in words(visitor)
    assert "only if you say that you wait" in words(visitor)
    assert "nothing you need to do" not in words(visitor)


def test_an_order_without_a_day_says_so_everywhere(small_world: World, visitor: Visitor) -> None:
    order, page = asked(small_world, None)
    visitor.see(page)
    assert "The day is off, and no new one can be named yet" in words(visitor)
    assert "On the day it is ready we charge 19 €" in words(visitor)
    visitor.see(f"{page}/delay")
    assert "no new day can be named yet" in words(visitor)
    answers(visitor, page, "wait")
    visitor.see(f"{page}/promise")
    assert "No day yet" in words(visitor)
    assert "Agreed on" in words(visitor)
    small_world.advance(days=25)
    visitor.see(page)
    assert "Opening now" not in words(visitor)
    assert small_world.state(order) == "reserved"


def test_silence_is_told_with_its_rule_to_buyer_and_creator_alike(small_world: World, visitor: Visitor) -> None:
    _, page = asked(small_world, 10)
    small_world.advance(days=20)
    small_world.tick()
    visitor.see(f"{page}/promise")
    assert "by silence: a first delay of 30 days or less" in words(visitor)


def test_an_answer_to_a_day_that_moved_again_is_not_taken(small_world: World, visitor: Visitor) -> None:
    made = small_world.product(days=20)
    order = small_world.orders(made)
    small_world.moves(made, 60, REASON)
    page = page_of(small_world, order)
    visitor.see(f"{page}/delay")
    form = visitor.page.form("/delay").fields
    small_world.moves(made, 20, "And more.")
    sent = visitor.post(f"{page}/delay", data={**form, "answer": "wait"})
    assert sent.status_code == 409
    assert "The day has moved again since." in words(visitor)


def test_what_is_no_answer_is_refused(small_world: World, visitor: Visitor) -> None:
    _, page = asked(small_world)
    visitor.see(f"{page}/delay")
    form = visitor.page.form("/delay").fields
    assert visitor.post(f"{page}/delay", data={**form, "answer": "perhaps"}).status_code == 400
    assert visitor.post(f"{page}/delay", data={**form, "answer": "wait", "version": "x"}).status_code == 400
    assert visitor.get("/orders/" + "A" * 32 + "/delay").status_code == 404


def test_a_day_that_never_moved_has_no_question(small_world: World, visitor: Visitor) -> None:
    order = small_world.orders(small_world.product(days=20))
    assert visitor.get(f"{page_of(small_world, order)}/delay").status_code == 303


def test_a_no_and_the_wish_to_leave_are_one_transaction(
    small_world: World, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, page = asked(small_world)
    visitor.see(f"{page}/delay")
    form = visitor.page.form("/delay").fields

    def dies(*_: Any, **__: Any) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(cancelling, "cancel", dies)
    with pytest.raises(KeyboardInterrupt):
        visitor.post(f"{page}/delay", data={**form, "answer": "cancel"})
    assert small_world.order(order).cancel_wished_at is not None
    monkeypatch.undo()
    small_world.tick()
    assert small_world.state(order) == "cancelled"


def test_a_price_that_fell_for_waiting_is_not_called_the_one_before(small_world: World, visitor: Visitor) -> None:
    _, page = asked(small_world, 60, Offered("amount", 500))
    visitor.see(f"{page}/delay")
    assert "19 €, as before" in words(visitor)
    answers(visitor, page, "gift")
    visitor.see(f"{page}/delay")
    assert "14 €" in words(visitor)
    assert "as before" not in words(visitor)
    visitor.see(f"{page}/promise")
    assert "A yes to waiting, with what was offered for it." in words(visitor)
