"""The sandbox's pages in a real browser, on a phone and a desk, in both themes."""

from __future__ import annotations

import smtplib
from contextlib import closing
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.sandbox.conftest import Local


def pay(page: Page, number: str) -> None:
    """Type a card and press the button."""
    page.fill("#cardnumber", number)
    page.fill("#exp", "12 / 49")
    page.fill("#cvc", "123")
    page.click("#pay")


def shop_answers(page: Page, local: Local) -> None:
    """Let the merchant's pages exist in this browser."""
    page.route(f"{local.shop}/**", lambda route: route.fulfill(body="<h1>The shop</h1>"))


def test_a_buyer_corrects_a_declined_card_and_authenticates(page: Page, local: Local) -> None:
    shop_answers(page, local)
    session = local.payment_session()
    page.goto(session.url)
    pay(page, "4000 0000 0000 9995")
    assert "insufficient funds" in page.inner_text("#problem")
    pay(page, "4000 0000 0000 3155")
    assert "only the test cards" in page.inner_text("#problem")
    pay(page, "4000 0025 0000 3155")
    page.click("#fail")
    assert "could not authenticate" in page.inner_text("#problem")
    pay(page, "4000 0025 0000 3155")
    page.click("#authenticate")
    page.wait_for_url(f"{local.shop}/thanks?session={session.id}")
    assert local.api.checkout.sessions.retrieve(session.id).status == "complete"


def test_the_pages_need_no_script(browser: Browser, local: Local) -> None:
    with closing(browser.new_context(java_script_enabled=False)) as context:
        page = context.new_page()
        shop_answers(page, local)
        for session in (local.payment_session(), local.setup_session()):
            page.goto(session.url)
            pay(page, "4000 0000 0000 0002")
            assert "declined" in page.inner_text("#problem")
            pay(page, "4000 0027 6000 3184")
            page.click("#authenticate")
            page.wait_for_url(f"{local.shop}/thanks?session={session.id}")
            assert local.api.checkout.sessions.retrieve(session.id).status == "complete"


def test_a_buyer_sees_the_tax_of_a_country_before_paying(page: Page, local: Local) -> None:
    shop_answers(page, local)
    price = {"currency": "usd", "unit_amount": 10000, "product_data": {"name": "Foliant"}}
    session = local.payment_session(line_items=[{"price_data": price, "quantity": 1}], automatic_tax={"enabled": True})
    page.goto(session.url)
    page.select_option("#country", "FR")
    pay(page, "4242 4242 4242 4242")
    assert "The total is another one now" in page.inner_text("#notice")
    assert "120.00" in page.inner_text("#pay")
    pay(page, "4242 4242 4242 4242")
    page.wait_for_url(f"{local.shop}/thanks?session={session.id}")
    assert local.api.checkout.sessions.retrieve(session.id).amount_total == 12000


def test_a_customer_saves_another_card_in_the_portal(page: Page, local: Local) -> None:
    shop_answers(page, local)
    missing: list[str] = []
    page.on("response", lambda answer: missing.append(answer.url) if answer.status == 404 else None)
    customer, _ = local.saved_card()
    portal = local.api.billing_portal.sessions.create({"customer": customer, "return_url": f"{local.shop}/me"})
    page.goto(portal.url)
    page.fill("#cardnumber", "4000 0025 0000 3155")
    page.click("#save")
    page.click("#authenticate")
    assert "The new card is saved" in page.inner_text("#done")
    assert "ending in 3155" in page.inner_text("#saved")
    page.click("#back")
    page.wait_for_url(f"{local.shop}/me")
    assert missing == []


def test_a_buyer_may_go_back(page: Page, local: Local) -> None:
    shop_answers(page, local)
    session = local.setup_session()
    page.goto(session.url)
    page.click("#cancel")
    page.wait_for_url(f"{local.shop}/back")
    assert local.api.checkout.sessions.retrieve(session.id).status == "open"


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_fit_every_screen(page: Page, local: Local, width: int, theme: str) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 800})
    url = local.payment_session().url
    taxed = local.payment_session(automatic_tax={"enabled": True}).url
    portal = local.api.billing_portal.sessions.create({"customer": local.saved_card()[0]}).url
    for address in (url, taxed, portal, local.setup_session().url, local.url, f"{local.url}/mail/"):
        page.goto(address)
        assert page.is_visible("text=Sandbox: no money moves.")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_link_of_a_letter_opens_beside_it(page: Page, local: Local) -> None:
    shop_answers(page, local)
    page.context.route(f"{local.shop}/**", lambda route: route.fulfill(body="<h1>The shop</h1>"))
    letter = EmailMessage()
    letter["To"], letter["From"], letter["Subject"] = "ada@example.com", "shop@example.com", "Open now"
    letter.set_content(f"Your link: {local.shop}/access/text")
    html = f'<p>Your <a href="{local.shop}/access/html">link</a></p><script>document.body.innerHTML = "x"</script>'
    letter.add_alternative(html, subtype="html")
    with smtplib.SMTP("127.0.0.1", local.mail_port, timeout=15) as smtp:
        smtp.send_message(letter)
    page.goto(f"{local.url}/mail/")
    page.click("text=Open now")
    with page.expect_popup() as opened:
        page.click("#text a")
    assert opened.value.url == f"{local.shop}/access/text"
    with page.expect_popup() as opened:
        page.frame_locator("iframe").locator("a").click()
    assert opened.value.url == f"{local.shop}/access/html"
