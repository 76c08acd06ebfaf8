"""The stories of the shop: real processes, a real browser, real letters."""

import hashlib
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.buyer import DECLINES_LATER, HANNE, VISA, Buyer
from tests.support.browser import visit
from tests.support.processes import ROOT, Shop, link_in, until

MIRIAM = "miriam@posteo.example"
EBOOK, COURSE, SOFTWARE = "name-the-day", "what-changed", "silverfish"


def state(order: str) -> str:
    """The order page's sentence."""
    text = requests.get(order, timeout=30).text
    return text.split("data-say>")[1].split("</h1>")[0].replace("\N{NO-BREAK SPACE}", " ")


def says(order: str, words: str) -> None:
    until(lambda: words in state(order), lambda: f"“{words}” on {order}; it says {state(order)}")


def test_a_an_early_bird_is_pre_ordered_launched_redeemed_and_downloaded(either_shop: Shop, page: Page) -> None:
    buyer = Buyer(either_shop, page)
    buyer.orders(EBOOK, MIRIAM)
    buyer.reads("14 € are set aside on your card")
    assert [each["status"] for each in either_shop.at_stripe("payment_intents")] == ["requires_capture"]
    either_shop.advance_to(EBOOK)
    letter = either_shop.letter(MIRIAM, "Open now")
    buyer.opens(link_in(letter, "/access/"))
    until(lambda: [each["amount"] for each in money_in(either_shop)] == [1400], "14 € at Stripe")
    with page.expect_download() as download:
        page.click("text=Download >> nth=0")
    book = ROOT / "content/products/name-the-day/files/name-the-day.epub"
    assert _sha(Path(download.value.path())) == _sha(book)
    part = page.request.get(
        f"{either_shop.base_url}/library/{EBOOK}/files/name-the-day.epub", headers={"Range": "bytes=10-19"}
    )
    assert part.status == 206
    assert part.body() == book.read_bytes()[10:20]
    page.goto(f"{either_shop.base_url}/library/{EBOOK}")
    assert page.locator("text=launch-sheet.pdf").count() == 1, "the bonus of the early offer"
    buyer.is_content()


def money_in(shop: Shop) -> list[dict[str, Any]]:
    """The charges that were captured, as Stripe has them."""
    return [each for each in shop.at_stripe("charges") if each["captured"]]


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_b_a_saved_card_far_ahead_is_asked_48_hours_before_and_charged_at_the_launch(shop: Shop, buyer: Buyer) -> None:
    order = buyer.orders(COURSE, MIRIAM)
    buyer.reads("Your card is saved.")
    assert shop.at_stripe("payment_intents") == [], "no money is touched yet"
    buyer.looks()
    shop.advance_to(COURSE, before=timedelta(hours=48))
    says(order, "are set aside on your card")
    assert money_in(shop) == []
    shop.advance_to(COURSE)
    letter = shop.letter(MIRIAM, "Open now")
    says(order, "Your access link went to")
    until(lambda: [each["amount"] for each in money_in(shop)] == [5900], "59 € at Stripe")
    buyer.opens(link_in(letter, "/access/"))
    buyer.looks()
    buyer.follows("text=The shortest way across")
    buyer.reads("The shortest way across")
    buyer.looks()
    buyer.is_content()


def test_c_a_card_that_fails_at_the_preflight_is_repaired_and_launches_with_the_others(
    shop: Shop, buyer: Buyer
) -> None:
    buyer.orders(COURSE, MIRIAM, DECLINES_LATER)
    shop.advance_to(COURSE, before=timedelta(hours=48))
    letter = shop.letter(MIRIAM, "Your card needs you")
    buyer.page.goto(link_in(letter, "/orders/"))
    buyer.reads("Your bank said no")
    buyer.looks()
    buyer.follows("text=Use another card")
    buyer.pays(VISA)
    buyer.page.wait_for_url("**/orders/**")
    buyer.reads("59 € are set aside")
    shop.advance_to(COURSE)
    shop.letter(MIRIAM, "Open now")
    until(lambda: [each["amount"] for each in money_in(shop)] == [5900], "59 € at Stripe, once")
    buyer.is_content()


def test_d_a_buyer_cancels_the_hold_is_void_the_card_gone_and_the_unit_back(shop: Shop, buyer: Buyer) -> None:
    order = buyer.orders(EBOOK, MIRIAM)
    assert "59 of 60" in requests.get(f"{shop.base_url}/p/{EBOOK}", timeout=30).text
    buyer.follows("text=Cancel this pre-order")
    buyer.looks()
    buyer.follows("text=Yes, cancel it")
    buyer.page.wait_for_url(order)
    buyer.reads("Cancelled. Nothing was charged")
    buyer.looks()
    until(lambda: shop.calls("/detach"), "the card to be detached")
    until(lambda: [each["status"] for each in shop.at_stripe("payment_intents")] == ["canceled"], "the hold to be void")
    until(lambda: "60 of 60" in requests.get(f"{shop.base_url}/p/{EBOOK}", timeout=30).text, "the unit to be back")
    shop.letter(MIRIAM, "Cancelled")
    buyer.is_content()


