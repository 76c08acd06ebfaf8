"""The story of a taxed order: its country, its calculation, its receipt, on paper."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.browser.buyer import VISA, Buyer
from tests.browser.test_stories import COURSE, EBOOK, MIRIAM, says
from tests.support.browser import visit
from tests.support.processes import Shop, running, until

PAGES = re.compile(rb"/Type\s*/Page\b")


@pytest.fixture
def taxed_shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop whose owner has turned Stripe Tax on."""
    seller = {
        "SHOP_OWNER": "Hanne Vos",
        "SHOP_ADDRESS": "Prinsengracht 12|1015 DV Amsterdam",
        "SHOP_TAX_ID": "NL0042B01",
    }
    with running(tmp_path / "data", STRIPE_TAX="1", **seller) as shop:
        yield shop


def orders(buyer: Buyer, slug: str, country: str) -> str:
    """The whole way, through the page that asks where they live."""
    buyer.fills_in(slug, MIRIAM)
    buyer.page.select_option("[name=country]", country)
    buyer.page.fill("[name=postal_code]", "1016 AA")
    buyer.pays(VISA)
    buyer.page.wait_for_url(re.compile("/orders/"))
    return buyer.page.url.split("?")[0]


def hooked(shop: Shop) -> list[Any]:
    """The payments that went out with a calculation."""
    return [each for each in shop.at_stripe("payment_intents") if each.get("hooks")]


def test_a_saved_card_is_charged_with_tax_and_its_receipt_is_printed(
    taxed_shop: Shop, page: Page, browser: Browser
) -> None:
    shop, buyer = taxed_shop, Buyer(taxed_shop, page)
    order = orders(buyer, COURSE, "NL")
    buyer.reads("Your card is saved.")
    expect(page.locator("text=Receipt")).to_have_count(0)
    shop.advance_to(COURSE, before=timedelta(hours=48))
    says(order, "are set aside on your card")
    shop.advance_to(COURSE)
    until(lambda: [each["status"] for each in hooked(shop)] == ["succeeded"], "a payment with its calculation")
    opens_receipt(buyer, order)
    buyer.reads("Receipt R-")
    sheet = page.locator("article")
    for told in (
        "59.00 €",
        "including 21 % VAT (NL)",
        "10.24 €",
        "48.76 €",
        "Prinsengracht 12",
        "NL0042B01",
        "Visa ending 4242",
    ):
        expect(sheet).to_contain_text(told)
    buyer.looks()
    prints(page)
    with visit(browser) as other:
        reads_without_script(other, page.url)
    buyer.is_content()


def opens_receipt(buyer: Buyer, order: str) -> None:
    """As soon as it has been paid, the order's page links to it."""
    until(lambda: "Receipt R-" in requests.get(order, timeout=30).text, "the receipt")
    buyer.page.goto(order)
    buyer.follows("text=Receipt R-")


def prints(page: Page) -> None:
    """On A4 and on Letter it is one sheet, black on white, with nothing of the shop's pages around it."""
    page.evaluate("() => { window.print = () => { document.title = 'printed'; }; }")
    page.click("print-page button")
    assert page.title() == "printed"
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("() => getComputedStyle(document.querySelector('.paper h1')).color") == "rgb(0, 0, 0)"
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") in {
        "rgb(255, 255, 255)",
        "rgba(0, 0, 0, 0)",
    }
    for gone in (".site-head", ".site-foot", ".paper-ways"):
        assert not page.locator(gone).is_visible()
    for size in ("A4", "Letter"):
        assert len(PAGES.findall(page.pdf(format=size))) == 1
    page.emulate_media(media="screen", color_scheme="light")


def reads_without_script(page: Page, url: str) -> None:
    """Where no script runs the page is whole, and shows no button that would do nothing."""
    page.route("**/*.js*", lambda route: route.abort())
    page.goto(url)
    expect(page.locator("h1")).to_contain_text("Receipt R-")
    expect(page.locator("print-page")).to_be_hidden()


def test_what_checkout_charged_has_the_tax_that_its_page_reckoned(taxed_shop: Shop, page: Page) -> None:
    buyer = Buyer(taxed_shop, page)
    order = orders(buyer, EBOOK, "AT")
    taxed_shop.advance_to(EBOOK)
    opens_receipt(buyer, order)
    expect(page.locator("article")).to_contain_text("including 20 % VAT (AT)")
    assert hooked(taxed_shop) == [], "Checkout brings its tax along"
    buyer.is_content()
