"""The policy's pages and versions, the withdrawal without a letter, and the waiver at first access."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from storefront.actions import importing, policing
from storefront.models.policies import Policy
from storefront.models.products import Product
from storefront.rules import policy as rule
from storefront.rules.policy import Terms
from storefront.web.context import Shop
from tests.support.visitor import Visitor
from tests.support.world import World
from tests.web.test_access import bought, link, order_page
from tests.web.test_library import COURSE, product_id

MIRIAM = "miriam@posteo.de"
PAGE = "/p/databases-by-hand"


@pytest.fixture
def shelved(small_world: World) -> World:
    """The sample catalogue; its course is out."""
    content = Path(__file__).resolve().parents[2] / "content"
    assert not importing.run(small_world.db, small_world.outside.shelf, content, small_world.now, print).problems
    return small_world


def test_the_policy_of_the_shop_and_of_a_product_have_a_version(small_world: World, visitor: Visitor) -> None:
    small_world.product()
    for path in ("/policy", f"{PAGE}/policy"):
        page = visitor.see(path)
        assert "Who may cancel, and when" in page.text
        assert "Version " in page.text
    assert f"{PAGE}/policy" in visitor.see(PAGE).links
    assert visitor.get("/policy/nothing").status_code == 404
    assert visitor.get("/p/nothing/policy").status_code == 404


def test_an_order_keeps_the_version_it_agreed_to_and_it_stays_readable(small_world: World, visitor: Visitor) -> None:
    order_id = small_world.orders(small_world.product())
    first = small_world.order(order_id).promise.policy_version
    assert f"Policy, version {first}" in small_world.order(order_id).promise.policy
    shop: Shop = small_world.app.extensions["shop"]
    outside = replace(shop.outside, terms=Terms(30))
    small_world.app.extensions["shop"] = replace(shop, outside=outside)
    small_world.advance(hours=1)
    assert policing.keep_due(outside, small_world.db, small_world.now) == 2
    assert policing.keep_due(outside, small_world.db, small_world.now) == 0
    page = visitor.see(f"{PAGE}/policy")
    assert "withdraw within 30 days" in page.text
    assert f"/policy/{first}" in page.links
    visitor.see(order_page(small_world, order_id) + "/promise")
    assert f"/policy/{first}" in visitor.page.links
    old = visitor.see(f"/policy/{first}")
    assert "withdraw within 14 days" in old.text
    assert "This is an earlier version" in old.text


def test_who_was_promised_more_days_keeps_them(small_world: World, visitor: Visitor) -> None:
    order_id = bought(small_world)
    with small_world.db.write() as session:
        promise = session.get_one(type(small_world.order(order_id).promise), small_world.order(order_id).promise.id)
        promise.withdraw_days = 30
    small_world.advance(days=29)
    visitor.see(order_page(small_world, order_id))
    assert "Withdraw from contract here" in visitor.page.text
    assert f"{order_page(small_world, order_id)}/cancel" in visitor.page.links


def test_a_product_that_is_out_says_nothing_of_delays(small_world: World, visitor: Visitor) -> None:
    small_world.product(days=None)
    page = visitor.see(PAGE)
    short = page.text.split("The policy, in short")[1].split("The whole policy")[0]
    assert "delay" not in short
    assert "withdraw within 14 days" in short


def test_a_withdrawal_takes_two_steps_needs_no_sign_in_and_is_acknowledged_at_once(
    small_world: World, visitor: Visitor
) -> None:
    order_id = bought(small_world)
    letter = small_world.sandbox.mail(MIRIAM)[-1]
    page = order_page(small_world, order_id)
    assert f"Withdraw from contract here:\nhttp://127.0.0.1:8000{page}/cancel" in letter["text"].replace("\r", "")
    visitor.see(f"{page}/cancel")
    assert "Confirm withdrawal" in visitor.page.text
    assert small_world.state(order_id) == "paid"
    visitor.send("/cancel")
    assert small_world.state(order_id) == "refunded"
    assert small_world.letters(order_id)[-2:] == ["withdrawn", "refunded"]
    small_world.posts()
    told = next(each for each in small_world.sandbox.mail(MIRIAM) if "withdrawal has arrived" in each["subject"])
    assert "I withdraw from the contract for Databases by Hand" in " ".join(told["text"].split())
    assert str(small_world.now.year) in told["text"]


def test_it_is_acknowledged_also_where_stripe_is_silent(small_world: World, visitor: Visitor) -> None:
    order_id = bought(small_world)
    visitor.see(order_page(small_world, order_id) + "/cancel")
    small_world.sandbox.control("faults", kind="error_500", match="POST /v1/refunds", count=-1)
    visitor.send("/cancel")
    assert "withdrawn" in small_world.letters(order_id)


def test_without_a_letter_the_orders_page_is_mailed_and_nobody_learns_who_ordered(
    small_world: World, visitor: Visitor
) -> None:
    order_id = bought(small_world)
    assert "/withdraw" in visitor.see("/").links
    answers = []
    for email in ("Miriam@Posteo.de", "nobody@posteo.de"):
        visitor.see("/withdraw")
        answer = visitor.send("/withdraw", email=email)
        assert answer.status_code == 200
        answers.append(answer.text.replace(email, "").replace(email.lower(), ""))
    scrubbed = [each.split("<main")[1] for each in answers]
    assert scrubbed[0].replace("Miriam@posteo.de", "") == scrubbed[1]
    small_world.posts()
    (told,) = [each for each in small_world.sandbox.mail(MIRIAM) if each["subject"] == "Your order: Databases by Hand"]
    assert order_page(small_world, order_id) in told["text"]
    for _ in range(4):
        visitor.see("/withdraw")
        visitor.send("/withdraw", email=MIRIAM)
    assert small_world.letters(order_id).count("order_link") == 3, "three an hour"
    visitor.see("/withdraw")
    assert visitor.send("/withdraw", email="no address").status_code == 422


def test_opening_keeps_which_text_was_agreed_to_and_when(small_world: World, visitor: Visitor) -> None:
    order_id = bought(small_world)
    page = visitor.see(link(small_world, order_id))
    assert rule.waiver() in page.text
    visitor.send(link(small_world, order_id))
    grant = small_world.grant(order_id)
    assert grant is not None
    assert (grant.waived_at, grant.waiver) == (small_world.now, rule.version("waiver", rule.waiver()))
    with small_world.read() as session:
        kept = session.scalars(select(Policy).where(Policy.version == grant.waiver)).one()
    assert kept.source == rule.waiver()


def opens(world: World) -> None:
    """The course's day comes."""
    with world.read() as session:
        at = session.scalars(select(Product).where(Product.slug == COURSE)).one().launch.at
    assert at is not None
    world.advance(seconds=(at - world.now).total_seconds() + 1)