def test_e_a_mail_scanner_opens_the_link_five_times_and_the_buyer_still_redeems_it(
    shop: Shop, buyer: Buyer, browser: Browser
) -> None:
    order = buyer.orders(SOFTWARE, MIRIAM)
    until(lambda: [each["amount"] for each in money_in(shop)] == [2400], "24 € at Stripe")
    link = link_in(shop.letter(MIRIAM, "Open now"), "/access/")
    for _ in range(5):
        assert requests.get(link, timeout=30).status_code == 200
        assert requests.head(link, timeout=30).status_code == 200
    _scans(browser, link)
    buyer.page.goto(link)
    buyer.looks()
    buyer.opens(link)
    assert buyer.page.locator("#licence-key").inner_text().count("-") == 3
    buyer.looks()
    buyer.page.goto(link)
    buyer.reads("This link has been used")
    buyer.looks()
    buyer.follows("text=Mail me a fresh link")
    fresh = until(lambda: [each for each in shop.letters(MIRIAM) if "/access/" in each["text"]][1:], "a fresh link")[-1]
    assert link_in(fresh, "/access/") != link
    assert requests.get(link, timeout=30).status_code == 404
    buyer.page.goto(order)
    buyer.looks()
    buyer.is_content()


def _scans(browser: Browser, link: str) -> None:
    """A scanner that runs scripts and follows where they lead."""
    with visit(browser) as scanner:
        scanner.goto(link, wait_until="networkidle")
        assert scanner.url == link, "nothing was sent, nobody was led away"
        scanner.goto(f"{link.split('/access/', maxsplit=1)[0]}/library/{SOFTWARE}")
        assert "/library/" not in scanner.url, "nobody was signed in"


def test_f_a_browser_that_is_closed_on_stripes_page_is_held_by_the_webhook(shop: Shop, buyer: Buyer) -> None:
    order = _pays_and_never_returns(buyer)
    says(order, "14 € are set aside on your card")
    shop.letter(MIRIAM, "Name the Day")
    buyer.is_content()


def test_f_with_webhooks_dropped_it_is_held_by_the_expiry_tick(shop: Shop, buyer: Buyer) -> None:
    shop.control("faults", kind="webhook_dropped", count=-1)
    order = _pays_and_never_returns(buyer)
    assert shop.letters(MIRIAM) == []
    shop.advance("46m")
    says(order, "14 € are set aside on your card")
    shop.letter(MIRIAM, "Name the Day")
    buyer.is_content()


def _pays_and_never_returns(buyer: Buyer) -> str:
    """The order's page; neither this browser nor the test asks at the way back, which would settle it.

    A browser cannot be kept from where a redirect leads, so it does not hear where Stripe sends it.
    """
    led: list[str] = []

    def keeps_to_itself(route: Route) -> None:
        led.append(route.fetch(max_redirects=0).headers["location"])
        route.abort()

    buyer.fills_in(EBOOK, MIRIAM)
    buyer.page.route("**/c/pay/**", keeps_to_itself)
    with buyer.page.expect_event("requestfailed"):
        buyer.pays()
    buyer.errors.clear()  # the browser's own complaint that it was cut off
    buyer.page.close()
    return led[0].split("/return")[0]


def test_a_creator_moves_a_launch_and_every_buyer_is_told(shop: Shop, buyer: Buyer, creator: Buyer) -> None:
    buyer.orders(COURSE, MIRIAM)
    creator.goes_to("/studio")
    creator.looks()
    creator.signs_in(HANNE, "a long password")
    creator.looks()
    creator.goes_to(f"/studio/products/{COURSE}")
    creator.looks()
    creator.page.fill("[name=time]", "18:30")
    creator.page.fill("[name=reason]", "Lesson three is not true yet.")
    creator.follows("text=See what it does")
    creator.looks()
    creator.follows("button[value=do]")
    letter = shop.letter(MIRIAM, "moves")
    assert "Lesson three is not true yet." in letter["text"]
    assert "18:30 in Berlin" in letter["text"]
    creator.follows("text=All 1")
    creator.looks()
    buyer.page.goto(link_in(letter, "/orders/"))
    assert "18:30 in Berlin" in buyer.page.inner_text("main")
    buyer.looks()
    creator.is_content()
    buyer.is_content()


def test_every_page_that_anybody_may_read_works_on_every_screen(shop: Shop, buyer: Buyer) -> None:
    for path in ("/", "/signin", "/library", f"/p/{EBOOK}", f"/p/{COURSE}", f"/p/{SOFTWARE}", *_pages(shop)):
        buyer.goes_to(path)
        buyer.looks()
    buyer.goes_to(f"/p/{EBOOK}")
    buyer.follows("#order-button")
    expect(buyer.page.locator("#field-email")).to_have_attribute("aria-invalid", "true")
    buyer.looks()
    buyer.errors = [each for each in buyer.errors if "422" not in each]  # the browser tells of the refusal we want
    buyer.fills_in(EBOOK, MIRIAM)
    buyer.looks()
    buyer.is_content()


def _pages(shop: Shop) -> list[str]:
    """What the front page's foot and the course's page lead to: the shop's papers, and the free lesson."""
    found = requests.get(shop.base_url, timeout=30).text + requests.get(f"{shop.base_url}/p/{COURSE}", timeout=30).text
    paths = sorted(
        set(re.findall(r'href="(/pages/[^"#]+|/policy|/withdraw|/p/[^"/]+/policy|/p/[^"/]+/lessons/[^"#]+)"', found))
    )
    assert any("/lessons/" in each for each in paths)
    return paths
