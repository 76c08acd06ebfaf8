"""Placing orders on limited stock over HTTP, and a floor: one INSERT and one conditional UPDATE through gunicorn too.

Both sides have the same gunicorn, database and buyers, and make the same two calls to Stripe for each order that is
placed (a customer, a session), so that what is left is ours. The floor is a bare Flask view; its table has no rules.
Before the clock starts, `warm` orders are placed on both sides: a shop that runs has its statements compiled and prepared.
"""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

import requests
from sqlalchemy import select, text

from storefront.models.products import Product
from tests.bench.parts import ROOT, THREADS, Bench, in_threads, opened, product
from tests.support.crowd import FromAddress, hidden
from tests.support.ports import free_port

ADDRESSES = count(1)
PLACED, GONE = 303, 409
FLOOR_TABLES = (
    "CREATE TABLE floor_stock (id integer PRIMARY KEY, taken integer NOT NULL, stock integer NOT NULL)",
    "CREATE TABLE floor_orders (id bigserial PRIMARY KEY, email text NOT NULL, nonce text UNIQUE, price integer)",
)


@dataclass(frozen=True)
class Rush:
    """How a rush went: placed and refused, by status, and how long it took; `sold` is what the counter says."""

    answers: Counter[int]
    seconds: float
    sold: int

    @property
    def rate(self) -> float:
        """Orders placed a second."""
        return self.answers[PLACED] / self.seconds


@dataclass
class Form:
    """A form that lies open in one browser."""

    browser: requests.Session
    url: str
    fields: dict[str, str]

    def send(self) -> int:
        """Press the button; the answer's status."""
        answer = self.browser.post(self.url, data=self.fields, allow_redirects=False, timeout=60)
        self.browser.close()
        return answer.status_code


@contextmanager
def _gunicorn(bench: Bench, database_url: str, app: str) -> Iterator[str]:
    """Two workers of four threads, as in production; the address."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    command = ["-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4"]
    env = bench.env(database_url) | {"BASE_URL": base}
    with (bench.folder / "gunicorn.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *command, "--no-control-socket", app], env=env, cwd=ROOT, stdout=log, stderr=log
        )
    try:
        _await(port, process)
        yield base
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 2).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("gunicorn did not start; see its log")


def _address() -> str:
    """A household of its own for each buyer: a place has its limits."""
    number = next(ADDRESSES)
    return f"127.{1 + number // 60000}.{number // 250 % 240}.{2 + number % 250}"


def _open_form(base: str, number: int) -> Form:
    browser = requests.Session()
    browser.mount("http://", FromAddress(_address()))
    page = browser.get(f"{base}/p/by-hand", timeout=60).text
    browser.close()  # the server ends a connection that lies idle, on either side: each button opens its own
    fields = {name: hidden(page, name) for name in ("csrf_token", "nonce", "offer_id")}
    return Form(browser, f"{base}/p/by-hand/order", fields | {"email": f"b{number}@posteo.example", "consent": "on"})


def _floor_form(base: str, number: int) -> Form:
    browser = requests.Session()
    address = _address()
    browser.mount("http://", FromAddress(address))
    browser.get(f"{base}/", timeout=60)
    browser.close()
    return Form(browser, f"{base}/order", {"nonce": f"floor-{address}", "email": f"b{number}@posteo.example"})


def ours(bench: Bench, buyers: int, stock: int, tries: int, warm: int) -> Rush:
    """So many buyers press so many buttons for so much stock."""
    url = bench.database("postgresql")
    with opened(url) as db:
        product(db, stock=stock + warm, days=40)
    with _gunicorn(bench, url, "wsgi:app") as base:
        forms = in_threads(lambda n: _open_form(base, n), range(warm + tries))
        _press(forms[:warm], THREADS)
        answers, seconds = _press(forms[warm:], buyers)
    with opened(url) as db, db.read() as session:
        return Rush(answers, seconds, session.scalars(select(Product.taken)).one() - warm)


def floor(bench: Bench, buyers: int, stock: int, tries: int, warm: int) -> Rush:
    """The same on the floor."""
    url = bench.database("postgresql")
    with opened(url) as db, db.write() as session:
        for each in FLOOR_TABLES:
            session.execute(text(each))
        session.execute(text("INSERT INTO floor_stock VALUES (1, 0, :stock)"), {"stock": stock + warm})
    with _gunicorn(bench, url, "tests.bench.floor:app") as base:
        forms = in_threads(lambda n: _floor_form(base, n), range(warm + tries))
        _press(forms[:warm], THREADS)
        answers, seconds = _press(forms[warm:], buyers)
    with opened(url) as db, db.read() as session:
        return Rush(answers, seconds, session.execute(text("SELECT taken FROM floor_stock")).scalar_one() - warm)


def _press(forms: list[Form], buyers: int) -> tuple[Counter[int], float]:
    """All start at once, and everybody goes on until no form is left."""
    line, done, gate = iter(forms), Counter[int](), threading.Lock()

    def buys() -> None:
        while True:
            with gate:
                form = next(line, None)
            if form is None:
                return
            status = form.send()
            with gate:
                done[status] += 1

    threads = [threading.Thread(target=buys) for _ in range(buyers)]
    begin = time.perf_counter()
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return done, time.perf_counter() - begin
