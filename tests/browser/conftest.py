"""A running shop for the stories; each story has buyers and products of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.buyer import HANNE, Buyer
from tests.support.browser import visit
from tests.support.processes import Shop, running


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop on SQLite, as `make demo` runs it."""
    with running(tmp_path / "data") as shop:
        yield shop


@pytest.fixture
def postgres_shop(tmp_path: Path, postgres_url: str) -> Iterator[Shop]:
    """The same on PostgreSQL."""
    with running(tmp_path / "data", postgres_url) as shop:
        yield shop


@pytest.fixture(params=["shop", "postgres_shop"])
def either_shop(request: pytest.FixtureRequest) -> Shop:
    """Once on each database."""
    shop: Shop = request.getfixturevalue(request.param)
    return shop


@pytest.fixture
def buyer(shop: Shop, page: Page) -> Buyer:
    """Somebody in front of that shop."""
    return Buyer(shop, page)


@pytest.fixture
def creator(shop: Shop, browser: Browser) -> Iterator[Buyer]:
    """The course's creator at a browser of her own; her password was typed twice on a terminal."""
    words = ("account", "create", "--email", HANNE, "--name", "Hanne Vos")
    shop.command(*words, stdin="a long password\na long password\n")
    with visit(browser) as page:
        yield Buyer(shop, page)
