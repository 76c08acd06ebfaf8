"""An order's page behind its link: who gets in, what it says, what its buttons do."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from storefront.models.letters import Letter
from storefront.rules.access import fingerprint, token
from storefront.rules.words import NBSP
from tests.support.visitor import Visitor
from tests.support.world import DECLINES_LATER, SECRET_KEY, World

MIRIAM = "miriam@posteo.de"
PATHS = ["", "/cancel", "/promise", "/return"]


def page_of(world: World, order_id: int) -> str:
    order = world.order(order_id)
    return f"/orders/{world.outside.links.token('order', order.id, order.link_generation, order.link_sha256)}"


def words(visitor: Visitor) -> str:
    return visitor.page.text.replace(NBSP, " ")


def letters(world: World, order_id: int) -> list[tuple[str, str]]:
    with world.read() as session:
        rows = session.scalars(select(Letter).where(Letter.order_id == order_id).order_by(Letter.id))
        return [(row.kind, row.recipient) for row in rows]


@pytest.mark.parametrize("path", PATHS)
def test_an_unknown_link_is_answered_like_any_other_unknown_page(small_world: World, path: str) -> None:
    order_id = small_world.orders(small_world.product())
    number = small_world.order(order_id).number
    stranger = Visitor.of(small_world.app)
    answers = {
        stranger.get(f"/orders/{guess}{path}").text
        for guess in (
            "A" * 32,
            number,
            str(order_id),
            "x",
            token("another-key", "order", order_id, 1),
            token(SECRET_KEY, "access", order_id, 1),
            token(SECRET_KEY, "order", order_id, 2),
            fingerprint("x"),
            small_world.order(order_id).link_sha256,
            "%00",
            "%F0%9F%8D%95",
        )
    }
    answers.add(stranger.get(f"/access/{'A' * 32}").text)
    answers.add(stranger.get("/nothing/here").text)
    assert len(answers) == 1, "the same words for all, whatever was guessed"
    assert stranger.get(f"/orders/{'A' * 32}{path}").status_code == 404
    assert number not in answers.pop()


@pytest.mark.parametrize("path", ["/visit", "/cancel", "/address", "/fresh-link"])
def test_unknown_links_cannot_be_posted_to_either(small_world: World, path: str) -> None:
    small_world.product()
    stranger = Visitor.of(small_world.app)
    fields = stranger.see("/p/databases-by-hand").form("/order").fields
    assert stranger.post(f"/orders/{'A' * 32}{path}", data=fields).status_code == 404
    assert stranger.post(f"/access/{'A' * 32}", data=fields).status_code == 404
    assert stranger.post(f"/access/{'A' * 32}/fresh-link", data=fields).status_code == 404


def test_a_held_order_says_what_happens_when_and_offers_the_calendar(small_world: World, visitor: Visitor) -> None:
    order_id = small_world.orders(small_world.product())
    visitor.see(page_of(small_world, order_id))
    assert "19 € are set aside on your card." in words(visitor)
    assert "19.00 €, fixed" in words(visitor)
    assert visitor.get("/p/databases-by-hand/day.ics").mimetype == "text/calendar"
    visitor.see(page_of(small_world, order_id) + "/promise")
    assert "19" in words(visitor)


def test_a_buyer_cancels_from_the_page_and_reads_what_became_of_the_money(small_world: World, visitor: Visitor) -> None:
    product = small_world.product()
    order_id = small_world.orders(product)
    visitor.see(page_of(small_world, order_id) + "/cancel")
    visitor.follow(visitor.send("/cancel"))
    small_world.tick()
    visitor.see(page_of(small_world, order_id))
    assert "Cancelled. Nothing was charged, the card is forgotten." in words(visitor)
    assert small_world.units(product) == (0, 0)
    again = visitor.get(page_of(small_world, order_id) + "/cancel")
    assert again.status_code == 303, "there is nothing left to cancel"


def test_a_cancellation_while_stripe_is_silent_is_noted_and_goes_on_by_itself(
    small_world: World, visitor: Visitor
) -> None:
    order_id = small_world.places(small_world.product())
    small_world.visits(order_id)
    small_world.sandbox.control("faults", kind="error_500", match="GET /v1/checkout/sessions/*", count=1)
    visitor.see(page_of(small_world, order_id) + "/cancel")
    visitor.follow(visitor.send("/cancel"))
    assert "Stripe does not answer just now" in words(visitor)
    small_world.tick()
    assert small_world.state(order_id) == "cancelled"


def test_a_card_that_failed_is_repaired_from_the_page(small_world: World, visitor: Visitor) -> None:
    order_id = small_world.orders(small_world.product(days=40), card=DECLINES_LATER)
    small_world.advance(days=38)
    small_world.tick()
    visitor.see(page_of(small_world, order_id))
    assert "Your bank said no. Nothing was charged." in words(visitor)
    away = visitor.send("/visit").headers["Location"]
    back = small_world.pays(away).headers["Location"]
    visitor.follow(visitor.get(back))
    assert "19 € are set aside on your card." in words(visitor)
    assert small_world.state(order_id) == "held"


def test_a_mistyped_address_is_corrected_both_are_told_and_the_older_link_dies(
    small_world: World, visitor: Visitor
) -> None:
    order_id = small_world.orders(small_world.product(), "miriam@posteo.dd")
    small_world.tick()
    old = page_of(small_world, order_id)
    visitor.see(old)
    visitor.follow(visitor.send("/address", email=MIRIAM))
    assert "Corrected." in words(visitor)
    assert visitor.get(old).status_code == 404
    assert page_of(small_world, order_id) != old
    assert letters(small_world, order_id)[1:] == [("address_old", "miriam@posteo.dd"), ("address_new", MIRIAM)]
    small_world.tick()
    told = small_world.sandbox.mail("miriam@posteo.dd")[-1]
    assert "/orders/" not in told["text"] + told["html"], "the wrong person gets no link"
    assert MIRIAM not in told["text"] + told["html"]
    assert page_of(small_world, order_id) in small_world.sandbox.mail(MIRIAM)[-1]["text"]


@pytest.mark.parametrize("email", ["", "nobody", "@x.de", "a b@posteo.de", "a@posteo.de\r\nBcc: b@x.de"])
def test_a_bad_correction_comes_back_with_its_fault(small_world: World, visitor: Visitor, email: str) -> None:
    order_id = small_world.orders(small_world.product())
    here = page_of(small_world, order_id)
    visitor.see(here)
    assert visitor.send("/address", email=email).status_code == 422
    assert small_world.order(order_id).email == MIRIAM
    assert page_of(small_world, order_id) == here


def test_an_address_is_corrected_three_times_an_hour_and_not_to_what_it_is(
    small_world: World, visitor: Visitor
) -> None:
    order_id = small_world.orders(small_world.product())
    visitor.see(page_of(small_world, order_id))
    assert visitor.send("/address", email=MIRIAM).status_code == 422
    for number in range(3):
        visitor.follow(visitor.send("/address", email=f"m{number}@posteo.de"))
    assert visitor.send("/address", email="m4@posteo.de").status_code == 422
    assert "three times in this hour" in words(visitor)
    assert small_world.order(order_id).email == "m2@posteo.de"
    small_world.now += timedelta(minutes=61)
    visitor.follow(visitor.send("/address", email="m5@posteo.de"))
    assert small_world.order(order_id).email == "m5@posteo.de"


def test_after_the_launch_an_address_is_corrected_no_more(small_world: World, visitor: Visitor) -> None:
    order_id = small_world.orders(small_world.product())
    page = visitor.see(page_of(small_world, order_id))
    small_world.advance(days=3)
    small_world.tick()
    visitor.send("/address", page=page, email="thief@posteo.de")
    assert small_world.order(order_id).email == MIRIAM


def test_an_open_visit_of_a_corrected_order_ends_for_its_return_address_is_dead(
    small_world: World, visitor: Visitor
) -> None:
    order_id = small_world.orders(small_world.product(days=40), card=DECLINES_LATER)
    small_world.advance(days=38)
    small_world.tick()
    visitor.see(page_of(small_world, order_id))
    away = visitor.send("/visit").headers["Location"]
    visitor.see(page_of(small_world, order_id))
    visitor.follow(visitor.send("/address", email="new@posteo.de"))
    small_world.tick()
    assert small_world.order(order_id).checkouts[-1].closed_at is not None
    again = visitor.send("/visit").headers["Location"]
    assert again != away


def test_no_page_of_an_order_travels_or_is_kept(small_world: World, visitor: Visitor) -> None:
    order_id = small_world.orders(small_world.product())
    for path in ("", "/cancel", "/promise"):
        answer = visitor.get(page_of(small_world, order_id) + path)
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
