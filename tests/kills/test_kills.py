"""Workers that die again and again in the middle of a launch: real processes, real PostgreSQL, kill -9.

3 kills of 60 orders in `make test`; with PROVE=1, as `make prove` sets it, 20 kills of 500 orders.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select

import storefront.models
from storefront.models.db import Database
from storefront.models.grants import Grant
from storefront.models.letters import Letter
from storefront.models.orders import Attempt, Order
from tests.support.crowd import pre_orders
from tests.support.processes import Shop, running, until

assert storefront.models.__all__, "every table is known before one is asked"
PROVE = "PROVE" in os.environ
KILLS, CROWD = (20, 500) if PROVE else (3, 60)
EBOOK = "name-the-day"
WORKERS = ("worker", "second")


@pytest.fixture
def postgres_shop(tmp_path: Path, postgres_url: str) -> Iterator[Shop]:
    """A shop on PostgreSQL whose calls are not paced."""
    with running(tmp_path / "data", postgres_url) as shop:
        yield shop


@pytest.fixture
def db(postgres_shop: Shop) -> Iterator[Database]:
    """The shop's database, looked into from outside."""
    db = Database(postgres_shop.env["DATABASE_URL"])
    yield db
    db.engine.dispose()


@pytest.mark.timeout(1800 if PROVE else 600)
def test_workers_that_are_killed_in_a_launch_lose_nothing_and_double_nothing(
    postgres_shop: Shop, db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    shop, chance = postgres_shop, Random(7)
    with ThreadPoolExecutor(4) as crowd:
        buys = crowd.map(
            lambda n: pre_orders(shop, EBOOK, f"b{n}@posteo.example", f"127.0.1.{n % 50 + 2}"), range(CROWD)
        )
        assert len(list(buys)) == CROWD
    shop.kill("worker")
    shop.control("faults", kind="slow", match="POST /v1/payment_intents/*/capture", count=-1, hang=0.2)
    shop.advance_to(EBOOK)
    for worker in WORKERS:
        shop.start_worker(worker)
    for number in range(KILLS):
        _wait_until_captured(db, (number + 1) * CROWD // (KILLS + 2))
        victims = chance.choice([WORKERS, WORKERS[:1], WORKERS[1:]]) if number else WORKERS
        for victim in victims:
            shop.kill(victim)
        shop.advance("130s")  # what they had begun may be taken over
        for victim in victims:
            shop.start_worker(victim)
    _rests(shop, db)
    _nothing_is_lost_or_doubled(shop, db)
    assert _taken_over(db) > 0, "somebody died in the middle of a call"
    with capsys.disabled():
        print(
            f"\n{KILLS} kills -9 of a worker during a launch of {CROWD} orders: {_taken_over(db)} attempts taken over"
        )


def _rests(shop: Shop, db: Database) -> None:
    """Wait until nothing is left to do; a call whose answer was lost is looked at again when its lease has lapsed."""
    for _ in range(4):
        ends = time.monotonic() + (100 if PROVE else 25)
        while time.monotonic() < ends:
            if _settled(db):
                return
            time.sleep(0.2)
        shop.advance("130s")
    raise AssertionError(f"waited in vain for everything to come to rest; {_states(db)}")


def _wait_until_captured(db: Database, count: int) -> None:
    until(lambda: _states(db)["paid"] >= count, lambda: f"{count} captures; {_states(db)}")


def _settled(db: Database) -> bool:
    with db.read() as session:
        owed = session.scalar(
            select(func.count(Letter.id)).where(Letter.sent_at.is_(None), Letter.dropped_at.is_(None))
        )
        saved = session.scalar(select(func.count(Order.id)).where(Order.payment_method.is_not(None)))
    return _states(db) == Counter(paid=CROWD) and not owed and not saved


def _states(db: Database) -> Counter[str]:
    with db.read() as session:
        return Counter(session.scalars(select(Order.state)))


def _nothing_is_lost_or_doubled(shop: Shop, db: Database) -> None:
    captures = Counter(
        each["idempotency_key"] for each in shop.calls("/capture") if each["status"] == 200 and not each["replayed"]
    )
    assert len(captures) == CROWD
    assert set(captures.values()) == {1}, "each capture was done once; a repeat got the first one's answer"
    with db.read() as session:
        assert (
            session.scalar(select(func.count(Grant.id)).where(Grant.suspended_at.is_(None), Grant.revoked_at.is_(None)))
            == CROWD
        )
    told = Counter(
        (each["to"], each["message_id"]) for each in shop.letters() if each["subject"].startswith("Open now")
    )
    assert len(told) == CROWD
    assert max(told.values()) <= 1 + KILLS, "at most one repeat a crash, as the same letter"
    assert shop.command("check") == ""


def _taken_over(db: Database) -> int:
    with db.read() as session:
        return session.scalar(select(func.count(Attempt.id)).where(Attempt.tries > 1)) or 0
