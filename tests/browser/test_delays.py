"""Stories of a day that moves: ten days later, sixty days later, an answer, and a mail scanner that opens every link."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import requests
from playwright.sync_api import expect

from tests.browser.buyer import HANNE, Buyer
from tests.browser.test_stories import COURSE, MIRIAM, says
from tests.support.processes import Shop, link_in, until

BERLIN = ZoneInfo("Europe/Berlin")


def moves(shop: Shop, creator: Buyer, days: int, gift: str = "") -> datetime:
    """Hanne moves the course by some days; when it was due before."""
    was = shop.launch_of(COURSE)
    creator.goes_to("/studio")
    creator.signs_in(HANNE, "a long password")
    creator.goes_to(f"/studio/products/{COURSE}")
    new = (was + timedelta(days=days)).astimezone(BERLIN)
    creator.page.fill("#field-day", f"{new:%Y-%m-%d}")
    creator.page.fill("#field-reason", "The last lesson is not good enough yet.")
    if gift:
        creator.page.select_option("#field-gift", "amount")
        creator.page.fill("#field-gift_size", gift)
    creator.looks()
    creator.follows("text=See what it does")
    creator.looks()
    creator.follows("button[name=step][value=do]")
    expect(creator.page.locator("text=The day is set")).to_be_visible()
    return was


def test_ten_days_later_silence_agrees_and_the_order_page_says_why(shop: Shop, buyer: Buyer, creator: Buyer) -> None:
    order = buyer.orders(COURSE, MIRIAM)
    was = moves(shop, creator, 10)
    letter = shop.letter(MIRIAM, "Moves to")
    assert "if we hear nothing until" in " ".join(letter["text"].split())
    buyer.page.goto(order)
    expect(buyer.page.locator("text=The last lesson is not good enough yet.")).to_be_visible()
    buyer.looks()
    shop.advance(f"{int((was - shop.now()).total_seconds()) + 60}s")
    until(lambda: "by silence" in requests.get(f"{order}/promise", timeout=30).text, "silence, kept in the ledger")
    says(order, "Your card is saved.")
    buyer.is_content()
    creator.is_content()


def test_sixty_days_later_silence_cancels_and_a_scanner_answers_nothing(
    shop: Shop, buyer: Buyer, creator: Buyer
) -> None:
    order = buyer.orders(COURSE, MIRIAM)
    was = moves(shop, creator, 60)
    link = link_in(shop.letter(MIRIAM, "do you wait?"), "/orders/")
    for _ in range(5):
        assert requests.get(link, timeout=30).status_code == 200
        assert requests.head(link, timeout=30).status_code == 200
    says(order, "Your card is saved.")
    deadline = was + timedelta(days=30)
    shop.advance(f"{int((deadline - shop.now()).total_seconds()) + 60}s")
    says(order, "The new day needed your yes, and none came.")
    shop.letter(MIRIAM, "cancelled")
    creator.is_content()
    buyer.is_content()


def test_whoever_waits_takes_what_is_offered_without_signing_in(shop: Shop, buyer: Buyer, creator: Buyer) -> None:
    order = buyer.orders(COURSE, MIRIAM)
    moves(shop, creator, 60, gift="5.00")
    buyer.page.goto(link_in(shop.letter(MIRIAM, "do you wait?"), "/orders/"))
    buyer.looks()
    buyer.follows("text=I wait, and take")
    expect(buyer.page.locator("text=Noted: you wait.")).to_be_visible()
    buyer.page.goto(f"{order}/promise")
    expect(buyer.page.locator("text=by click, with 5.00")).to_be_visible()
    buyer.looks()
    shop.letter(MIRIAM, "For waiting")
    buyer.is_content()
    creator.is_content()
