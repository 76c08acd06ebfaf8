"""The story of a withdrawal: from the letter, without signing in, in two steps, to the last cent and its letter."""

import requests
from playwright.sync_api import expect

from tests.browser.buyer import Buyer
from tests.browser.test_stories import MIRIAM, SOFTWARE, says
from tests.support.processes import Shop, link_in, until


def test_what_was_not_opened_is_withdrawn_from_its_letter_in_two_steps(shop: Shop, buyer: Buyer) -> None:
    buyer.orders(SOFTWARE, MIRIAM)
    letter = shop.letter(MIRIAM, "Open now")
    access, order = link_in(letter, "/access/"), link_in(letter, "/orders/")
    until(lambda: [each["amount_captured"] for each in shop.at_stripe("charges")] == [2400], "24 € at Stripe")
    buyer.page.context.clear_cookies()
    buyer.page.goto(order)
    buyer.follows("text=Withdraw from contract here >> nth=0")
    buyer.reads("Withdraw from your order of")
    expect(buyer.page.locator("main")).to_contain_text("All 24")
    buyer.looks()
    assert shop.at_stripe("refunds") == [], "looking changes nothing"
    buyer.follows("text=Confirm withdrawal")
    says(order, "Cancelled. 24 € go back to your card.")
    buyer.looks()
    until(lambda: [each["amount"] for each in shop.at_stripe("refunds")] == [2400], "24 € back at Stripe")
    told = " ".join(shop.letter(MIRIAM, "withdr")["text"].split())
    assert "You have withdrawn from the contract for Silverfish" in told
    assert "order-button" not in requests.get(access, timeout=10).text, "nothing is left to open"
    buyer.is_content()
