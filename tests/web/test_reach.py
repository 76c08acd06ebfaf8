"""How a buyer is reached: shown without sign-in, changed by buttons only, and kept as it was typed where it is wrong."""

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from storefront.models.phones import Phone
from tests.support.letters import MIRIAM, letter
from tests.support.phones import NUMBER, has_phone, phone_of
from tests.support.reports import reports
from tests.support.visitor import Visitor
from tests.support.world import Houses, Sandbox, World
from tests.web.test_doors import order_link


def ordered(world: World, days: float | None = 20) -> str:
    """A secured order; its page."""
    order_id = world.orders(world.product(days=days))
    world.posts()
    return f"/orders/{order_link(world, order_id)}"


def test_the_orders_page_leads_there(small_world: World, visitor: Visitor) -> None:
    url = ordered(small_world)
    page = visitor.see(url)
    assert f"{url}/reach" in page.links
    assert "How we reach you" in page.text
    assert f"We write to {MIRIAM}." in visitor.see(f"{url}/reach").text


def test_a_number_is_given_proved_and_ended(small_world: World, visitor: Visitor) -> None:
    url = ordered(small_world)
    visitor.see(f"{url}/reach")
    page = visitor.follow(visitor.send(["/reach/phone", "texts"][0], phone="+49 151 23456789", texts="yes"))
    assert "Is +49 1512 3456789 yours?" in page.text
    small_world.texts()
    code = small_world.sandbox.texts(NUMBER)[0]["body"].split("code is ")[1][:6]
    page = visitor.follow(visitor.send("/reach/code", code=f" {code[:3]} {code[3:]}"))
    assert f"We write to {MIRIAM} and text +49 1512 3456789." in page.text
    assert "No advertising" in page.text
    page = visitor.follow(visitor.send("/reach/end"))
    assert "Ended. Nothing more is texted about this order." in page.text
    assert phone_of(small_world, 1).ended_why == "the buyer ended it"


@pytest.mark.parametrize(
    ("phone", "said"),
    [
        ("0151 23456789", "Begin with + and the country"),
        ("+49 30 901820", "That number takes no texts"),
        ("+49 151", "That number does not exist there"),
        ("", "Begin with + and the country"),
        ("+" + "9" * 200, "telephone number"),
    ],
)
def test_a_wrong_number_comes_back_with_what_was_typed(
    small_world: World, visitor: Visitor, phone: str, said: str
) -> None:
    visitor.see(f"{ordered(small_world)}/reach")
    answer = visitor.send("/reach/phone", phone=phone, texts="yes")
    assert answer.status_code == 422
    assert said in visitor.page.text
    assert visitor.page.form("/reach/phone").fields["phone"] == phone[:40]
    assert visitor.page.form("/reach/phone").fields["texts"] == "yes", "what was ticked stays ticked"
    with small_world.read() as session:
        assert session.scalar(select(Phone.id)) is None


def test_without_the_consent_nothing_is_kept(small_world: World, visitor: Visitor) -> None:
    page = visitor.see(f"{ordered(small_world)}/reach")
    assert "texts" not in page.form("/reach/phone").fields, "never ticked beforehand"
    answer = visitor.send("/reach/phone", phone="+49 151 23456789", texts="-")
    assert answer.status_code == 422
    assert "Tick this box so that we may text you." in visitor.page.text


def test_a_wrong_code_is_told_and_another_can_be_sent_three_times_an_hour(small_world: World, visitor: Visitor) -> None:
    visitor.see(f"{ordered(small_world)}/reach")
    visitor.follow(visitor.send("/reach/phone", phone="+49 151 23456789", texts="yes"))
    answer = visitor.send("/reach/code", code="000000")
    assert answer.status_code == 422
    assert "That is not the code." in visitor.page.text
    for _ in range(2):
        visitor.follow(visitor.send("/reach/phone"))
    assert visitor.send("/reach/phone").status_code == 422
    assert "Three codes were asked for in this hour" in visitor.page.text


def test_letters_that_come_back_are_told_on_the_orders_page_with_a_way_on(small_world: World, visitor: Visitor) -> None:
    url = ordered(small_world)
    reports(small_world, letter(small_world, "confirmed"))
    page = visitor.see(url)
    assert f"Our letters to {MIRIAM} come back" in page.text
    page = visitor.see(f"{url}/reach")
    assert "It came back: 550 5.1.1 no such user." in page.text
    page = visitor.follow(visitor.send("/reach/email"))
    assert "Noted. What came back is on its way once more." in page.text
    assert small_world.posts() >= 1
    assert small_world.order(1).bounced_at is None


