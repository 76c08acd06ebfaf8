"""A world for the verbs: a database, the real client, a sandbox in another process, and a clock in the test's hand."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import Engine, event, select, text

import storefront.models
from storefront.actions import (
    cancelling,
    charging,
    checking,
    compensating,
    delaying,
    granting,
    hearing,
    hearing_mail,
    launching,
    listing,
    mailing,
    ordering,
    preflighting,
    reconciling,
    recovering,
    restocking,
    retrying,
    settling,
    texting,
    visiting,
)
from storefront.app import create_app
from storefront.clock import Clock
from storefront.models import money, taxes
from storefront.models.accounts import Account
from storefront.models.db import Base, Database
from storefront.models.grants import Grant
from storefront.models.letters import Letter
from storefront.models.money import Task
from storefront.models.orders import Order
from storefront.models.products import Bonus, File, Launch, Lesson, Offer, Product
from storefront.models.taxes import TaxPoint
from storefront.outside.shelf import Shelf
from storefront.outside.stripe_gateway import StripeGateway
from storefront.outside.world import Outside
from storefront.rules import launch as launch_rule
from storefront.settings import Settings
from storefront.web.context import Shop
from storefront.web.limits import limiter
from tests.support.ports import free_port

assert storefront.models.__all__
KEY = "sk_test_sandbox_tests"
SECRET = "whsec_for_the_tests_only"
MAIL_SECRET = "mail-reports-are-signed-with-this-one"
SECRET_KEY = "0123456789abcdefghijklmnopqrstuvwxyz-tests"
BASE_URL = "http://127.0.0.1:8000"
SENDER = "letters@forthcoming.example"
BERLIN = "Europe/Berlin"
VISA, MASTERCARD = "4242424242424242", "5555555555554444"
END_THE_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# No keys are looked at. A TRUNCATE would make the files of every table and index anew, which takes thirty times as long.
EMPTY = """
    DO $$ BEGIN
        SET LOCAL session_replication_role = replica;
        {deletes}
        PERFORM setval(CAST(format('%I.%I', schemaname, sequencename) AS regclass), start_value, false) FROM pg_sequences;
    END $$
