"""The real parts a bench is made of: databases, a sandbox, processes, and orders that wait for their launch."""

import json
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from sqlalchemy import insert, select, update

import storefront.models
from storefront.models.accounts import Account
from storefront.models.db import Base, Database
from storefront.models.letters import Letter
from storefront.models.log import LogRow
from storefront.models.orders import Order, Promise
from storefront.models.products import Launch, Lesson, Offer, Product
from storefront.models.stock import UnitMove
from tests.support.databases import new_on
from tests.support.world import BERLIN, KEY, Sandbox, environment

assert storefront.models.__all__, "every table is known before they are made"
ROOT = Path(__file__).resolve().parents[2]
THREADS = 8
HOLD_LIFE = timedelta(days=6)
T = TypeVar("T")


@dataclass
class Bench:
    """What every bench works with. `postgres` is the server's address, `folder` is scratch."""

    sandbox: Sandbox
    postgres: str
    folder: Path
    count: int = 0

    def database(self, kind: str) -> str:
        """A new, empty database with the shop's tables; its address."""
        self.count += 1
        url = new_on(self.postgres) if kind == "postgresql" else f"sqlite:///{self.folder}/{self.count}.db"
        with opened(url) as db:
            Base.metadata.create_all(db.engine)
        return url

    def env(self, database_url: str) -> dict[str, str]:
        """What a process of the shop is told."""
        return os.environ | environment(database_url, self.sandbox, self.folder, PYTHONWARNINGS="ignore")


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """A database, closed at the end."""
    db = Database(url)
    yield db
    db.engine.dispose()


def say(words: str) -> None:
    """Tell whoever waits how far it is."""
    print(words, file=sys.stderr, flush=True)


def run(env: dict[str, str], *command: str, stdin: str = "") -> dict[str, Any]:
    """Run a program of this folder in a process of its own; what it printed."""
    line = [sys.executable, "-m", *command]
    done = subprocess.run(line, env=env, cwd=ROOT, input=stdin.encode(), capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command} failed: {done.stderr.decode()[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def holds(sandbox: Sandbox, count: int) -> list[str]:
    """So many live holds at the sandbox; their ids."""
    lines, address = threading.local(), urlsplit(sandbox.url).netloc
    body = {"amount": 1900, "currency": "eur", "payment_method": "pm_card_visa", "confirm": "true"}
    body |= {"capture_method": "manual", "off_session": "true", "allowed_payment_method_types[0]": "card"}
    form, head = (
        urlencode(body),
        {"Authorization": f"Bearer {KEY}", "Content-Type": "application/x-www-form-urlencoded"},
    )

    def one(_: int) -> str:
        if not hasattr(lines, "open"):
            lines.open = HTTPConnection(address, timeout=30)
        lines.open.request("POST", "/v1/payment_intents", form, head)
        made = json.loads(lines.open.getresponse().read())
        return str(made["id"])

    return in_threads(one, range(count))


def in_threads(verb: Callable[[Any], T], things: Iterable[Any], threads: int = THREADS) -> list[T]:
    """Do it for all, some at a time."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(verb, things))


def product(db: Database, *, stock: int | None, days: float) -> int:
    """A course at 19 €, out in some days; limited stock, or none."""
    now = datetime.now(UTC)
    at = now + timedelta(days=days)
    with db.write() as session:
        creator = Account(email="ines@forthcoming.example", name="Ines Okafor", role="creator", created_at=now)
        made = Product(slug="by-hand", creator=creator, kind="course", title="By Hand", lead="-", currency="EUR")
        made.created_at, made.stock = now, stock
        made.offers = [Offer(position=1, name="Regular price", price=1900)]
        made.lessons = [Lesson(position=1, slug="one", title="Pages", source="A page is a page.")]
        made.launch = Launch(at=at, wall=at.isoformat(timespec="minutes")[:16], zone=BERLIN)
        session.add(made)
        session.flush()
        return made.id


def held(db: Database, intents: list[str]) -> None:
    """Orders whose holds are these, of a product whose moment has come."""
    product_id, now = product(db, stock=None, days=-0.001), datetime.now(UTC)
    with db.write() as session:
        offer = session.scalars(select(Offer.id)).one()
        places = {"product_id": product_id, "offer_id": offer}
        shop = secrets.token_hex(6)  # the part of each mark, and so of each key, that no other shop has
        session.execute(insert(Order), [_order(n, intent, shop, now) | places for n, intent in enumerate(intents)])
        ids = session.scalars(select(Order.id).order_by(Order.id)).all()
        session.execute(insert(Promise), [_promise(order_id, now) for order_id in ids])
        for before, after in ((None, "placed"), ("placed", "held")):
            told = {"at": now, "who": "buyer", "why": "bench", "before": before, "after": after}
            session.execute(insert(LogRow), [told | {"order_id": order_id} for order_id in ids])
        told = {"kind": "confirmed", "version": 1, "owed_at": now, "due_at": now, "sent_at": now}
        letters = [told | {"order_id": order_id, "recipient": f"b{n}@posteo.example"} for n, order_id in enumerate(ids)]
        session.execute(insert(Letter), letters)
        moved = places | {"change": 1, "at": now, "why": "placed"}
        session.execute(insert(UnitMove), [moved | {"order_id": order_id} for order_id in ids])
        for table in (Product, Offer):
            session.execute(update(table).values(taken=len(ids)))


def _order(number: int, intent: str, shop: str, now: datetime) -> dict[str, Any]:
    return {
        "number": f"FC-{number:07}",
        "nonce": f"{shop}-{number:012}",
        "link_sha256": f"{number:064}",
        "kind": "pre_order",
        "mode": "hold",
        "state": "held",
        "email": f"b{number}@posteo.example",
        "currency": "EUR",
        "price": 1900,
        "placed_at": now,
        "placed_from": f"{number}",
        "hold_intent": intent,
        "capture_before": now + HOLD_LIFE,
        "delay_due_at": now + timedelta(days=1),
        "card": "Visa ending 4242",
    }


def _promise(order_id: int, now: datetime) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "version": 1,
        "made_at": now,
        "cause": "ordered",
        "launch_generation": 1,
        "not_before": now - timedelta(minutes=1),
        "by": now - timedelta(minutes=1),
        "wall": "2026-01-01T10:00",
        "zone": BERLIN,
        "content": "By Hand",
        "bonuses": [],
        "price": 1900,
        "currency": "EUR",
        "policy": "policy",
    }
