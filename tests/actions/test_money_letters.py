"""What letters say of money that comes back, and of money that was never there."""

from storefront.actions import refunding
from storefront.actions.launching import Offered
from storefront.models.orders import Order
from tests.support.letters import (
    grace_over,
    letter,
    pays_by_hand,
    post_office,
    refund_failed,
    refund_fails,
    refunds_part,
    words_of,
)
from tests.support.mailserver import MailServer
from tests.support.world import World

assert post_office
MIRIAM = "miriam@posteo.de"


def buys(world: World) -> int:
    """Somebody bought what is out, for 29 €."""
    order_id = world.orders(world.product(days=None))
    world.posts()
    return order_id


def last(world: World, server: MailServer) -> tuple[str, str]:
    """The buyer's newest letter: its subject, and its text."""
    world.posts()
    taken = server.to(MIRIAM)[-1]
    return str(taken.message["Subject"]), words_of(taken.part("plain"))


def test_money_that_did_not_arrive_and_was_paid_another_way_is_told_with_how(
    small_world: World, post_office: MailServer
) -> None:
    refund_failed(small_world)
    pays_by_hand(small_world, letter(small_world, "refund_failed").order_id)
    subject, text = last(small_world, post_office)
    assert subject.startswith("29.00 € were paid back to you")
    assert "it was paid another way." in text
    assert "Bank transfer of 12 May, reference 4711." in text


def test_money_that_is_sent_once_more_is_told_again(small_world: World, post_office: MailServer) -> None:
    order_id = buys(small_world)
    small_world.cancels(order_id)
    (made,) = small_world.at_stripe("refunds")["data"]
    small_world.sandbox.control("refunds/resolve", refund=made["id"], status="failed", failure_reason="declined")
    small_world.reconciles()
    assert "did not reach your card" in last(small_world, post_office)[0]
    assert refunding.refund_again(small_world.outside, small_world.db, order_id, "creator:1", small_world.now) is None
    small_world.reconciles()
    subject, text = last(small_world, post_office)
    assert subject.startswith("29.00 € go back to you once more")
    assert "on its way there again" in text
    assert small_world.letters(order_id).count("paid_back") == 1


def test_a_part_that_was_paid_another_way_is_told_with_how(small_world: World, post_office: MailServer) -> None:
    order_id = buys(small_world)
    refunds_part(small_world, order_id)
    refund_fails(small_world, order_id)
    with small_world.db.write() as session:
        order = session.get_one(Order, order_id)
        assert refunding.note_part_by_hand(session, order, 500, "creator:1", "In cash.", small_world.now) is None
    subject, text = last(small_world, post_office)
    assert subject.startswith("5.00 € were paid back to you")
    assert "In cash." in text


def test_what_the_card_never_took_is_not_said_to_go_there(small_world: World, post_office: MailServer) -> None:
    order_id = buys(small_world)
    small_world.sandbox.control("faults", kind="error_500", match="POST /v1/refunds", count=-1)
    small_world.cancels(order_id)
    small_world.sandbox.control("faults", kind="error_500", match="POST /v1/nothing")
    with small_world.db.write() as session:
        order = session.get_one(Order, order_id)
        (open_one,) = [each for each in order.attempts if each.outcome is None]
        open_one.outcome, open_one.closed_at = "failed", small_world.now
    pays_by_hand(small_world, order_id)
    assert small_world.state(order_id) == "refunded"
    subject, text = last(small_world, post_office)
    assert subject.startswith("29 € go back to you")
    assert "Your card did not take the money, so it was paid another way." in text
    assert "returns to the card" not in text
    assert "How Bank transfer of 12 May, reference 4711." in text
    assert "paid_back" not in small_world.letters(order_id), "one letter for one payment"


def test_the_rest_is_told_apart_from_the_part_that_went_before(small_world: World, post_office: MailServer) -> None:
    order_id = buys(small_world)
    refunds_part(small_world, order_id)
    small_world.cancels(order_id)
    subject, text = last(small_world, post_office)
    assert subject.startswith("24 € go back to you")
    assert "Back to you 24.00 €" in text
    assert "Back in all 29.00 €" in text


def test_a_part_for_waiting_is_not_put_into_its_creators_mouth(small_world: World, post_office: MailServer) -> None:
    product = small_world.product(days=20, upfront=True)
    order_id = small_world.orders(product)
    assert small_world.moves(product, 10, offered=Offered("amount", 500)) is None
    assert small_world.answers(order_id, gift=True) == ""
    small_world.tick()
    assert small_world.money(order_id).refunded == 500
    subject, text = last(small_world, post_office)
    assert subject.startswith("5.00 € go back to you")
    assert "Ines Okafor gives back a part of what you paid for Databases by Hand, because you wait." in text
    assert "promise 2" not in text


def test_a_card_that_was_refused_set_nothing_aside_that_could_be_freed(
    small_world: World, post_office: MailServer
) -> None:
    grace_over(small_world)
    _, text = last(small_world, post_office)
    assert "was not repaired in time" in text
    assert "Nothing was charged, and the card is forgotten." in text


def test_a_hold_that_is_given_up_with_its_order_is_freed(small_world: World, post_office: MailServer) -> None:
    order_id = small_world.orders(small_world.product(days=3))
    small_world.cancels(order_id)
    _, text = last(small_world, post_office)
    assert "Your bank frees the 19 € it had set aside" in text