"""
DECLINES_LATER, ASKS_ALWAYS, DECLINED = "4000000000000341", "4000002760003184", "4000000000000002"
DISPUTES_LATER = "4000000000002685"


@dataclass
class Sandbox:
    """The local Stripe, in a process of its own."""

    url: str
    smtp_port: int = 0

    def control(self, name: str, **body: Any) -> Any:
        """Speak to its control API."""
        answer = requests.post(f"{self.url}/_sandbox/{name}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def now(self) -> datetime:
        """Its clock."""
        return datetime.fromtimestamp(requests.get(f"{self.url}/_sandbox/clock", timeout=30).json()["now"], UTC)

    def calls(self, path: str) -> list[dict[str, Any]]:
        """The calls it has seen on a path (its end is enough)."""
        seen = requests.get(f"{self.url}/_sandbox/log", timeout=30).json()
        rows = seen["calls"] if isinstance(seen, dict) else seen
        return [each for each in rows if str(each["path"]).endswith(path)]

    def texts(self, to: str = "") -> list[dict[str, Any]]:
        """The texts on its phones, oldest first."""
        found: list[dict[str, Any]] = requests.get(f"{self.url}/sms.json", params={"to": to}, timeout=30).json()
        return found[::-1]

    def mail(self, to: str = "") -> list[dict[str, Any]]:
        """The letters in its mailbox, oldest first."""
        found: list[dict[str, Any]] = requests.get(f"{self.url}/mail.json", params={"to": to}, timeout=30).json()
        return sorted(found, key=lambda each: int(each["n"]))


@contextmanager
def sandboxed(webhook_url: str = "http://127.0.0.1:9/") -> Iterator[Sandbox]:
    """A sandbox in a process of its own, while the block runs."""
    port, smtp = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "storefront.sandbox", "--port", str(port), "--smtp-port", str(smtp)]
        command += ["--data-dir", folder, "--webhook-url", webhook_url, "--webhook-secret", SECRET]
        log = (Path(folder) / "log").open("wb")
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": str(Path.cwd())})
        try:
            sandbox = Sandbox(f"http://127.0.0.1:{port}", smtp)
            _await(sandbox.url + "/_sandbox/health", process)
            yield sandbox
        finally:
            process.terminate()
            process.wait(30)
            log.close()


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Sandbox]:
    """One sandbox for the whole run; `sandbox` gives it out empty."""
    with sandboxed() as sandbox:
        yield sandbox


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end and process.poll() is None:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.05)
    raise AssertionError(f"{url} did not answer")


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Sandbox:
    """An empty sandbox that sends no webhooks: actions are called by the test."""
    sandbox_process.control("reset")
    sandbox_process.control("faults", kind="webhook_dropped", count=-1)
    return sandbox_process


@dataclass
class World:
    """Everything a story needs. `now` moves only by `advance`; `app` shares the database, the clock and the outside."""

    db: Database
    outside: Outside
    sandbox: Sandbox
    now: datetime
    app: Flask
    chance: Random = field(default_factory=lambda: Random(7))
    nonces: int = 0

    def advance(self, **span: float) -> datetime:
        """Let time pass, here and at the sandbox."""
        step = timedelta(**span)
        self.sandbox.control("clock/advance", seconds=int(step.total_seconds()))
        self.now += step
        return self.now

    def tick(self) -> None:
        """Everything the worker does, until nothing is left to do: all of it in a row has found nothing."""
        verbs, idle = [*self._verbs(), self.posts, self.texts], 0
        for verb in islice(cycle(verbs), 20 * len(verbs)):
            idle = 0 if verb() else idle + 1
            if idle == len(verbs):
                return
        raise AssertionError("the worker never comes to rest")

    def _verbs(self) -> Iterator[Callable[[], int]]:
        for alone in (
            launching.launch_due,
            restocking.allocate_due,
            listing.offer_due,
            delaying.apply_due,
            delaying.keep_in_touch,
        ):
            yield partial(alone, self.db, self.now)
        for verb in (
            compensating.give_due,
            granting.grant_due,
            hearing.hear_due,
            hearing_mail.hear_due,
            preflighting.preflight_due,
            preflighting.replan_due,
            charging.charge_due,
            retrying.retry_due,
            retrying.remind_due,
            cancelling.cancel_due,
            cancelling.tidy_due,
            settling.settle_ended,
            recovering.take_over,
        ):
            yield partial(verb, self.outside, self.db, self.now)

    def posts(self) -> int:
        """The letters that are owed go out, over SMTP."""
        with self.app.app_context():
            return mailing.post_due(self.outside, self.db, self.now)

    def texts(self) -> int:
        """The texts that are owed go out, to the sandbox."""
        with self.app.app_context():
            return texting.text_due(self.outside, self.db, self.now)

    def reminds(self) -> int:
        """The letters of the grace and of old cards are owed."""
        return retrying.remind_due(self.outside, self.db, self.now)

    def tick_without_charges(self) -> None:
        """Launch and grant only."""
        launching.launch_due(self.db, self.now)
        granting.grant_due(self.outside, self.db, self.now)

    def product(self, slug: str = "databases-by-hand", *, days: float | None = 3, **facts: Any) -> int:
        """A course with an early-bird tier of `units` (50) at 19 € and a bonus, 29 € after; out when `days` is None."""
        early, prices = facts.pop("units", 50), facts.pop("prices", (1900, 2900))
        with self.db.write() as session:
            creator = session.scalar(select(Account).where(Account.email == "ines@forthcoming.example"))
            creator = creator or Account(
                email="ines@forthcoming.example", name="Ines Okafor", role="creator", created_at=self.now
            )
            given = {"kind": "course", "title": "Databases by Hand", "lead": "Build one.", "currency": "EUR"} | facts
            product = Product(slug=slug, creator=creator, created_at=self.now, **given)
            bonus = Bonus(product=product, slug="source", title="Reading the source")
            product.offers = [
                Offer(
                    position=1,
                    name=f"First {early} buyers",
                    price=prices[0],
                    units=early,
                    until_launch=True,
                    bonuses=[bonus],
                ),
                Offer(position=2, name="Regular price", price=prices[1]),
            ]
            product.launch = self._launch(days)
            session.add(product)
            session.flush()
            return product.id

    def fills(self, product_id: int, source: str = "A page is a page.", name: str = "book.pdf") -> str:
        """A lesson, and a file on the shelf, so that it can open; the file's checksum."""
        path = Path(str(self.app.extensions["shop"].settings.data_dir)) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
        stored = self.outside.shelf.put(path)
        facts = {"sha256": stored.sha256, "size": stored.size, "media_type": "application/pdf"}
        with self.db.write() as session:
            session.add(Lesson(product_id=product_id, position=1, slug="one", title="Pages", source=source))
            session.add(File(product_id=product_id, name=name, label="PDF", **facts))
        return stored.sha256

    def _launch(self, days: float | None) -> Launch:
        at = self.now + timedelta(days=days or 0)
        moment = launch_rule.moment_at(at, BERLIN)
        wall = moment.wall.isoformat(timespec="minutes")
        return Launch(at=at, wall=wall, zone=BERLIN, launched_at=self.now if days is None else None)

    def places(self, product_id: int, email: str = "miriam@posteo.de") -> int:
        """Somebody sends the form; the order's id."""
        self.nonces += 1
        with self.db.write() as session:
            product = session.get_one(Product, product_id)
            offer = ordering.current_offer(product, self.now)
            assert offer is not None, "nothing is on offer"
            wish = ordering.Wish(email, offer.id, f"nonce-{self.nonces:016}", f"place-{self.nonces}")
            placed = ordering.place(session, self.outside.links, product, wish, self.chance, self.now)
            assert isinstance(placed, ordering.Placed), placed
            return placed.order.id

    def visits(self, order_id: int) -> str:
        """They are sent to Stripe; the page's address."""
        went = visiting.visit(self.outside, self.db, order_id, self.now)
        assert isinstance(went, visiting.Opened), went
        return went.url

    def pays(self, url: str, card: str = VISA, *, authenticate: bool = True, country: str = "DE") -> requests.Response:
        """They fill in the card at Stripe's page; 3-D Secure is answered when it is asked, and the country."""
        form = {"cardnumber": card, "exp": "12 / 34", "cvc": "123"}
        if self.outside.tax:
            form |= {"country": country, "postal_code": "10969"}
        answer = requests.post(url, data=form, allow_redirects=False, timeout=30)
        while "/c/3ds/" in answer.headers.get("Location", ""):
            step = self.sandbox.url + "/c/3ds/" + answer.headers["Location"].rsplit("/c/3ds/")[1]
            result = "authenticate" if authenticate else "fail"
            answer = requests.post(step, data={"answer": result}, allow_redirects=False, timeout=30)
        return answer

    def orders(self, product_id: int, email: str = "miriam@posteo.de", card: str = VISA, *, country: str = "DE") -> int:
        """The whole way of a buyer: form, Stripe, back."""
        order_id = self.places(product_id, email)
        self.pays(self.visits(order_id), card, country=country)
        self.settles(order_id)
        return order_id

    def settles(self, order_id: int, *, end: bool = False) -> bool:
        """What the return page does."""
        return settling.settle(self.outside, self.db, order_id, self.now, end=end)

    def cancels(self, order_id: int, who: str = "buyer") -> None:
        """Somebody cancels."""
        cancelling.cancel(self.outside, self.db, order_id, who=who, why="changed my mind", now=self.now)

    def moves(
        self,
        product_id: int,
        days: float | None,
        reason: str = "The Windows build fails on long paths.",
        offered: launching.Offered = launching.NOTHING,
    ) -> Any:
        """The creator moves the launch by some days, or takes its day away; None, or why not."""
        with self.db.write() as session:
            launch = session.get_one(Product, product_id).launch
            at = (launch.at or self.now) + timedelta(days=days or 0)
            moment = None if days is None else launch_rule.moment_at(at, BERLIN)
            return launching.schedule(session, launch, moment, reason, self.now, offered=offered)

    def answers(self, order_id: int, *, gift: bool = False) -> str:
        """The buyer waits for the day they were told last; "", or why not."""
        with self.db.write() as session:
            order = session.get_one(Order, order_id, with_for_update=True)
            asked = delaying.last_move(order)
            closed = delaying.agree(session, order, asked.version if asked else 1, self.now, gift=gift)
            return closed.sentence if closed else ""

    def order(self, order_id: int) -> Order:
        """An order as it stands, with everything a test may ask loaded."""
        with self.db.read() as session:
            order = session.get_one(Order, order_id)
            for name in ("product", "offer", "promises", "checkouts", "attempts", "history"):
                getattr(order, name)
            assert order.product.launch is not None
            session.expunge_all()
            return order

    def state(self, order_id: int) -> str:
        """Where an order stands."""
        return self.order(order_id).state

    def grant(self, order_id: int) -> Grant | None:
        """An order's grant."""
        with self.db.read() as session:
            return session.scalar(select(Grant).where(Grant.order_id == order_id))

    def money(self, order_id: int) -> money.Moved:
        """What an order has paid and got back, as our ledger folds."""
        with self.db.read() as session:
            return money.moved(session, order_id)

    def tasks(self) -> list[str]:
        """The sentences of the open tasks."""
        with self.db.read() as session:
            return list(session.scalars(select(Task.sentence).where(Task.closed_at.is_(None)).order_by(Task.id)))

    def reconciles(self, days: float = 40) -> reconciling.Report:
        """Our rows are compared with Stripe's lists."""
        return reconciling.reconcile(self.outside, self.db, self.now, self.now - timedelta(days=days))

    def papers(self, order_id: int) -> list[TaxPoint]:
        """The receipts and credit notes of an order, oldest first."""
        with self.db.read() as session:
            found = taxes.of_order(session, order_id)
            assert all(each.about is None or each.about.number for each in found)
            session.expunge_all()
            return found

    def letters(self, order_id: int) -> list[str]:
        """The kinds of letters owed for an order, in order."""
        with self.db.read() as session:
            return list(session.scalars(select(Letter.kind).where(Letter.order_id == order_id).order_by(Letter.id)))

    def letter_to(self, order_id: int, kind: str) -> str | None:
        """To whom the newest letter of a kind goes."""
        with self.db.read() as session:
            mine = (Letter.order_id == order_id, Letter.kind == kind)
            return session.scalars(select(Letter.recipient).where(*mine).order_by(Letter.id.desc())).first()

    def holds(self) -> list[str]:
        """The holds that are live at Stripe."""
        found = self.at_stripe("payment_intents?limit=100")["data"]
        return [each["id"] for each in found if each["status"] == "requires_capture"]

    def broken(self) -> list[str]:
        """What `storefront check` would say."""
        with self.db.read() as session:
            return checking.check(session, self.now)

    def units(self, product_id: int) -> tuple[int, int]:
        """Units taken of the product, and of its first offer."""
        with self.db.read() as session:
            product = session.get_one(Product, product_id)
            return product.taken, product.offers[0].taken

    def at_stripe(self, path: str) -> Any:
        """An object as Stripe has it."""
        answer = requests.get(f"{self.sandbox.url}/v1/{path}", auth=(KEY, ""), timeout=30)
        answer.raise_for_status()
        return answer.json()

    def read(self) -> Any:
        """A reading transaction, as a context manager."""
        return self.db.read()


