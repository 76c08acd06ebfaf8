"""The last unit, wanted by 64 at once through real gunicorn: exactly the stock is sold, and everybody else is told."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import requests
from sqlalchemy import func, select, update

import storefront.models
from storefront.models.db import Database
from storefront.models.orders import LIVE, Order
from storefront.models.products import Offer, Product
from storefront.models.stock import UnitMove
from tests.support.crowd import FromAddress, hidden
from tests.support.processes import Shop
from tests.support.visitor import Page

assert storefront.models.__all__
CROWD = 64
COURSE, EBOOK, SOFTWARE = "what-changed", "name-the-day", "silverfish"


class Till(Shop):
    """A shop without a worker, whose web has as many processes as it is told."""

    web_processes = 2

    def _start(self) -> None:
        self.start_sandbox()
        self._fill()

    def start_web(self) -> None:
        bind, count = f"127.0.0.1:{self.ports['web']}", str(self.web_processes)
        words = ["--bind", bind, "--workers", count, "--threads", "4", "--no-control-socket"]
        self._run("web", "gunicorn", [*words, "wsgi:app"])
        self._await(f"{self.base_url}/healthz", "web")

    def opens_with(self, processes: int) -> None:
        """Open, or open again, with so many processes."""
        if "web" in self.processes:
            self.processes["web"].terminate()
            self.processes["web"].wait(60)
        self.web_processes = processes
        self.start_web()


@pytest.fixture
def till(tmp_path: Path, database_url: str) -> Iterator[Till]:
    """A shop on either database."""
    folder = tmp_path / "data"
    folder.mkdir()
    with Till(folder, database_url) as shop:
        yield shop


@pytest.fixture
def db(till: Till) -> Iterator[Database]:
    """Its database, looked into from outside."""
    db = Database(till.env["DATABASE_URL"])
    yield db
    db.engine.dispose()


@pytest.mark.timeout(900)
def test_of_64_buyers_of_the_last_unit_one_gets_it_and_all_others_are_told(till: Till, db: Database) -> None:
    for round_, processes in enumerate((2, 8), 1):
        till.opens_with(processes)
        for slug, of_stock, sentence in (
            (EBOOK, True, "The last one went while you were here"),
            (COURSE, False, "The price changed while you were here"),
        ):
            _one_left(db, slug, of_stock=of_stock)
            answers = _storm(till, slug)
            assert Counter(each.status_code for each in answers) == {303: 1, 409: CROWD - 1}
            _told(answers, sentence)
            assert _sold(db, slug) == (round_,) * 3
    _twice(till, db)
    assert till.command("check") == ""


def _one_left(db: Database, slug: str, *, of_stock: bool) -> None:
    with db.write() as session:
        product = session.scalars(select(Product).where(Product.slug == slug)).one()
        if of_stock:
            product.stock = product.taken + 1
        else:
            first = min(product.offers, key=lambda each: each.position)
            session.execute(update(Offer).where(Offer.id == first.id).values(units=first.taken + 1))


def _storm(shop: Shop, slug: str) -> list[requests.Response]:
    """Everybody has the page open, and presses at the same moment."""
    gate = Barrier(CROWD)
    with ThreadPoolExecutor(CROWD) as crowd:
        return list(crowd.map(lambda number: _presses(shop, slug, number, gate), range(CROWD)))


def _presses(shop: Shop, slug: str, number: int, gate: Barrier) -> requests.Response:
    with requests.Session() as visitor:
        visitor.mount("http://", FromAddress(f"127.0.2.{number + 2}"))
        visitor.headers["Connection"] = "close"  # a server may hang up on who thinks for long
        form = _form(visitor, shop, slug, f"buyer-{number}@posteo.de")
        gate.wait(60)
        return visitor.post(f"{shop.base_url}/p/{slug}/order", data=form, allow_redirects=False, timeout=60)


def _form(visitor: requests.Session, shop: Shop, slug: str, email: str) -> dict[str, str]:
    page = visitor.get(f"{shop.base_url}/p/{slug}", timeout=60).text
    return {name: hidden(page, name) for name in ("csrf_token", "nonce", "offer_id")} | {
        "email": email,
        "consent": "on",
    }


def _told(answers: list[requests.Response], sentence: str) -> None:
    """Each of the others reads why, on a page that is whole and has kept the address."""
    for each in answers:
        if each.status_code == 409:
            page = Page(each.text)
            page.check()
            assert sentence in page.text
            assert "@posteo.de" in each.text, "what was typed is kept"


def _sold(db: Database, slug: str) -> tuple[int, int, int]:
    """By the counter, by the live orders, and by the ledger of units."""
    with db.read() as session:
        product = session.scalars(select(Product).where(Product.slug == slug)).one()
        orders = select(func.count(Order.id)).where(Order.product_id == product.id, Order.state.in_(LIVE))
        moves = select(func.sum(UnitMove.change)).where(UnitMove.product_id == product.id)
        return product.taken, session.scalar(orders) or 0, session.scalar(moves) or 0


def _twice(shop: Shop, db: Database) -> None:
    """Sixteen sendings of one form are one order, and each is led on."""
    with requests.Session() as visitor:
        form = _form(visitor, shop, SOFTWARE, "twice@posteo.de")
        url, cookies, gate = f"{shop.base_url}/p/{SOFTWARE}/order", visitor.cookies, Barrier(16)

        def press(_number: int) -> int:
            gate.wait(60)
            return requests.post(url, data=form, cookies=cookies, allow_redirects=False, timeout=60).status_code

        with ThreadPoolExecutor(16) as hands:
            assert set(hands.map(press, range(16))) == {303}
    assert _sold(db, SOFTWARE) == (1, 1, 1)
