"""Giving money back in the studio: a part in two steps, what was typed kept, two people at once, and what failed."""

import re

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.models.money import Refund
from storefront.rules.words import NBSP
from storefront.web.studio.refund_form import read_amount
from tests.support.letters import buys, disputes, refund_fails
from tests.support.world import World
from tests.web.studio.visitor import OWNER, TOM, Visitor


def said(visitor: Visitor) -> str:
    return visitor.page.text.replace(NBSP, " ")


def file(world: World, order_id: int) -> str:
    return f"/studio/orders/{world.order(order_id).number}"


def refunds(world: World) -> list[tuple[int, str, str, str]]:
    with world.read() as session:
        rows = session.scalars(select(Refund).order_by(Refund.id))
        return [(each.amount, each.status, each.who, each.why) for each in rows]


def looks(visitor: Visitor, home: str, amount: str, why: str = "It came late.", status: int = 200) -> None:
    """Fill in the form and press "See what it does"."""
    visitor.get(home)
    visitor.post(f"{home}/refund", status, amount=amount, why=why, step="look")


def does(visitor: Visitor, home: str, status: int = 303) -> None:
    """Press the button under what was said."""
    carried = {name: visitor.page.fields[name]["value"] for name in ("amount", "why", "left")}
    visitor.post(f"{home}/refund", status, **carried, step="do")


def test_a_part_is_looked_at_first_and_then_given_back_with_the_name_of_who_pressed(
    world: World, ines: Visitor
) -> None:
    order_id = buys(world)
    home = file(world, order_id)
    looks(ines, home, "5.00")
    assert "Goes back 5.00 €, to Visa ending 4242" in said(ines)
    assert "Stays paid 24.00 € of 29.00 €" in said(ines)
    assert refunds(world) == []
    does(ines, home)
    assert "5.00 € go back. The buyer is told, with your reason." in said(ines)
    (row,) = refunds(world)
    assert (row[0], row[3]) == (500, "It came late.")
    assert row[2].startswith("creator:")
    assert "Refund" in said(ines)
    assert "Ines" in said(ines), "the ledger names who pressed it"
    assert "−5.00 €" in said(ines)
    assert world.state(order_id) == "paid"
    assert world.money(order_id) == (2900, 500)
    assert world.letters(order_id)[-1] == "part_refunded"


BAD = ["", "0", "0.00", "-5", "five", "5.001", "5,00", "1e2", "NaN", "٥", "29.00", "29", "1000000", "9" * 30, "5.00.0"]


def test_an_amount_that_cannot_go_back_comes_back_as_it_was_typed(world: World, ines: Visitor) -> None:
    home = file(world, buys(world))
    for amount in BAD:
        looks(ines, home, amount, status=422)
        assert ines.page.fields["amount"]["value"] == amount
        assert ines.page.fields["amount"]["aria-invalid"] == "true"
        assert ines.page.fields["why"]["value"] == "It came late."
        ines.post(f"{home}/refund", 422, amount=amount, why="x", left="2900", step="do")
        assert refunds(world) == [], amount


def test_a_reason_is_asked_for_and_going_back_keeps_everything(world: World, ines: Visitor) -> None:
    home = file(world, buys(world))
    looks(ines, home, "5", why="  ", status=422)
    assert "Give the buyer the reason" in said(ines)
    looks(ines, home, "5", why="Late.")
    ines.post(f"{home}/refund", 200, amount="5", why="Late.", step="edit")
    assert (ines.page.fields["amount"]["value"], ines.page.fields["why"]["value"]) == ("5", "Late.")
    ines.post(f"{home}/refund", 200, amount="5", why="Late.", step="do")
    assert refunds(world) == [], "without a look there is no deed"


def test_of_two_who_press_it_at_once_the_second_is_told(app: Flask, world: World, ines: Visitor) -> None:
    home = file(world, buys(world))
    owner = Visitor(app)
    owner.signs_in(OWNER)
    looks(ines, home, "5")
    looks(owner, home, "5")
    does(ines, home)
    does(owner, home, 409)
    assert "Nothing was refunded" in said(owner)
    assert "Somebody gave money back meanwhile: 24.00 € are left." in said(owner)
    assert [row[0] for row in refunds(world)] == [500]
    assert owner.page.fields["amount"]["value"] == "5", "what was typed is kept"