def environment(database_url: str, sandbox: Sandbox, folder: Path, **more: str) -> dict[str, str]:
    """The settings of a shop in a test; `more` replaces some."""
    return {
        "DATABASE_URL": database_url,
        "SECRET_KEY": SECRET_KEY,
        "BASE_URL": BASE_URL,
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "MAIL_WEBHOOK_SECRET": MAIL_SECRET,
        "STRIPE_API_BASE": sandbox.url,
        "STRIPE_RATE": "0",
        "TWILIO_ACCOUNT_SID": "ACtests",
        "TWILIO_AUTH_TOKEN": "sandbox",
        "SMS_FROM": "+15005550006",
        "TWILIO_API_BASE": sandbox.url,
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_PORT": str(sandbox.smtp_port),
        "MAIL_DEFAULT_SENDER": SENDER,
        "DATA_DIR": str(folder),
        **more,
    }


@dataclass(frozen=True)
class HandClock(Clock):
    """Shows the time of a world, which only the test moves."""

    world: list[World] = field(default_factory=list)

    def now(self) -> datetime:
        """The world's time."""
        return self.world[0].now


def make_world(sandbox: Sandbox, database_url: str, folder: Path, **more: str) -> World:
    """A world on an empty database of its own, with an application of its own."""
    app = create_app(Settings.from_env(environment(database_url, sandbox, folder, **more)))
    hurry(app.extensions["shop"].db.engine)
    Base.metadata.create_all(app.extensions["shop"].db.engine)
    return furnish(app, app.extensions["shop"], sandbox)


