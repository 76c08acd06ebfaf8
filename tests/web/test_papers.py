"""Receipts behind an order's link: whose they are, what they say, and that nobody else finds them."""

import pytest

from storefront.rules.words import NBSP
from tests.support.letters import buys, refunds_part
from tests.support.visitor import Visitor
from tests.support.world import World
from tests.web.test_order_page import page_of


def words(visitor: Visitor) -> str:
    return visitor.page.text.replace(NBSP, " ")


def receipt(world: World, order_id: int) -> str:
    return str(world.papers(order_id)[0].number)


def test_an_order_that_has_paid_nothing_has_no_papers(small_world: World, visitor: Visitor) -> None:
    order_id = small_world.orders(small_world.product(days=30))
    page = page_of(small_world, order_id)
    visitor.get(page)
    assert "Receipt" not in words(visitor)
    visitor.get(f"{page}/papers")
    assert "Nothing was paid so far." in words(visitor)


def test_the_orders_page_leads_to_the_receipt(small_world: World, visitor: Visitor) -> None:
    order_id = buys(small_world)
    page, number = page_of(small_world, order_id), receipt(small_world, order_id)
    visitor.get(page)
    assert f"{page}/papers/{number}" in visitor.page.links
    visitor.get(f"{page}/papers/{number}")
    assert visitor.page.title.startswith(f"Receipt {number}")
    for told in (f"Receipt {number}", "29.00 €, paid with Visa ending 4242.", "Databases by Hand", "miriam@posteo.de"):
        assert told in words(visitor)
    assert "VAT" not in words(visitor)
    assert page in visitor.page.links


def test_after_a_refund_both_are_listed_the_newest_first(small_world: World, visitor: Visitor) -> None:
    order_id = buys(small_world)
    refunds_part(small_world, order_id)
    page = page_of(small_world, order_id)
    visitor.get(page)
    assert f"{page}/papers" in visitor.page.links
    visitor.get(f"{page}/papers")
    text = words(visitor)
    assert text.index("Credit note C-") < text.index("Receipt R-")
    assert "−5.00 €" in text
    credit = str(small_world.papers(order_id)[1].number)
    visitor.get(f"{page}/papers/{credit}")
    assert "5.00 € go back to Visa ending 4242." in words(visitor)
    assert receipt(small_world, order_id) in words(visitor)


def test_a_receipt_is_found_only_behind_its_own_order(small_world: World) -> None:
    mine = buys(small_world)
    other = small_world.orders(small_world.product("another", days=None), "ida@posteo.de")
    stranger, page = Visitor.of(small_world.app), page_of(small_world, other)
    answers = {
        (answer.status_code, answer.text)
        for path in (
            f"{page}/papers/{receipt(small_world, mine)}",
            f"{page}/papers/R-2026-999999",
            f"{page}/papers/x",
            f"/orders/{'A' * 32}/papers/{receipt(small_world, mine)}",
            f"/orders/{'A' * 32}/papers",
        )
        for answer in [stranger.get(path)]
    }
    assert [status for status, _ in answers] == [404]


def test_a_paper_is_kept_by_nobody_and_leads_nobody_on(small_world: World, visitor: Visitor) -> None:
    order_id = buys(small_world)
    headers = visitor.get(f"{page_of(small_world, order_id)}/papers/{receipt(small_world, order_id)}").headers
    assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")


def test_the_seller_and_the_tax_stand_on_it_where_they_are_known(taxed_world: World) -> None:
    order_id = taxed_world.orders(taxed_world.product(days=None), country="FI")
    visitor = Visitor.of(taxed_world.app)
    visitor.get(f"{page_of(taxed_world, order_id)}/papers/{receipt(taxed_world, order_id)}")
    for told in ("Ines Okafor", "Lindenstr. 4", "Tax number DE123456789", "including 25.5 % VAT (FI)", "5.89 €"):
        assert told in words(visitor)


@pytest.mark.parametrize("currency", ["JPY", "KWD", "ISK"])
def test_every_page_writes_a_price_in_its_currency(small_world: World, currency: str) -> None:
    prices = {"JPY": (1900, 2900), "KWD": (6250, 9500), "ISK": (249000, 390000)}[currency]
    whole = {"JPY": "2,900 ¥", "KWD": "9.500 KWD", "ISK": "3,900 ISK"}[currency]
    product_id = small_world.product(days=None, currency=currency, prices=prices)
    order_id = small_world.orders(product_id)
    visitor = Visitor.of(small_world.app)
    for path in ("/p/databases-by-hand", page_of(small_world, order_id)):
        visitor.get(path)
        assert whole in words(visitor)
    visitor.get(f"{page_of(small_world, order_id)}/papers/{receipt(small_world, order_id)}")
    assert f"{whole}, paid with Visa ending 4242." in words(visitor)
