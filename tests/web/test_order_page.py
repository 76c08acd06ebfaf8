"""An order's page behind its link: who gets in, what it says, what its buttons do."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from storefront.actions.opening import note_opened
from storefront.models.grants import Grant
from storefront.models.letters import Letter
from storefront.outside import stripe_gateway
from storefront.outside.stripe_gateway import StripeGateway
from storefront.rules.access import fingerprint, token
from storefront.rules.words import NBSP
from tests.support.letters import (
    buys,
    card_expiring,
    disputes,
    fails,
    letter,
    past_due,
    refund_failed,
    refunds_part,
)
from tests.support.visitor import Visitor
from tests.support.world import BASE_URL, DECLINES_LATER, KEY, MASTERCARD, SECRET_KEY, World

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
    assert 'every="2"' in visitor.page.html, "the page follows by itself"
    small_world.tick()
    assert small_world.state(order_id) == "cancelled"


def test_whoever_comes_back_while_stripe_is_slow_waits_three_seconds_and_the_page_looks_again(
    small_world: World, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = small_world
    order_id = world.places(world.product())
    back = world.pays(world.visits(order_id)).headers["Location"]
    monkeypatch.setattr(stripe_gateway, "BRISK", 0.2)
    slow = StripeGateway(KEY, world.sandbox.url, "whsec_1", 0)
    shop = world.app.extensions["shop"]
    monkeypatch.setitem(world.app.extensions, "shop", replace(shop, outside=replace(world.outside, stripe=slow)))
    world.sandbox.control("faults", kind="slow", match="GET /v1/checkout/sessions/*", count=1, hang=1)
    before = len(world.sandbox.calls(""))
    visitor.follow(visitor.get(back))
    assert len(world.sandbox.calls("")) - before <= 1, "nobody waits for a second try"
    assert "Confirming with Stripe …" in words(visitor)
    assert 'every="2"' in visitor.page.html
    world.settles(order_id)  # as its webhook does
    visitor.see(page_of(world, order_id))
    assert "19 € are set aside on your card." in words(visitor)
    assert "every=" not in visitor.page.html


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


def names(visitor: Visitor) -> list[str]:
    """Where the page's forms post to."""
    posts = [form.action.rsplit("/", 1)[-1] for form in visitor.page.forms if form.method == "post"]
    return [each for each in posts if each != "ask#ask"]  # a question is always welcome


def test_a_saved_card_is_changed_from_the_page_in_two_clicks(small_world: World, visitor: Visitor) -> None:
    order_id = small_world.orders(small_world.product(days=40))
    before = small_world.order(order_id).payment_method
    visitor.see(page_of(small_world, order_id))
    assert "Use another card" in words(visitor)
    away = visitor.send("/visit").headers["Location"]
    back = small_world.pays(away, MASTERCARD).headers["Location"]
    visitor.follow(visitor.get(back))
    assert "Mastercard ending 4444" in words(visitor)
    assert "Your card is saved." in words(visitor)
    assert small_world.order(order_id).payment_method != before
    small_world.advance(days=38)
    small_world.tick()
    visitor.see(page_of(small_world, order_id))
    assert "Use another card" not in words(visitor), "a hold is there"


def test_a_card_that_ends_before_the_day_is_asked_for_first(small_world: World, visitor: Visitor) -> None:
    card_expiring(small_world)
    order_id = letter(small_world, "card_expiring").order_id
    visitor.see(page_of(small_world, order_id))
    assert "before the day. Use another one by" in words(visitor)
    assert words(visitor).index("Use another card") < words(visitor).index("to my calendar")


def test_a_letter_of_a_declined_card_is_two_clicks_from_stripe(small_world: World, visitor: Visitor) -> None:
    past_due(small_world)
    small_world.posts()
    text = small_world.sandbox.mail(MIRIAM)[-1]["text"]
    link = next(line for line in text.splitlines() if "/orders/" in line)
    visitor.see(link.removeprefix(BASE_URL))
    assert "We ask your bank once more on" in words(visitor)
    assert "/c/" in visitor.send("/visit").headers["Location"]


def test_a_bank_that_asks_its_holder_is_confirmed_or_another_card_used(small_world: World, visitor: Visitor) -> None:
    order_id = small_world.orders(small_world.product())
    fails(small_world, order_id, "authentication_required")
    visitor.see(page_of(small_world, order_id))
    assert "Confirm with my bank" in words(visitor)
    assert "Use another card" in words(visitor)
    assert names(visitor).count("visit") == 2