def test_of_two_who_cancel_the_second_reads_whose_reason_stands(app: Flask, world: World, ines: Visitor) -> None:
    home = file(world, buys(world))
    owner = Visitor(app)
    owner.signs_in(OWNER)
    owner.get(home)
    ines.get(home)
    ines.post(f"{home}/cancel", reason="I cannot finish it.")
    owner.post(f"{home}/cancel", 409, reason="Twice.")
    assert "It has been cancelled already" in said(owner)
    assert "By Ines: “I cannot finish it.”" in said(owner)


def test_a_disputed_order_gives_nothing_back(world: World, ines: Visitor) -> None:
    order_id = buys(world)
    home = file(world, order_id)
    looks(ines, home, "5")
    disputes(world, order_id)
    does(ines, home, 409)
    assert "The buyer's bank asks for this payment back." in said(ines)
    ines.post(f"{home}/cancel", 409, reason="Then all of it.")
    assert "The buyer’s bank has the word about this payment." in said(ines)
    assert refunds(world) == []
    page = ines.get(home)
    assert "Disputed" in page.text
    assert "Refund a part" not in page.text
    assert "Answer the bank" in page.text


def test_what_did_not_arrive_is_sent_again_or_noted_as_paid(world: World, ines: Visitor) -> None:
    order_id = buys(world)
    world.cancels(order_id, "creator:1")
    refund_fails(world, order_id)
    home = file(world, order_id)
    page = ines.get(home)
    assert "29.00 € did not reach the buyer." in said(ines)
    assert "the card is not in use any more" in page.text
    ines.post(f"{home}/paid-by-hand", 422, done=" ")
    assert "Write what was done" in said(ines)
    ines.post(f"{home}/refund-again")
    assert "It was refused once more: 29.00 € are still owed." in said(ines), "Stripe’s own row says that it has gone"
    ines.post(f"{home}/paid-by-hand", done="Bank transfer of 12 May, our reference 4711.")
    assert "Noted. The ledger has it, with your name." in said(ines)
    assert refunds(world)[-1][1] == "by_hand"
    assert refunds(world)[-1][3] == "Bank transfer of 12 May, our reference 4711."
    for path in ("refund-again", "paid-by-hand"):
        ines.post(f"{home}/{path}", 409, done="Again.")
        assert "Somebody was there before you" in said(ines)
    assert world.money(order_id).net == 0


def test_the_creator_reads_the_documents_that_the_buyer_has(app: Flask, world: World, ines: Visitor) -> None:
    home = file(world, buys(world))
    looks(ines, home, "5.00")
    does(ines, home)
    receipt, note = [each.number for each in world.papers(1)]
    assert re.search(f"Credit note {note}.*Receipt {receipt}", said(ines), re.DOTALL)
    ines.get(f"{home}/papers/{receipt}")
    assert "29.00 €, paid with Visa ending 4242." in said(ines)
    tom = Visitor(app)
    tom.signs_in(TOM)
    assert tom.client.get(f"{home}/papers/{receipt}").status_code == 404


def test_a_part_that_did_not_arrive_is_noted_as_paid_by_other_means(world: World, ines: Visitor) -> None:
    order_id = buys(world)
    home = file(world, order_id)
    looks(ines, home, "5.00")
    does(ines, home)
    ines.post(f"{home}/part-paid-by-hand", 409, part_amount="5.00", part_done="Nothing is owed yet.")
    refund_fails(world, order_id)
    assert "Paid by other means" in ines.get(home).text
    ines.post(f"{home}/part-paid-by-hand", 422, part_amount="much", part_done=" ")
    assert "Write what was done" in said(ines)
    assert ines.page.fields["part_amount"]["value"] == "much"
    ines.post(f"{home}/part-paid-by-hand", 409, part_amount="29.00", part_done="All of it.")
    assert "A part is at most 28.99 €." in said(ines)
    ines.post(f"{home}/part-paid-by-hand", part_amount="5.00", part_done="Bank transfer, our reference 4711.")
    assert refunds(world)[-1][:2] == (500, "by_hand")
    assert world.money(order_id) == (2900, 500)
    assert world.state(order_id) == "paid"
    assert "Paid by other means" not in ines.get(home).text.split("Refund a part")[1]
    assert world.reconciles().reported == [], "what went another way is no difference at Stripe"


