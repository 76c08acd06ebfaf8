"""What a person does in the browser, in sentences."""

import re

from playwright.sync_api import ConsoleMessage, Page, expect

from tests.support.looks import faults_of
from tests.support.processes import Shop, until

VISA, DECLINES_LATER, ASKS_ALWAYS = "4242 4242 4242 4242", "4000 0000 0000 0341", "4000 0027 6000 3184"
HANNE = "hanne@forthcoming.example"


class Buyer:
    """Somebody at a browser. Every error on the console is a fault of ours."""

    def __init__(self, shop: Shop, page: Page) -> None:
        self.shop, self.page = shop, page
        self.errors: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.errors.append(f"{message.text} ({message.location['url']})")

    def looks(self) -> None:
        """Look at the page on every screen; what is wrong is told at the story's end."""
        self.errors += faults_of(self.page)

    def goes_to(self, path: str) -> None:
        """An address in the shop."""
        self.page.goto(f"{self.shop.base_url}{path}")

    def follows(self, selector: str) -> None:
        """A link or a button that leads to another page, which is there afterwards."""
        with self.page.expect_navigation():
            self.page.click(selector)

    def fills_in(self, slug: str, email: str) -> None:
        """The one form of a product's page."""
        self.goes_to(f"/p/{slug}")
        self.page.fill("#field-email", email)
        if self.page.locator("input[name=consent]").count():
            self.page.check("input[name=consent]")
        self.page.click("#order-button")
        self.page.wait_for_url(re.compile(r"/c/(pay|setup)/"))

    def pays(self, card: str = VISA) -> None:
        """Stripe's page."""
        self.page.fill("[name=cardnumber]", card)
        self.page.fill("[name=exp]", "12 / 34")
        self.page.fill("[name=cvc]", "123")
        self.page.click("#pay")

    def orders(self, slug: str, email: str, card: str = VISA) -> str:
        """The whole way; the order's page."""
        self.fills_in(slug, email)
        self.pays(card)
        self.page.wait_for_url(re.compile("/orders/|/3ds/"))
        if "/3ds/" in self.page.url:
            self.page.click("#authenticate")
            self.page.wait_for_url(re.compile("/orders/"))
        return self.page.url.split("?")[0]

    def reads(self, words: str) -> None:
        """The page's one sentence has these words."""
        expect(self.page.locator("h1")).to_contain_text(words)

    def opens(self, link: str) -> None:
        """An access link, and its button."""
        self.page.goto(link)
        self.follows("#order-button")
        self.page.wait_for_url(re.compile("/library/"))

    def signs_in(self, email: str, password: str) -> None:
        """The door of the studio."""
        self.page.fill("[name=email]", email)
        self.page.fill("[name=password]", password)
        self.page.click("main button")
        self.page.wait_for_url("**/studio")

    def is_content(self) -> None:
        """Nothing went wrong in the browser, and nothing is broken in the shop once its worker has caught up."""
        assert not self.errors, "\n".join(dict.fromkeys(self.errors))
        said = [""]

        def silent() -> bool:
            said[0] = self.shop.command("check", ok=False)
            return said[0] == ""

        until(silent, lambda: f"the check to be silent: {said[0]}")
