"""Workers that die again and again in the middle of a launch: real processes, real PostgreSQL, kill -9.

3 kills of 60 orders in `make test`; with PROVE=1, as `make prove` sets it, 20 kills of 500 orders.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select, text

import storefront.models
from storefront.actions.attempting import TOGETHER
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
CAPTURE = "POST /v1/payment_intents/*/capture"


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
    shop.advance_to(EBOOK)
    on_duty = {worker: _starts(shop, worker, 0) for worker in WORKERS}
    for number in range(KILLS):
        _wait_until_in_the_middle(shop, db, KILLS - number, set(on_duty.values()))
        victims = chance.choice([WORKERS, WORKERS[:1], WORKERS[1:]]) if number else WORKERS
        for victim in victims:
            shop.kill(victim)
        on_duty |= {victim: _starts(shop, victim, number + 1) for victim in victims}
        shop.advance("130s")  # what they had begun may be taken over
    shop.heal()
    _rests(shop, db)
    _nothing_is_lost_or_doubled(shop, db)
    assert _taken_over(db) > 0, "somebody died in the middle of a call"
    with capsys.disabled():
        print(
            f"\n{KILLS} kills -9 of a worker during a launch of {CROWD} orders: {_taken_over(db)} attempts taken over"
        )


def _starts(shop: Shop, worker: str, number: int) -> str:
    """Start a worker; the name that its connections to the database bear."""
    shop.env["PGAPPNAME"] = f"{worker} {number}"
    shop.start_worker(worker)
    return shop.env.pop("PGAPPNAME")


def _wait_until_in_the_middle(shop: Shop, db: Database, kills: int, on_duty: set[str]) -> None:
    """A share of what is left is captured quickly; then captures are slow, so that whoever dies now dies in some."""
    before = _states(db)["paid"]
    share = (CROWD - before) // (kills + 2)
    shop.heal()
    quick = share if before else max(share, TOGETHER)  # which is how many are recorded at once
    shop.control("faults", kind="slow", match=CAPTURE, count=quick, hang=0.1)
    shop.control("faults", kind="slow", match=CAPTURE, count=-1, hang=3)
    until(
        lambda: _states(db)["paid"] >= before + share and _in_flight(db, shop.now()) and on_duty <= _connected(db),
        lambda: f"{share} captures beyond {before}, some in flight, by {on_duty}; {_states(db)}, {_connected(db)}",
    )


def _in_flight(db: Database, now: datetime) -> int:
    """How many captures somebody who lives is at, by their leases."""
    open_ones = (Attempt.kind == "capture", Attempt.outcome.is_(None), Attempt.leased_until > now)
    with db.read() as session:
        return session.scalar(select(func.count(Attempt.id)).where(*open_ones)) or 0


def _connected(db: Database) -> set[str]:
    with db.read() as session:
        names = text("SELECT application_name FROM pg_stat_activity WHERE datname = current_database()")
        return set(session.scalars(names))


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