def reads(visitor: Visitor) -> int:
    with visitor.get(f"/library/{COURSE}/lessons/01-an-honest-difference") as answer:
        return answer.status_code


def test_who_does_not_agree_keeps_it_unopened_and_opens_it_later_without_the_question(
    shelved: World, visitor: Visitor
) -> None:
    world = shelved
    order_id = world.orders(product_id(world, COURSE))
    opens(world)
    world.tick()
    assert world.state(order_id) == "paid"
    visitor.see(link(world, order_id))
    later = visitor.page.forms[-1]
    assert later.fields["later"] == "1"
    answer = visitor.post(later.action, data=later.fields)
    assert answer.headers["Location"] == "/library"
    assert reads(visitor) == 303
    page = visitor.follow(visitor.get(f"/library/{COURSE}/lessons/01-an-honest-difference"))
    assert "Agree and open" in page.text
    with visitor.get(f"/library/{COURSE}/files/what-changed.zip") as file:
        assert file.status_code == 303
    grant = world.grant(order_id)
    assert grant is not None
    assert (grant.first_opened_at, grant.waived_at) == (None, None)
    world.advance(days=15, hours=1)
    assert reads(visitor) == 200
    grant = world.grant(order_id)
    assert grant is not None
    assert grant.waived_at is None
    assert grant.first_opened_at == world.now


def test_who_agrees_on_the_page_of_the_library_opens_it_then(shelved: World, visitor: Visitor) -> None:
    world = shelved
    order_id = world.orders(product_id(world, COURSE))
    opens(world)
    world.tick()
    visitor.see(link(world, order_id))
    later = visitor.page.forms[-1]
    visitor.post(later.action, data=later.fields)
    visitor.follow(visitor.get(f"/library/{COURSE}"))
    visitor.send("/begin", waiver="an-old-text")
    assert reads(visitor) == 303, "another text than the one in force is asked anew"
    visitor.see(f"/library/{COURSE}/begin")
    visitor.send("/begin")
    assert reads(visitor) == 200
    grant = world.grant(order_id)
    assert grant is not None
    assert grant.waived_at == world.now