def test_an_address_that_bounces_can_be_corrected_after_the_launch_until_somebody_came_in(
    small_world: World, visitor: Visitor
) -> None:
    url = ordered(small_world, days=None)
    small_world.tick()
    assert "Correct your e-mail" not in visitor.see(url).html
    reports(small_world, letter(small_world, "access"))
    visitor.see(url)
    answer = visitor.send("/address", email="miriam.adler@posteo.de")
    page = visitor.follow(answer)
    assert "Corrected." in page.text
    small_world.tick()
    opened = [each for each in small_world.sandbox.mail("miriam.adler@posteo.de") if "Open now" in each["subject"]]
    assert len(opened) == 1
    reader = Visitor.of(small_world.app)
    link = re.search(r"/access/\S+", opened[0]["text"])
    assert link
    reader.see(link[0])
    reader.post(link[0], data=reader.page.form(link[0]).fields)
    reports(small_world, letter(small_world, "access"))
    fresh = f"/orders/{order_link(small_world, 1)}"
    assert "Correct your e-mail" not in visitor.see(fresh).html


def test_an_order_that_is_not_secured_is_asked_for_no_number(small_world: World, visitor: Visitor) -> None:
    order_id = small_world.places(small_world.product())
    page = visitor.see(f"/orders/{order_link(small_world, order_id)}/reach")
    assert [each.action for each in page.forms if each.action.endswith("/reach/phone")] == []


def test_where_no_texts_are_sent_none_are_offered(
    houses: Houses, sandbox: Sandbox, new_sqlite: Any, tmp_path: Path
) -> None:
    unset = dict.fromkeys(("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "SMS_FROM"), "")
    world = houses.world(sandbox, new_sqlite, tmp_path, **unset)
    visitor = Visitor.of(world.app)
    url = ordered(world)
    page = visitor.see(f"{url}/reach")
    assert [each.action for each in page.forms if each.action.endswith("/reach/phone")] == []
    token = visitor.see(url).form().fields["csrf_token"]
    sent = {"csrf_token": token, "phone": "+49 151 23456789", "texts": "yes"}
    assert visitor.post(f"{url}/reach/phone", data=sent).status_code == 404
    assert world.texts() == 0
    world.db.engine.dispose()


def test_nobody_reaches_it_without_the_link(small_world: World, visitor: Visitor) -> None:
    ordered(small_world)
    assert visitor.get("/orders/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/reach").status_code == 404


def test_the_number_is_shown_to_its_owner_and_masked_to_the_creator(small_world: World, visitor: Visitor) -> None:
    from storefront.actions import accounting

    url = ordered(small_world)
    has_phone(small_world, 1)
    small_world.moves(1, 9)
    with small_world.db.write() as session:
        accounting.create_account(
            session, "ines@forthcoming.example", "Ines Okafor", "creator", "paper and patience", small_world.now
        )
    visitor.see("/signin")
    visitor.send("/signin", email="ines@forthcoming.example", password="paper and patience")
    page = visitor.see(f"/studio/orders/{small_world.order(1).number}")
    assert "To be texted to +49 … 89" in page.text
    assert NUMBER not in page.html
    assert "+49 1512 3456789" not in page.html
    assert "+49 1512 3456789" in visitor.see(f"{url}/reach").text


def test_the_creator_sees_what_came_back_and_has_it_written_to_again(small_world: World, visitor: Visitor) -> None:
    from storefront.actions import accounting

    ordered(small_world)
    reports(small_world, letter(small_world, "confirmed"))
    with small_world.db.write() as session:
        accounting.create_account(
            session, "ines@forthcoming.example", "Ines Okafor", "creator", "paper and patience", small_world.now
        )
    visitor.see("/signin")
    visitor.send("/signin", email="ines@forthcoming.example", password="paper and patience")
    number = small_world.order(1).number
    page = visitor.see(f"/studio/orders/{number}")
    assert f"Letters to {MIRIAM} come back" in page.text
    assert "Came back" in page.text
    assert "Letters come back" in visitor.see("/studio/tasks").text
    visitor.see(f"/studio/orders/{number}")
    page = visitor.follow(visitor.send("/write-again"))
    assert "What came back is on its way once more." in page.text
    assert small_world.tasks() == []
    assert "Nothing waits for you." in visitor.see("/studio/tasks").text