def furnish(app: Flask, shop: Shop, sandbox: Sandbox) -> World:
    """A world around an application: the real one, its Stripe client unpaced and without retries that sleep."""
    clock = HandClock()
    outside = replace(shop.outside, stripe=StripeGateway(KEY, sandbox.url, SECRET, 0, retries=0))
    app.extensions["shop"] = replace(shop, clock=clock, outside=outside, chance=Random(11))
    app.config["MAIL_PORT"] = sandbox.smtp_port
    made = World(shop.db, outside, sandbox, sandbox.now(), app)
    clock.world.append(made)
    limiter.reset()
    return made


@dataclass
class Houses:
    """Applications kept for the whole run, each with its engine and what that has compiled; given out empty."""

    kept: dict[tuple[str, ...], tuple[Flask, Shop]] = field(default_factory=dict)

    def world(self, sandbox: Sandbox, new_database: Callable[[], str], folder: Path, **more: str) -> World:
        """A world on an empty database; `new_database` is asked once for each kind of house."""
        key = (getattr(new_database, "__name__", ""), *(f"{name}={value}" for name, value in sorted(more.items())))
        if key not in self.kept:
            app = create_app(Settings.from_env(environment(new_database(), sandbox, folder, **more)))
            hurry(app.extensions["shop"].db.engine)
            Base.metadata.create_all(app.extensions["shop"].db.engine)
            self.kept[key] = app, app.extensions["shop"]
        app, shop = self.kept[key]
        empty(shop.db.engine)
        shop = replace(shop, settings=replace(shop.settings, data_dir=folder, shelf=folder / "shelf"))
        return furnish(app, replace(shop, outside=replace(shop.outside, shelf=Shelf(folder / "shelf"))), sandbox)


