"""Back-orders and the waiting list as their buyers see them."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from storefront.actions.postponing import Later, postpone
from storefront.models.letters import Letter
from storefront.models.orders import Order
from storefront.models.products import Launch, Product
from storefront.models.tickets import Ticket
from tests.support.queue import joins, out_of_stock, product_of, queues_up, restocks, states, ticket, token
from tests.support.visitor import Visitor
from tests.support.world import World

PAGE = "/p/databases-by-hand"
MIRIAM = "miriam@posteo.de"


def order_page(world: World, order_id: int) -> str:
    order = world.order(order_id)
    return f"/orders/{world.outside.links.token('order', order.id, order.link_generation, order.link_sha256)}"


def test_out_of_stock_the_page_takes_back_orders_with_their_days(small_world: World, visitor: Visitor) -> None:
    expected, latest = small_world.now + timedelta(days=9), small_world.now + timedelta(days=30)
    out_of_stock(small_world, expected_at=expected, latest_at=latest)
    page = visitor.see(PAGE)
    assert "Back-order and pay 29 € when it is back" in page.text.replace("\u00a0", " ")
    assert "Expected" in page.text
    assert "At the latest" in page.text
    assert "Nobody is in the queue." in page.text
    told = page.structured["offers"]
    assert told["availability"] == "https://schema.org/BackOrder"
    assert told["availabilityStarts"] == expected.isoformat()


def test_without_an_expected_date_the_latest_one_is_told(small_world: World, visitor: Visitor) -> None:
    product = out_of_stock(small_world)
    told = visitor.see(PAGE).structured["offers"]
    assert told["availabilityStarts"] > (small_world.now + timedelta(days=89)).isoformat()
    with small_world.db.write() as session:
        session.get_one(Product, product).latest_at = small_world.now - timedelta(days=1)
    assert visitor.see(PAGE).structured["offers"]["availability"] == "https://schema.org/SoldOut"


def test_the_shelf_says_the_same_as_the_page(small_world: World, visitor: Visitor) -> None:
    out_of_stock(small_world)
    assert "29\u00a0€ · back-order" in visitor.see("/").text.replace("29 €", "29\u00a0€")


def test_a_price_for_many_says_no_more_than_the_stock_has(small_world: World, visitor: Visitor) -> None:
    product = small_world.product(days=None, stock=2, units=60)
    assert "2 left" in visitor.see(PAGE).text
    assert "· 2 left" in visitor.see("/").text.replace("\u00a0", " ")
    small_world.places(product, "first@posteo.de")
    small_world.places(product, "second@posteo.de")
    page = visitor.see(PAGE)
    assert page.structured["offers"]["availability"] == "https://schema.org/SoldOut"
    assert " left" not in page.text
    assert "Sold out · waiting list" in visitor.see("/").text.replace("\u00a0", " ")


def test_without_a_day_it_is_neither_sold_out_nor_for_sale(small_world: World, visitor: Visitor) -> None:
    product = small_world.product(stock=3)
    with small_world.db.write() as session:
        session.get_one(Product, product).launch.at = None
    page = visitor.see(PAGE)
    assert "offers" not in page.structured
    assert "Sold out" not in page.text
    assert "No day yet" in page.text


def test_a_back_order_needs_its_consent_and_goes_to_stripe(small_world: World, visitor: Visitor) -> None:
    out_of_stock(small_world)
    visitor.see(PAGE)
    assert visitor.send("/order", email=MIRIAM).status_code == 422
    assert visitor.send("/order", email=MIRIAM, consent="1").status_code == 303
    with small_world.read() as session:
        assert session.scalars(select(Order.kind).where(Order.email == MIRIAM)).all() == ["back_order"]


def test_whoever_saw_the_last_one_is_asked_before_it_becomes_a_back_order(small_world: World, visitor: Visitor) -> None:
    product = small_world.product(days=None, stock=1, backorders=5)
    visitor.see(PAGE)
    small_world.orders(product)
    answer = visitor.send("/order", email=MIRIAM)
    assert answer.status_code == 409
    assert "You can still back-order" in visitor.page.text
    with small_world.read() as session:
        assert session.scalar(select(Order.id).where(Order.kind == "back_order")) is None


def test_the_order_page_says_the_place_and_leaves_with_one_button(small_world: World, visitor: Visitor) -> None:
    product = out_of_stock(small_world)
    first, second = queues_up(small_world, product, 2)
    page = visitor.see(order_page(small_world, second))
    assert "You are number 2 in the queue" in page.text
    assert "usually" not in page.text
    assert "Leave the queue" in page.text
    assert visitor.send("/cancel").status_code == 303
    assert states(small_world, [first, second]) == ["queued", "cancelled"]
    assert "You are next in the queue" in visitor.see(order_page(small_world, first)).text


def test_the_interval_is_learned_from_past_restocks(small_world: World, visitor: Visitor) -> None:
    product = out_of_stock(small_world)
    with small_world.db.write() as session:
        for days in (40, 31, 20, 10):
            at = small_world.now - timedelta(days=days)
            session.add(Launch(product_id=product, kind="restock", launched_at=at, closed_at=at, units=1))
    (order,) = queues_up(small_world, product, 1)
    assert "usually in 0 to 1 days" not in visitor.see(order_page(small_world, order)).text
    assert "usually within 1 day" in visitor.page.text


def test_once_the_unit_is_there_the_page_goes_the_way_of_every_order(small_world: World, visitor: Visitor) -> None:
    product = out_of_stock(small_world)
    (order,) = queues_up(small_world, product, 1)
    restocks(small_world, product, 1)
    small_world.tick()
    page = visitor.see(order_page(small_world, order))
    assert "is open. Your access link went to" in page.text
    assert "You back-ordered and saved a card" in page.text
    assert "Withdraw from contract here" in page.text


def test_the_promise_of_a_back_order_does_not_say_that_it_was_charged(small_world: World, visitor: Visitor) -> None:
    (order,) = queues_up(small_world, out_of_stock(small_world), 1)
    page = visitor.see(f"{order_page(small_world, order)}/promise")
    assert "Once, when it is your turn" in page.text
    assert "at the latest" in page.text
    assert "When it was ordered" not in page.text


def test_the_letter_of_a_back_order_names_place_and_latest_date(small_world: World) -> None:
    product = out_of_stock(small_world)
    (order,) = queues_up(small_world, product, 1)
    small_world.tick()
    letters = small_world.sandbox.mail("waits1@posteo.de")
    assert letters[0]["subject"] == "Number 1 in the queue: Databases by Hand"
    assert "At the latest" in letters[0]["text"]
    assert "one button" in letters[0]["text"]
    assert order


def test_sold_out_there_is_a_waiting_list_with_two_consents_apart(small_world: World, visitor: Visitor) -> None:
    out_of_stock(small_world, cap=0)
    page = visitor.see(PAGE)
    assert page.structured["offers"]["availability"] == "https://schema.org/SoldOut"
    assert visitor.send("/waiting", email=MIRIAM).status_code == 422
    assert visitor.send("/waiting", email="miriam", consent="yes").status_code == 422
    answer = visitor.send("/waiting", email=MIRIAM, consent="yes")
    assert answer.status_code == 200
    assert "m…@posteo.de" in visitor.page.text
    with small_world.read() as session:
        made = session.scalars(select(Ticket)).one()
        assert (made.news, made.state) == (False, "waiting")
        assert made.consent.startswith("Write to me when a seat of Databases by Hand is free.")


def test_whether_an_address_is_on_the_list_is_told_to_nobody(small_world: World, visitor: Visitor) -> None:
    out_of_stock(small_world, cap=0)
    said = []
    for _ in range(2):
        visitor.see(PAGE)
        visitor.send("/waiting", email=MIRIAM, consent="yes")
        said.append(visitor.page.text)
    assert said[0] == said[1]


def test_the_letter_leads_to_the_place_and_off_the_list(small_world: World, visitor: Visitor) -> None:
    product = out_of_stock(small_world, cap=0)
    joins(small_world, product, "ahead@posteo.de")
    mine = joins(small_world, product, MIRIAM)
    small_world.tick()
    (letter,) = small_world.sandbox.mail(MIRIAM)
    link = re.search(r"/waiting/\S+", letter["text"])
    assert link
    assert "You are number 2 on the list" in visitor.see(link[0]).text
    assert visitor.send("/leave").status_code == 303
    assert ticket(small_world, mine).state == "left"
    assert "off the list" in visitor.see(link[0]).text


def test_an_offer_leads_through_the_normal_checkout(small_world: World, visitor: Visitor) -> None:
    product = out_of_stock(small_world, cap=0)
    mine = joins(small_world, product, MIRIAM)
    restocks(small_world, product, 1)
    small_world.tick()
    link = f"/waiting/{token(small_world, mine)}"
    assert "is kept for you until" in visitor.see(link).text
    page = visitor.see(f"{link}/order")
    assert "Buy and pay 29 € now" in page.text.replace("\u00a0", " ")
    assert page.structured["offers"]["availability"] == "https://schema.org/LimitedAvailability"
    assert "waiting list" in visitor.see(PAGE).text  # to everybody else it is sold out
    visitor.see(f"{link}/order")
    assert visitor.send("/order").status_code == 303
    assert (ticket(small_world, mine).state, product_of(small_world, product).kept) == ("used", 0)


def test_an_offer_that_is_over_says_so_and_how_to_queue_again(small_world: World, visitor: Visitor) -> None:
    product = out_of_stock(small_world, cap=0)
    mine = joins(small_world, product, MIRIAM)
    restocks(small_world, product, 1)
    small_world.tick()
    link = f"/waiting/{token(small_world, mine)}"
    visitor.see(f"{link}/order")
    small_world.advance(hours=24)
    assert visitor.send("/order").status_code == 409
    assert "Your offer has ended" in visitor.page.text
    for address in (link, f"{link}/order"):
        page = visitor.see(address, 410)
        assert "does not come back" in page.text
        assert "Queue again" in page.text


@pytest.mark.parametrize("address", ["/waiting/nonsense", "/waiting/nonsense/order"])
def test_nobody_elses_place_is_there(small_world: World, visitor: Visitor, address: str) -> None:
    small_world.product()
    visitor.see(address, 404)


def test_letters_to_the_list_carry_no_order(small_world: World) -> None:
    product = out_of_stock(small_world, cap=0)
    joins(small_world, product, MIRIAM)
    with small_world.read() as session:
        letter = session.scalars(select(Letter).where(Letter.ticket_id.is_not(None))).one()
        assert letter.order_id is None


def test_a_mail_program_leaves_the_list_from_the_letters_head(small_world: World, visitor: Visitor) -> None:
    mine = joins(small_world, out_of_stock(small_world, cap=0), MIRIAM)
    small_world.tick()
    (letter,) = small_world.sandbox.mail(MIRIAM)
    head = re.fullmatch(r"<(\S+/waiting/\S+/leave)>", letter["list_unsubscribe"].strip())
    assert head
    path = urlsplit(head[1]).path
    assert visitor.open(path).status_code == 303
    assert ticket(small_world, mine).state == "waiting", "nobody leaves by looking"
    for _ in range(2):
        answer = small_world.app.test_client().post(path, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
    assert ticket(small_world, mine).state == "left"


def test_what_was_left_is_not_written_to_though_it_was_owed(small_world: World) -> None:
    product = out_of_stock(small_world, cap=0)
    mine = joins(small_world, product, MIRIAM)
    small_world.orders(small_world.product("another", days=9), MIRIAM)
    small_world.app.test_client().post(f"/waiting/{token(small_world, mine)}/leave")
    small_world.tick()
    (letter,) = small_world.sandbox.mail(MIRIAM)
    assert "Pre-ordered" in letter["subject"], "what is owed to a buyer goes on"
    assert not letter["list_unsubscribe"]


def test_a_queue_whose_date_moves_reads_the_question_first_and_nothing_of_a_charge_at_once(
    small_world: World, visitor: Visitor
) -> None:
    expected, latest = small_world.now + timedelta(days=9), small_world.now + timedelta(days=30)
    product = out_of_stock(small_world, expected_at=expected, latest_at=latest)
    order = queues_up(small_world, product, 1)[0]
    assert "Expected" in visitor.see(order_page(small_world, order)).text
    with small_world.db.write() as session:
        later = Later(small_world.now + timedelta(days=90), "The press is broken.")
        postpone(session, session.get_one(Product, product), later, "creator:1", small_world.now)
    page = visitor.see(order_page(small_world, order)).text.replace("\u00a0", " ")
    assert "We need your yes by" in page
    assert "The press is broken." in page
    promised = visitor.see(f"{order_page(small_world, order)}/promise").text
    assert "Once, when it is your turn" in promised
    assert "When it was ordered" not in promised
    assert ", at the latest" in promised


def kept_for(world: World, **facts: Any) -> tuple[int, int, str]:
    """A product whose one free unit is kept for Miriam: it, her ticket, and the address of that."""
    product = out_of_stock(world, cap=0, **facts)
    mine = joins(world, product, MIRIAM)
    restocks(world, product, 1)
    world.tick()
    return product, mine, f"/waiting/{token(world, mine)}"


def test_a_second_window_leads_to_the_order_that_was_begun_and_later_says_how_it_ended(
    small_world: World, visitor: Visitor
) -> None:
    _, mine, link = kept_for(small_world)
    visitor.see(f"{link}/order")
    second = visitor.page.form("/order").fields
    visitor.send("/order")
    visitor.see(f"{link}/order")
    answer = visitor.post("/p/databases-by-hand/order", data={**second, "nonce": second["nonce"][::-1]})
    assert (answer.status_code, answer.location) == (303, link)
    page = visitor.see(link)
    assert "You have begun to order" in page.text
    assert "link is in your mail" not in page.text
    small_world.advance(minutes=50)
    small_world.tick()
    assert ticket(small_world, mine).state == "used"
    assert "was not finished, and the unit went on" in visitor.see(link, 410).text


def test_a_place_whose_product_has_left_the_shop_says_so_and_claims_no_offer(
    small_world: World, visitor: Visitor
) -> None:
    product = out_of_stock(small_world, cap=0)
    link = f"/waiting/{token(small_world, joins(small_world, product, MIRIAM))}"
    with small_world.db.write() as session:
        session.get_one(Product, product).retired_at = small_world.now
    for _ in range(2):
        page = visitor.see(link, 410)
        assert "has left the shop, and its list is closed" in page.text
        assert "offer" not in page.text
        small_world.tick()


def test_whoever_is_on_the_list_reads_that_the_queue_has_a_place(small_world: World, visitor: Visitor) -> None:
    product = out_of_stock(small_world, cap=1)
    (queued,) = queues_up(small_world, product, 1)
    link = f"/waiting/{token(small_world, joins(small_world, product, MIRIAM))}"
    assert "To the back-order" not in visitor.see(link).text
    small_world.cancels(queued)
    small_world.tick()
    page = visitor.see(link).text
    assert "The queue of back-orders has a place just now" in page
    assert "To the back-order" in page
