"""A story of three channels: mail that comes back, a text that opens what was ordered, and the inbox that has it all."""

import json
import re
import time
from typing import Any

import requests
from playwright.sync_api import expect

from storefront.rules import mail_news
from tests.browser.buyer import HANNE, Buyer
from tests.browser.test_stories import COURSE, MIRIAM
from tests.support.processes import Shop, until
from tests.support.world import MAIL_SECRET

NUMBER = "+4915123456789"


def text_to(shop: Shop, words: str) -> str:
    """The newest text with these words; waits for it."""

    def found() -> str | None:
        texts: list[dict[str, Any]] = requests.get(f"{shop.sandbox_url}/sms.json", timeout=30).json()
        return next((each["body"] for each in texts if words in each["body"] and each["to"] == NUMBER), None)

    return until(found, f"a text “{words}”")


def comes_back(shop: Shop, letter: dict[str, Any]) -> None:
    """The mail server reports that a letter did not arrive."""
    facts = {"id": f"prov-{letter['n']}", "type": "bounced", "message_id": letter["message_id"]}
    body = json.dumps(facts | {"permanent": True, "reason": "550 5.1.1 no such user"}).encode()
    header = mail_news.sign(MAIL_SECRET, body, int(time.time()))
    answer = requests.post(f"{shop.base_url}/webhooks/mail", data=body, headers={"Mail-Signature": header}, timeout=30)
    assert answer.status_code == 200, answer.text


def test_a_link_that_no_mail_server_takes_arrives_by_text(shop: Shop, buyer: Buyer, creator: Buyer) -> None:
    order = buyer.orders(COURSE, MIRIAM)
    _gives_a_number(shop, buyer)
    comes_back(shop, shop.letter(MIRIAM, "Pre-ordered"))
    _is_told_on_the_page(buyer, order)
    _is_a_task_of(creator)
    shop.advance_to(COURSE)
    buyer.opens(re.findall(r"\S+/access/\S+", text_to(shop, "Open now"))[0])
    assert all("Open now" not in each["subject"] for each in shop.letters(MIRIAM))
    _finds_all_in_the_inbox(buyer, order)
    _wants_no_more_texts(buyer, order)
    buyer.is_content()
    creator.is_content()


def _gives_a_number(shop: Shop, buyer: Buyer) -> None:
    """One that is no number first; then theirs, proved by a code."""
    page = buyer.page
    buyer.follows("text=How we reach you")
    buyer.looks()
    page.fill("#field-phone", "030 901820")
    buyer.follows("text=Send me a code")
    expect(page.locator("text=Begin with + and the country")).to_be_visible()
    buyer.looks()
    buyer.errors.clear()  # a browser reports the 422 itself
    page.fill("#field-phone", "+49 151 23456789")
    page.check("#field-texts")
    buyer.follows("text=Send me a code")
    buyer.looks()
    page.fill("#field-code", text_to(shop, "your code is").split("code is ")[1][:6])
    buyer.follows("text=That is it")
    expect(page.locator("text=The number is yours.")).to_be_visible()
    buyer.looks()


def _is_told_on_the_page(buyer: Buyer, order: str) -> None:
    page = buyer.page
    page.goto(order)
    until(lambda: page.reload() and "come back" in page.content(), "the order’s page tells that letters come back")
    buyer.looks()
    buyer.follows("text=See how we reach you")
    buyer.looks()


def _is_a_task_of(creator: Buyer) -> None:
    creator.goes_to("/studio")
    creator.signs_in(HANNE, "a long password")
    creator.goes_to("/studio/tasks")
    expect(creator.page.locator("text=Letters come back")).to_be_visible()
    creator.looks()
    creator.follows("text=To the order")
    expect(creator.page.get_by_role("button", name="Write to it again")).to_be_visible()
    creator.looks()


def _finds_all_in_the_inbox(buyer: Buyer, order: str) -> None:
    page = buyer.page
    buyer.follows("header >> text=Library")
    expect(page.locator("nav .badge")).to_have_text(re.compile(r"\d"))
    buyer.follows('nav a:has-text("Inbox")')
    buyer.looks()
    buyer.follows("text=Open now")
    expect(page.locator("text=Did not arrive by e-mail")).to_be_visible()
    buyer.looks()
    page.goto(f"{order}/letters")
    buyer.looks()


def _wants_no_more_texts(buyer: Buyer, order: str) -> None:
    buyer.page.goto(f"{order}/reach")
    buyer.follows("text=No more texts")
    expect(buyer.page.locator("text=Nothing more is texted")).to_be_visible()