def hurry(engine: Engine) -> None:
    """What a test's SQLite holds need not outlive the machine: nothing waits for the disk."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda made, _record: made.execute("PRAGMA synchronous=OFF"))


def empty(engine: Engine) -> None:
    """Take every row away, and begin to count anew."""
    tables = list(reversed(Base.metadata.sorted_tables))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(END_THE_OTHERS))
            deletes = " ".join(f"DELETE FROM {table.name};" for table in tables)  # noqa: S608 (names of our own)
            connection.execute(text(EMPTY.format(deletes=deletes)))
        else:
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))
            for table in tables:
                connection.execute(table.delete())


@pytest.fixture(scope="session")
def houses() -> Iterator[Houses]:
    """The applications of this run."""
    made = Houses()
    yield made
    for _app, shop in made.kept.values():
        shop.db.engine.dispose()


@pytest.fixture
def world(houses: Houses, sandbox: Sandbox, new_database: Callable[[], str], tmp_path: Path) -> Iterator[World]:
    """A world on an empty database, once on SQLite and once on PostgreSQL."""
    made = houses.world(sandbox, new_database, tmp_path)
    yield made
    made.db.engine.dispose()


@pytest.fixture
def postgres_world(
    houses: Houses, sandbox: Sandbox, new_postgresql: Callable[[], str], tmp_path: Path
) -> Iterator[World]:
    """A world on PostgreSQL only, for what many writers do at once: SQLite has one."""
    made = houses.world(sandbox, new_postgresql, tmp_path)
    yield made
    made.db.engine.dispose()


@pytest.fixture
def taxed_world(houses: Houses, sandbox: Sandbox, new_database: Callable[[], str], tmp_path: Path) -> Iterator[World]:
    """The same, and Stripe reckons the tax."""
    address = {"SHOP_OWNER": "Ines Okafor", "SHOP_ADDRESS": "Lindenstr. 4|10969 Berlin", "SHOP_TAX_ID": "DE123456789"}
    made = houses.world(sandbox, new_database, tmp_path, STRIPE_TAX="1", **address)
    yield made
    made.db.engine.dispose()


@pytest.fixture
def small_world(houses: Houses, sandbox: Sandbox, new_sqlite: Callable[[], str], tmp_path: Path) -> Iterator[World]:
    """A world on SQLite only, for pages: what the database does differently is tested elsewhere."""
    made = houses.world(sandbox, new_sqlite, tmp_path)
    yield made
    made.db.engine.dispose()