def test_what_was_never_opened_is_withdrawn_in_two_steps_and_confirmed_by_letter(
    small_world: World, visitor: Visitor
) -> None:
    order_id = buys(small_world)
    here = page_of(small_world, order_id)
    visitor.see(here)
    assert "Withdraw and get everything back" in words(visitor)
    visitor.see(here + "/cancel")
    assert "Withdraw from your order of Databases by Hand?" in words(visitor)
    assert "All 29 € go back" in words(visitor)
    assert small_world.state(order_id) == "paid", "looking changes nothing"
    visitor.follow(visitor.send("/cancel"))
    assert small_world.state(order_id) == "refunded"
    assert "Cancelled. 29 € go back to your card." in words(visitor)
    small_world.posts()
    told = small_world.sandbox.mail(MIRIAM)[-1]["text"]
    assert "You withdrew" in told
    assert "in Berlin" in told, "with the day and the time"
    assert small_world.order(order_id).cancel_why == "withdrawn by the buyer"


def test_a_launched_pre_order_is_withdrawn_too(small_world: World, visitor: Visitor) -> None:
    order_id = small_world.orders(small_world.product(days=3))
    small_world.advance(days=3)
    small_world.tick()
    visitor.see(page_of(small_world, order_id) + "/cancel")
    visitor.follow(visitor.send("/cancel"))
    assert small_world.state(order_id) == "refunded"


def test_what_was_opened_or_is_older_than_fourteen_days_is_the_creators_to_give_back(
    small_world: World, visitor: Visitor
) -> None:
    old, opened = buys(small_world), small_world.orders(small_world.product("another", days=None))
    with small_world.db.write() as session:
        grant = session.scalars(select(Grant).where(Grant.order_id == opened)).one()
        assert note_opened(session, grant, "lesson read: One", small_world.now)
    form = visitor.see(page_of(small_world, old) + "/cancel")
    small_world.advance(days=15, hours=1)
    for order_id, why in ((old, "The 14 days to withdraw are over."), (opened, "You have opened it.")):
        here = page_of(small_world, order_id)
        visitor.see(here)
        assert visitor.page.links.count(f"{here}/cancel") == 0
        assert why in words(visitor)
        assert visitor.get(f"{here}/cancel").status_code == 303
        assert visitor.send("/cancel", page=form, url=f"{here}/cancel").status_code == 303
        assert small_world.state(order_id) == "paid", "a form that was kept open changes nothing"


def test_a_part_that_went_back_is_told_with_its_day(small_world: World, visitor: Visitor) -> None:
    order_id = buys(small_world)
    refunds_part(small_world, order_id)
    visitor.see(page_of(small_world, order_id))
    assert "You paid 29 €. 5.00 € of it go back to you." in words(visitor)
    assert "Back to you 5.00 €, sent to your card on" in words(visitor)
    assert "Mail me a fresh link" in words(visitor), "access stays"
    for _ in range(3):
        refunds_part(small_world, order_id, 100)
    visitor.see(page_of(small_world, order_id))
    assert "Back in all 8.00 €" in words(visitor)


def test_money_that_did_not_arrive_is_owned_up_to(small_world: World, visitor: Visitor) -> None:
    refund_failed(small_world)
    visitor.see(page_of(small_world, letter(small_world, "refund_failed").order_id))
    assert "Cancelled. 29 € did not reach your card." in words(visitor)
    assert "We find another way to pay you" in words(visitor)


def test_a_disputed_order_says_that_access_is_paused_and_offers_nothing(small_world: World, visitor: Visitor) -> None:
    order_id = buys(small_world)
    disputes(small_world, order_id)
    here = page_of(small_world, order_id)
    visitor.see(here)
    assert "Your bank asks for this payment back. Your access is paused until it has decided." in words(visitor)
    assert set(names(visitor)) <= {"read"}, "letters can be read"
    assert visitor.get(f"{here}/cancel").status_code == 303
    disputes(small_world, order_id, "won")
    visitor.see(here)
    assert "The course is open." in words(visitor)
    disputes(small_world, order_id, "appeal_under_review")
    disputes(small_world, order_id, "lost")
    visitor.see(here)
    assert "Your bank has given you the money back" in words(visitor)
    for status in ("appeal_under_review", "won"):
        disputes(small_world, order_id, status)
        visitor.see(here)
        assert "Your access to the course has ended: your bank had decided the claim for you." in words(visitor)
        assert "on its way" not in words(visitor)


def test_a_card_can_be_changed_while_there_is_no_day(small_world: World, visitor: Visitor) -> None:
    product = small_world.product(days=40)
    order_id = small_world.orders(product)
    assert small_world.moves(product, None) is None
    visitor.see(page_of(small_world, order_id))
    assert "Use another card" in words(visitor)
    small_world.pays(small_world.visits(order_id), MASTERCARD)
    small_world.settles(order_id)
    assert small_world.order(order_id).card.startswith("Mastercard")
    assert small_world.state(order_id) == "reserved"
