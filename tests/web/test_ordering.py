"""The one form: what is typed, what changed meanwhile, what is sent twice."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from storefront.actions import giving_up
from storefront.actions.checking import check
from storefront.models.orders import Order
from storefront.models.products import Launch, Product
from storefront.rules.words import NBSP
from tests.support.visitor import Page, Visitor
from tests.support.world import ASKS_ALWAYS, DECLINED, World

PAGE = "/p/databases-by-hand"
MIRIAM = "miriam@posteo.de"


def count(world: World) -> int:
    with world.read() as session:
        return session.scalar(select(func.count(Order.id))) or 0


def only_order(world: World) -> Order:
    with world.read() as session:
        return world.order(session.scalars(select(Order.id)).one())


def link(world: World, order: Order) -> str:
    return world.outside.links.order(order.id, order.link_generation, order.link_sha256).removeprefix(
        world.outside.links.base_url
    )


def typed(page: Page) -> tuple[str, str]:
    """What the form holds: address and nonce."""
    fields = page.form("/order").fields
    return fields["email"], fields["nonce"]


def test_a_pre_order_goes_from_the_form_to_stripe_and_back_to_its_page(small_world: World, visitor: Visitor) -> None:
    small_world.product()
    page = visitor.see(PAGE)
    assert page.structured["offers"]["availability"] == "https://schema.org/PreOrder"
    assert page.structured["offers"]["price"] == "19"
    away = visitor.send("/order", email=MIRIAM, consent="1")
    assert away.status_code == 303
    assert away.headers["Location"].startswith(small_world.sandbox.url)
    back = small_world.pays(away.headers["Location"]).headers["Location"]
    assert re.fullmatch(r"http://127.0.0.1:8000/orders/[\w-]{32}/return", back)
    page = visitor.follow(visitor.get(back))
    assert f"19{NBSP}€ are set aside on your card." in page.text.replace("19 €", f"19{NBSP}€")
    assert only_order(small_world).state == "held"


@pytest.mark.parametrize(
    ("email", "said"),
    [
        ("", "Write your e-mail address"),
        ("   ", "Write your e-mail address"),
        ("miriam", "An address has an @ in it"),
        ("@posteo.de", "The part before the @ is missing"),
        ("miriam@posteo", "needs an ending"),
        ("mir iam@posteo.de", "Look for a blank or a comma"),
        ("a@posteo.de, b@posteo.de", "Look for a blank or a comma"),
        ("a@posteo.de\nBcc: b@posteo.de", "Look for a blank or a comma"),
        ("Miriam <miriam@posteo.de>", "Look for a blank or a comma"),
        ("x" * 250 + "@posteo.de", "longer than an address can be"),
    ],
)
def test_a_bad_address_comes_back_with_its_fault_and_orders_nothing(
    small_world: World, visitor: Visitor, email: str, said: str
) -> None:
    small_world.product()
    nonce = typed(visitor.see(PAGE))[1]
    answer = visitor.send("/order", email=email, consent="1")
    assert answer.status_code == 422
    assert said in visitor.page.text
    assert typed(visitor.page)[1] == nonce, "sending it again is still sending it once"
    assert visitor.page.form("/order").fields["consent"], "the tick stays too"
    assert count(small_world) == 0


def test_without_the_consent_nothing_is_ordered_and_the_address_stays(small_world: World, visitor: Visitor) -> None:
    small_world.product()
    visitor.see(PAGE)
    answer = visitor.send("/order", email=MIRIAM)
    assert answer.status_code == 422
    assert "Tick this box" in visitor.page.text
    assert typed(visitor.page)[0] == MIRIAM
    assert count(small_world) == 0


def test_a_tier_that_went_between_page_and_form_names_the_new_price_and_keeps_what_was_typed(
    small_world: World, visitor: Visitor
) -> None:
    product = small_world.product(units=1)
    nonce = typed(visitor.see(PAGE))[1]
    small_world.places(product, "faster@posteo.de")
    answer = visitor.send("/order", email=MIRIAM, consent="1")
    assert answer.status_code == 409
    said = visitor.page.text.replace(NBSP, " ")
    assert "The price changed while you were here" in said
    assert "The offer at 19 € has ended. It is 29 € now." in said
    assert typed(visitor.page) == (MIRIAM, nonce)
    assert "consent" not in visitor.page.form("/order").fields, "a new price needs a new yes"
    assert count(small_world) == 1
    away = visitor.send("/order", consent="1")
    assert away.status_code == 303
    assert count(small_world) == 2


def test_a_tier_that_ended_by_time_is_told_the_same_way(small_world: World, visitor: Visitor) -> None:
    product = small_world.product()
    with small_world.db.write() as session:
        session.get_one(Product, product).offers[0].until = small_world.now + timedelta(minutes=1)
    assert "19 €" in visitor.see(PAGE).text.replace(NBSP, " ")
    small_world.advance(minutes=1)
    answer = visitor.send("/order", email=MIRIAM, consent="1")
    assert answer.status_code == 409
    assert "It is 29 € now" in visitor.page.text.replace(NBSP, " ")


@pytest.mark.parametrize("offer", ["0", "-1", "999999", "9999999999999", "x", "1.5", "²", "-"])
def test_an_offer_that_is_not_ours_is_answered_with_the_one_that_holds(
    small_world: World, visitor: Visitor, offer: str
) -> None:
    small_world.product()
    visitor.see(PAGE)
    answer = visitor.send("/order", email=MIRIAM, consent="1", offer_id=offer)
    assert answer.status_code == 409
    assert "It is 19 € now" in visitor.page.text.replace(NBSP, " ")
    assert count(small_world) == 0


def test_the_price_is_the_shops_whatever_else_the_form_says(small_world: World, visitor: Visitor) -> None:
    small_world.product()
    visitor.see(PAGE)
    visitor.send("/order", email=MIRIAM, consent="1", price="1", currency="JPY", units="-5", state="paid")
    order = only_order(small_world)
    assert (order.price, order.currency, order.state) == (1900, "EUR", "placed")


def test_the_last_one_that_went_meanwhile_is_told_and_the_button_is_off(small_world: World, visitor: Visitor) -> None:
    product = small_world.product(stock=1)
    visitor.see(PAGE)
    small_world.places(product, "faster@posteo.de")
    answer = visitor.send("/order", email=MIRIAM, consent="1")
    assert answer.status_code == 409
    assert "The last one went while you were here" in visitor.page.text
    assert "Put me on the waiting list" in visitor.page.html
    assert typed_in_ended(visitor.page) == MIRIAM
    assert count(small_world) == 1
    assert visitor.see(PAGE).structured["offers"]["availability"] == "https://schema.org/SoldOut"


def typed_in_ended(page: Page) -> str:
    """The address in the form of a product that is sold out, which leads nowhere."""
    return next(form.fields["email"] for form in page.forms if "email" in form.fields)


def test_a_product_that_came_out_meanwhile_is_sold_at_its_new_price(small_world: World, visitor: Visitor) -> None:
    small_world.product(days=1)
    visitor.see(PAGE)
    small_world.advance(days=1)
    small_world.tick()
    answer = visitor.send("/order", email=MIRIAM, consent="1")
    assert answer.status_code == 409
    assert "It is 29 € now" in visitor.page.text.replace(NBSP, " ")


def test_the_form_sent_twice_is_one_order_and_the_same_session(small_world: World, visitor: Visitor) -> None:
    small_world.product()
    page = visitor.see(PAGE)
    first = visitor.send("/order", page=page, email=MIRIAM, consent="1")
    second = visitor.send("/order", page=page, email=MIRIAM, consent="1")
    assert first.headers["Location"] == second.headers["Location"]
    assert count(small_world) == 1
    assert len(small_world.sandbox.calls("/v1/checkout/sessions")) == 1


def test_two_tabs_are_two_orders_and_the_page_of_the_second_says_so(small_world: World, visitor: Visitor) -> None:
    small_world.product()
    one, other = visitor.see(PAGE), visitor.see(PAGE)
    first = visitor.send("/order", page=one, email=MIRIAM, consent="1")
    visitor.follow(visitor.get(small_world.pays(first.headers["Location"]).headers["Location"]))
    second = visitor.send("/order", page=other, email=MIRIAM, consent="1")
    assert first.headers["Location"] != second.headers["Location"]
    back = small_world.pays(second.headers["Location"]).headers["Location"]
    page = visitor.follow(visitor.get(back))
    assert "You have another order for this" in page.text
    assert count(small_world) == 2
    stranger = Visitor.of(small_world.app)
    assert "another order" not in stranger.see(back.removesuffix("/return")).text


def test_the_back_button_after_paying_leads_to_the_order_and_pays_nothing_twice(
    small_world: World, visitor: Visitor
) -> None:
    small_world.product()
    page = visitor.see(PAGE)
    away = visitor.send("/order", page=page, email=MIRIAM, consent="1").headers["Location"]
    visitor.get(small_world.pays(away).headers["Location"])
    again = visitor.send("/order", page=page, email=MIRIAM, consent="1")
    assert "/orders/" in again.headers["Location"]
    assert "set aside on your card" in visitor.follow(again).text
    assert count(small_world) == 1
    order = only_order(small_world)
    assert len(order.checkouts) == 1
    assert len(small_world.at_stripe(f"payment_intents?customer={order.customer}")["data"]) == 1


def test_the_back_button_from_stripe_before_paying_offers_to_go_on(small_world: World, visitor: Visitor) -> None:
    small_world.product()
    visitor.see(PAGE)
    away = visitor.send("/order", email=MIRIAM, consent="1").headers["Location"]
    page = visitor.see(link(small_world, only_order(small_world)))
    assert "One step is missing" in page.text
    assert visitor.send("/visit").headers["Location"] == away


def test_an_address_mended_on_the_way_back_from_stripe_is_the_one_that_counts(
    small_world: World, visitor: Visitor
) -> None:
    small_world.product()
    page = visitor.see(PAGE)
    first = visitor.send("/order", page=page, email="miriam@posteo.dd", consent="1")
    second = visitor.send("/order", page=page, email=MIRIAM, consent="1")
    assert first.headers["Location"] == second.headers["Location"]
    assert only_order(small_world).email == MIRIAM
    visitor.get(small_world.pays(second.headers["Location"]).headers["Location"])
    visitor.send("/order", page=page, email="late@posteo.de", consent="1")
    assert only_order(small_world).email == MIRIAM, "a secured order is corrected on its page, where both are told"
    small_world.tick()
    assert [each["to"] for each in small_world.sandbox.mail()] == [MIRIAM]


def test_a_declined_card_leaves_the_order_open_and_another_card_secures_it(
    small_world: World, visitor: Visitor
) -> None:
    small_world.product()
    visitor.see(PAGE)
    away = visitor.send("/order", email=MIRIAM, consent="1").headers["Location"]
    assert "Location" not in small_world.pays(away, DECLINED).headers
    here = link(small_world, only_order(small_world))
    assert "Confirming" in visitor.follow(visitor.get(f"{here}/return")).text
    back = small_world.pays(away).headers["Location"]
    assert "set aside" in visitor.follow(visitor.get(back)).text


def test_an_abandoned_3d_secure_step_and_an_expired_session_end_with_the_unit_back(
    small_world: World, visitor: Visitor
) -> None:
    product = small_world.product()
    visitor.see(PAGE)
    away = visitor.send("/order", email=MIRIAM, consent="1").headers["Location"]
    small_world.pays(away, ASKS_ALWAYS, authenticate=False)
    order = only_order(small_world)
    assert "One step is missing" in visitor.see(link(small_world, order)).text
    small_world.advance(minutes=46)
    assert "We are asking Stripe" in visitor.see(link(small_world, order)).text
    small_world.tick()
    assert "ended before a card was given" in visitor.see(link(small_world, order)).text
    assert small_world.units(product) == (0, 0)
    assert small_world.letters(order.id) == []


def test_a_session_completed_after_its_order_was_cancelled_gives_everything_back(
    small_world: World, visitor: Visitor
) -> None:
    product = small_world.product()
    visitor.see(PAGE)
    away = visitor.send("/order", email=MIRIAM, consent="1").headers["Location"]
    order = only_order(small_world)
    back = small_world.pays(away).headers["Location"]
    page = visitor.see(f"{link(small_world, order)}/cancel")
    assert "Location" in visitor.send("/cancel", page=page).headers
    visitor.get(back)
    small_world.tick()
    assert small_world.state(order.id) == "cancelled"
    assert small_world.units(product) == (0, 0)
    intents = small_world.at_stripe(f"payment_intents?customer={small_world.order(order.id).customer}")["data"]
    assert [each["status"] for each in intents] == ["canceled"]
    with small_world.read() as session:
        assert check(session, small_world.now) == []


def test_a_sixth_open_checkout_of_an_address_is_refused_in_words(small_world: World, visitor: Visitor) -> None:
    product = small_world.product()
    for _ in range(5):
        small_world.places(product, MIRIAM)
    visitor.see(PAGE)
    answer = visitor.send("/order", email=MIRIAM, consent="1")
    assert answer.status_code == 429
    assert "5 visits to Stripe are open already" in visitor.page.text
    assert typed(visitor.page)[0] == MIRIAM
    assert visitor.send("/order", email="other@posteo.de", consent="1").status_code == 303


def test_a_twenty_first_open_checkout_of_a_place_is_refused_in_words(small_world: World, visitor: Visitor) -> None:
    small_world.product()
    for number in range(20):
        visitor.see(PAGE)
        assert visitor.send("/order", email=f"p{number}@posteo.de", consent="1").status_code == 303
    visitor.see(PAGE)
    answer = visitor.send("/order", email=MIRIAM, consent="1")
    assert answer.status_code == 429
    assert "20 visits to Stripe are open already" in visitor.page.text
    elsewhere = visitor.page.form("/order").fields | {"consent": "1"}
    there = visitor.post(f"{PAGE}/order", data=elsewhere, environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert there.status_code == 303


def test_thirty_forms_a_minute_are_enough_for_anybody(small_world: World, visitor: Visitor) -> None:
    small_world.product()
    page = visitor.see(PAGE)
    for _ in range(30):
        visitor.send("/order", page=page, email="", consent="1")
    assert visitor.send("/order", page=page, email="", consent="1").status_code == 429
    assert "A little slower" in visitor.page.text


def test_a_silent_stripe_leads_to_the_orders_page_where_the_same_button_waits(
    small_world: World, visitor: Visitor
) -> None:
    small_world.product()
    small_world.sandbox.control("faults", kind="timeout_after_commit", match="POST /v1/customers")
    visitor.see(PAGE)
    page = visitor.follow(visitor.send("/order", email=MIRIAM, consent="1"))
    assert "One step is missing" in page.text
    small_world.advance(seconds=130)
    small_world.tick()
    assert visitor.send("/visit").headers["Location"].startswith(small_world.sandbox.url)


def test_an_unknown_product_cannot_be_ordered(small_world: World, visitor: Visitor) -> None:
    small_world.product()
    fields = visitor.see(PAGE).form("/order").fields
    assert visitor.post("/p/no-such-thing/order", data=fields | {"email": MIRIAM}).status_code == 404
    assert visitor.get("/p/no-such-thing").status_code == 404
    assert visitor.get("/p/../../etc/passwd").status_code == 404


def test_what_has_no_day_yet_says_so_and_is_not_sold(small_world: World, visitor: Visitor) -> None:
    product = small_world.product()
    visitor.see(PAGE)
    with small_world.db.write() as session:
        session.execute(update(Launch).where(Launch.product_id == product).values(at=None))
    answer = visitor.send("/order", email=MIRIAM, consent="1")
    assert answer.status_code == 409
    assert "It has no day yet" in visitor.see(PAGE).text
    assert count(small_world) == 0


def test_a_product_that_was_given_up_says_so_also_to_whoever_has_its_form_open(
    small_world: World, visitor: Visitor
) -> None:
    product = small_world.product(days=30)
    visitor.see(PAGE)
    with small_world.db.write() as session:
        found = session.get_one(Product, product)
        assert giving_up.give_up(session, found, who="creator:1", reason="Lost.", now=small_world.now) is None
    answer = visitor.send("/order", email=MIRIAM, consent="1")
    assert answer.status_code == 410
    for page in (visitor.page, visitor.see(PAGE, 410), visitor.see(f"{PAGE}/news", 410)):
        assert "Databases by Hand has been cancelled." in page.text
        assert "nobody is charged any more" in page.text
    assert count(small_world) == 0
    visitor.see("/p/never-there", 404)