def test_a_silent_stripe_refunds_nothing_and_what_was_typed_is_kept(world: World, ines: Visitor) -> None:
    home = file(world, buys(world))
    looks(ines, home, "5")
    world.sandbox.control("faults", kind="error_500", match="GET /v1/refunds*", count=9)
    does(ines, home, 409)
    assert "Stripe does not answer just now. Nothing was refunded" in said(ines)
    assert ines.page.fields["amount"]["value"] == "5"
    assert refunds(world) == []


@pytest.mark.parametrize("path", ["refund", "refund-again", "paid-by-hand", "part-paid-by-hand", "cancel"])
def test_an_order_of_somebody_elses_product_is_not_there(app: Flask, world: World, path: str) -> None:
    home = file(world, buys(world))
    tom = Visitor(app)
    tom.signs_in(TOM)
    token = tom.get("/studio").fields["csrf_token"]["value"]
    typed = {
        "csrf_token": token,
        "amount": "5",
        "why": "x",
        "left": "2900",
        "step": "do",
        "done": "x",
        "part_amount": "5",
        "part_done": "x",
        "reason": "x",
    }
    assert tom.client.post(f"{home}/{path}", data=typed).status_code == 404
    assert refunds(world) == []


@pytest.mark.parametrize("path", ["refund", "refund-again", "paid-by-hand", "part-paid-by-hand"])
def test_nothing_moves_without_the_forms_own_token(world: World, ines: Visitor, path: str) -> None:
    home = file(world, buys(world))
    sent = {"amount": "5", "why": "x", "left": "2900", "step": "do", "done": "x"}
    assert ines.client.post(f"{home}/{path}", data=sent).status_code == 400
    assert ines.client.get(f"{home}/{path}").status_code == 405
    assert refunds(world) == []


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("5", "EUR", 500),
        ("5.5", "EUR", 550),
        ("0.01", "EUR", 1),
        ("5.00 €", "EUR", 500),
        ("€5", "EUR", 500),
        ("5 EUR", "EUR", 500),
        ("500", "JPY", 500),
        ("1.230", "KWD", 1230),
        ("2490", "ISK", 249000),
        ("2,490\N{NO-BREAK SPACE}ISK", "ISK", 249000),
        ("8,900 ¥", "JPY", 8900),
        ("1,107.250 BHD", "BHD", 1107250),
        ("1,119.00 €", "EUR", 111900),
        ("1,234,567,890.00", "IDR", 123456789000),
    ],
)
def test_an_amount_is_read_in_the_products_currency(typed: str, currency: str, minor: int) -> None:
    assert read_amount(typed, currency) == (minor, "")


@pytest.mark.parametrize(
    ("typed", "currency"), [("1,107", "BHD"), ("5,00", "EUR"), ("1,119", "EUR"), ("11,19.00", "EUR")]
)
def test_a_comma_that_may_be_meant_as_the_point_is_asked_about(typed: str, currency: str) -> None:
    assert "with a point and no comma" in read_amount(typed, currency)[1]
    assert "with a point" not in read_amount("5,00", "JPY")[1]


@pytest.mark.parametrize(("typed", "currency"), [("5.5", "JPY"), ("1.2345", "KWD"), ("5 USD", "EUR")])
def test_another_currencys_amount_is_refused(typed: str, currency: str) -> None:
    minor, why = read_amount(typed, currency)
    assert minor == 0
    assert why.endswith(".")
