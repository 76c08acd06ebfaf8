"""The stories of the shop: real processes, a real browser, real letters."""

import hashlib
from datetime import timedelta
from pathlib import Path

import requests
from playwright.sync_api import Browser, Page

from tests.browser.buyer import DECLINES_LATER, VISA, Buyer
from tests.support.processes import ROOT, Shop, link_in, until

MIRIAM = "miriam@posteo.example"
EBOOK, COURSE, SOFTWARE = "name-the-day", "what-changed", "silverfish"


def state(order: str) -> str:
    """The order page's sentence."""
    text = requests.get(order, timeout=10).text
    return text.split("data-say>")[1].split("</h1>")[0]


def says(order: str, words: str, patience: float = 30) -> None:
    until(lambda: words in state(order), f"“{words}” on {order}; it says {state(order)}", patience)


def test_a_an_early_bird_is_pre_ordered_launched_redeemed_and_downloaded(either_shop: Shop, page: Page) -> None:
    buyer = Buyer(either_shop, page)
    buyer.orders(EBOOK, MIRIAM)
    buyer.reads("14 € are set aside on your card")
    either_shop.advance_to(EBOOK)
    letter = either_shop.letter(MIRIAM, "Open now")
    buyer.opens(link_in(letter, "/access/"))
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


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_b_a_saved_card_far_ahead_is_asked_48_hours_before_and_charged_at_the_launch(shop: Shop, buyer: Buyer) -> None:
    order = buyer.orders(COURSE, MIRIAM)
    buyer.reads("Your card is saved.")
    shop.advance_to(COURSE, before=timedelta(hours=48))
    says(order, "are set aside on your card")
    shop.advance_to(COURSE)
    shop.letter(MIRIAM, "Open now")
    says(order, "Your access link went to")
    buyer.is_content()


def test_c_a_card_that_fails_at_the_preflight_is_repaired_and_launches_with_the_others(
    shop: Shop, buyer: Buyer
) -> None:
    buyer.orders(COURSE, MIRIAM, DECLINES_LATER)
    shop.advance_to(COURSE, before=timedelta(hours=48))
    until(lambda: len(shop.letters(MIRIAM)) > 1, "the letter about the card")
    letter = shop.letters(MIRIAM)[-1]
    buyer.page.goto(link_in(letter, "/orders/"))
    buyer.reads("Your bank said no")
    buyer.page.click("text=Use another card")
    buyer.pays(VISA)
    buyer.page.wait_for_url("**/orders/**")
    buyer.reads("59 € are set aside")
    shop.advance_to(COURSE)
    shop.letter(MIRIAM, "Open now")
    buyer.is_content()


def test_d_a_buyer_cancels_the_hold_is_void_the_card_gone_and_the_unit_back(shop: Shop, buyer: Buyer) -> None:
    order = buyer.orders(EBOOK, MIRIAM)
    assert "59 of 60" in requests.get(f"{shop.base_url}/p/{EBOOK}", timeout=10).text
    buyer.page.click("text=Cancel this pre-order")
    buyer.page.click("text=Yes, cancel it")
    buyer.page.wait_for_url(order)
    buyer.reads("Cancelled. Nothing was charged")
    until(lambda: shop.calls("/detach"), "the card to be detached")
    assert len(shop.calls("/cancel")) == 1
    assert "60 of 60" in requests.get(f"{shop.base_url}/p/{EBOOK}", timeout=10).text
    shop.letter(MIRIAM, "Cancelled")
    buyer.is_content()


def test_e_a_mail_scanner_opens_the_link_five_times_and_the_buyer_still_redeems_it(
    shop: Shop, buyer: Buyer, browser: Browser
) -> None:
    buyer.orders(SOFTWARE, MIRIAM)
    link = link_in(shop.letter(MIRIAM, "Open now"), "/access/")
    for _ in range(5):
        assert requests.get(link, timeout=10).status_code == 200
        assert requests.head(link, timeout=10).status_code == 200
    scanner = browser.new_page()
    scanner.goto(link, wait_until="networkidle")
    scanner.close()
    buyer.opens(link)
    assert buyer.page.locator("#licence-key").inner_text().count("-") == 3
    buyer.page.goto(link)
    buyer.reads("This link has been used")
    buyer.page.click("text=Mail me a fresh link")
    fresh = until(lambda: [each for each in shop.letters(MIRIAM) if "/access/" in each["text"]][1:], "a fresh link")[-1]
    assert link_in(fresh, "/access/") != link
    assert requests.get(link, timeout=10).status_code == 404
    assert "Nothing is broken" in shop.command("check")


def test_f_a_browser_that_is_closed_on_stripes_page_is_held_by_the_webhook(shop: Shop, buyer: Buyer) -> None:
    _pays_and_never_returns(buyer)
    shop.letter(MIRIAM, "Name the Day", patience=10)
    assert "Nothing is broken" in shop.command("check")


def test_f_with_webhooks_dropped_it_is_held_by_the_expiry_tick(shop: Shop, buyer: Buyer) -> None:
    shop.control("faults", kind="webhook_dropped", count=-1)
    _pays_and_never_returns(buyer)
    assert shop.letters(MIRIAM) == []
    shop.advance("46m")
    shop.letter(MIRIAM, "Name the Day")
    assert "Nothing is broken" in shop.command("check")


def _pays_and_never_returns(buyer: Buyer) -> None:
    buyer.page.route("**/orders/**", lambda route: route.abort())
    buyer.fills_in(EBOOK, MIRIAM)
    buyer.page.fill("[name=cardnumber]", VISA)
    buyer.page.fill("[name=exp]", "12 / 34")
    buyer.page.fill("[name=cvc]", "123")
    with buyer.page.expect_request("**/orders/**"):
        buyer.page.click("#pay", no_wait_after=True)
    buyer.page.close()


def test_a_creator_moves_a_launch_and_every_buyer_is_told(shop: Shop, buyer: Buyer, browser: Browser) -> None:
    buyer.orders(COURSE, MIRIAM)
    shop.command(
        "account",
        "create",
        "--email",
        "hanne@forthcoming.example",
        "--name",
        "Hanne Vos",
        "--password",
        "a long password",
    )
    page = browser.new_page()
    page.goto(f"{shop.base_url}/studio")
    page.fill("[name=email]", "hanne@forthcoming.example")
    page.fill("[name=password]", "a long password")
    page.click("main button")
    page.goto(f"{shop.base_url}/studio/products/{COURSE}")
    page.fill("[name=time]", "18:30")
    page.fill("[name=reason]", "Lesson three is not true yet.")
    page.click("text=See what it does")
    page.click("button[value=do]")
    letter = shop.letter(MIRIAM, "moves")
    assert "Lesson three is not true yet." in letter["text"]
    assert "18:30 in Berlin" in letter["text"]
    page.close()
    buyer.is_content()
