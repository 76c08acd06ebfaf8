"""A visitor of the studio, and the checks that every page they see passes."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from storefront.clock import Clock
from storefront.models.products import Launch, Product
from storefront.settings import Settings
from tests.support.world import BERLIN, KEY, SECRET, SECRET_KEY, World

INES, TOM, OWNER, MIRIAM = "ines@forthcoming.example", "tom@b.example", "owner@b.example", "miriam@posteo.de"
PASSWORD = "paper and patience"
HOME = "/studio/products/databases-by-hand"
INLINE = {"a", "b", "strong", "span", "time"}


@dataclass(frozen=True)
class HandClock(Clock):
    """Shows the world's time."""

    world: World | None = None

    def now(self) -> datetime:
        assert self.world is not None
        return self.world.now


class Page(HTMLParser):
    """A page as a test reads it, and the checks every page passes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.fields: dict[str, dict[str, str]] = {}
        self.heads: list[int] = []
        self.bare: list[str] = []
        self.faults: list[str] = []
        self.words: list[str] = []
        self.wrapped = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.faults += [f"{tag} has {name}" for name in given if name == "style" or name.startswith("on")]
        self.words += [] if tag in INLINE else [" "]
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "label":
            self.wrapped += 1
            self.labelled.add(given.get("for", ""))
        if tag == "script" and "src" not in given:
            self.faults.append("an inline script")
        if re.fullmatch("h[1-6]", tag):
            self.heads.append(int(tag[1]))
        if tag in {"input", "textarea", "select"}:
            self._field(given)

    def _field(self, given: dict[str, str]) -> None:
        if given.get("type") != "radio" or "checked" in given:
            self.fields[given.get("name", "")] = given
        if given.get("type") != "hidden" and not self.wrapped:
            self.bare.append(given.get("id", ""))

    def handle_endtag(self, tag: str) -> None:
        self.wrapped -= tag == "label"
        self.words += [] if tag in INLINE else [" "]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        """What a person reads, blanks made one."""
        return " ".join("".join(self.words).split())

    def check(self) -> None:
        assert self.faults == []
        assert set(self.bare) <= self.labelled, "a field has no label"
        assert len(self.ids) == len(set(self.ids)), f"twice on the page: {self.ids}"
        assert self.heads.count(1) == 1, "a page has one first heading"
        assert all(b - a <= 1 for a, b in zip(self.heads, self.heads[1:], strict=False)), self.heads


@dataclass
class Visitor:
    """A browser without script: keeps cookies and the form it saw last."""

    app: Flask
    page: Page = field(default_factory=lambda: Page(""))

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def get(self, url: str, status: int = 200) -> Page:
        return self._seen(self.client.get(url), status)

    def post(self, url: str, status: int = 303, **fields: Any) -> Page:
        token = self.page.fields.get("csrf_token", {}).get("value", "")
        answer = self.client.post(url, data={"csrf_token": token, **fields})
        page = self._seen(answer, status)
        return self.get(answer.headers["Location"]) if status == 303 else page

    def _seen(self, answer: TestResponse, status: int) -> Page:
        assert answer.status_code == status, (
            answer.status_code,
            answer.headers.get("Location"),
            Page(answer.text).text,
        )
        if answer.mimetype == "text/html" and status < 500 and status not in {302, 303}:
            self.page = Page(answer.text)
            self.page.check()
        return self.page

    def signs_in(self, email: str = INES, url: str = "/signin") -> Page:
        self.get(url)
        fields: dict[str, Any] = {"next": self.page.fields["next"]["value"]} if "next" in self.page.fields else {}
        return self.post("/signin", email=email, password=PASSWORD, **fields)

    def launches_on(self, day: str, clock: str = "10:00", status: int = 200, **more: Any) -> Page:
        """Fill in the day and press "See what it does"."""
        typed = {"day": day, "time": clock, "zone": BERLIN, "reason": "", "step": "look"} | more
        return self.post(f"{HOME}/launch", status, **typed)

    def confirms(self, status: int = 303) -> Page:
        """Press the button under what was said."""
        carried = {name: each["value"] for name, each in self.page.fields.items() if name != "csrf_token"}
        return self.post(f"{HOME}/launch", status, **carried, step="do")


def settings(world: World, folder: Path, **more: str) -> Settings:
    env = {
        "DATABASE_URL": world.db.engine.url.render_as_string(hide_password=False),
        "SECRET_KEY": SECRET_KEY,
        "BASE_URL": "http://127.0.0.1:8000",
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "STRIPE_API_BASE": world.sandbox.url,
        "STRIPE_RATE": "0",
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_DEFAULT_SENDER": "letters@forthcoming.example",
        "DATA_DIR": str(folder / "data"),
        "SHELF_URL": str(world.app.extensions["shop"].settings.shelf),
    }
    return Settings.from_env(env | more)


def launch_of(world: World, slug: str = "databases-by-hand") -> Launch:
    with world.read() as session:
        found: Launch = session.scalars(select(Launch).join(Product).where(Product.slug == slug)).one()
        return found


def listen(app: Flask) -> list[str]:
    """Every question the application asks its database from now on."""
    asked: list[str] = []
    engine = app.extensions["shop"].db.engine
    event.listen(engine, "before_cursor_execute", lambda _c, _k, statement, *_rest: asked.append(statement))
    return asked
