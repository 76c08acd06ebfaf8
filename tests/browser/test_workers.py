"""Workers that share the work, and workers that die."""

from typing import Any, TypeVar

import pytest
from sqlalchemy import select

import storefront.models
from storefront.models.db import Database
from storefront.models.grants import Grant
from storefront.models.orders import Order
from tests.support.crowd import pre_orders
from tests.support.processes import Shop, until

assert storefront.models.__all__, "every table is known before one is asked"
EBOOK = "name-the-day"
CROWD = 60
T = TypeVar("T")


def crowd(shop: Shop, count: int) -> list[str]:
    """So many pre-orders of the e-book, each from a household of its own."""
    return [pre_orders(shop, EBOOK, f"buyer{n}@posteo.example", f"127.0.0.{n % 50 + 2}") for n in range(count)]


def opened(shop: Shop) -> list[dict[str, Any]]:
    return [each for each in shop.letters() if each["subject"].startswith("Open now")]


def money_in(shop: Shop) -> list[tuple[str, int]]:
    """The charges that were captured, as Stripe has them."""
    return [(each["payment_intent"], each["amount"]) for each in shop.at_stripe("charges") if each["captured"]]


def test_two_workers_launch_sixty_orders_each_once(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.start_worker("second")
    crowd(shop, CROWD)
    launch = shop.launch_of(EBOOK)
    shop.advance_to(EBOOK)
    until(lambda: len(opened(shop)) >= CROWD, "sixty letters")
    until(lambda: len(money_in(shop)) >= CROWD, "sixty captures")
    until(lambda: states(shop) == ["paid"] * CROWD, "everything to come to rest")
    assert len(set(money_in(shop))) == len(money_in(shop)) == CROWD
    assert {amount for _, amount in money_in(shop)} == {1400}
    assert len({each["idempotency_key"] for each in shop.calls("/capture")}) == CROWD
    assert live_grants(shop) == CROWD
    assert len(opened(shop)) == len({each["to"] for each in opened(shop)}) == CROWD
    assert shop.command("check") == ""
    longest = (max(shop.accepted_at(each) for each in opened(shop)) - launch).total_seconds()
    with capsys.disabled():
        print(f"\nlongest time from T to a letter accepted: {longest:.1f} s, {CROWD} orders, 2 workers")
    assert 0 < longest < 60


def test_a_worker_killed_between_a_capture_and_its_record_is_followed_by_one_capture(either_shop: Shop) -> None:
    shop = either_shop
    pre_orders(shop, EBOOK, "miriam@posteo.example")
    shop.control("faults", kind="timeout_after_commit", match="POST /v1/payment_intents/*/capture", hang=30)
    shop.advance_to(EBOOK)
    until(lambda: money_in(shop), "the capture")
    shop.kill("worker")
    assert states(shop) == ["held"], "the money is taken, and nobody here knows"
    shop.start_worker("worker")
    shop.advance("3m")
    until(lambda: states(shop) == ["paid"], "the restarted worker to record it")
    assert [amount for _, amount in money_in(shop)] == [1400]
    assert shop.at_stripe("refunds") == []
    keys = {each["idempotency_key"] for each in shop.calls("/capture")}
    assert len(keys) == 1, "asked again with the same key"
    until(lambda: opened(shop), "the letter")
    ids = {each["message_id"] for each in opened(shop)}
    assert len(ids) == 1, "a letter may come twice after a crash, as the same letter"
    assert live_grants(shop) == 1
    assert shop.command("check") == ""


def live_grants(shop: Shop) -> int:
    """The grants that stand, from the database itself."""
    return len([each for each in rows(shop, Grant) if each.live])


def states(shop: Shop) -> list[str]:
    """The states of all orders, likewise."""
    return [each.state for each in rows(shop, Order)]


def rows(shop: Shop, table: type[T]) -> list[T]:
    db = Database(shop.env["DATABASE_URL"])
    with db.read() as session:
        found = list(session.scalars(select(table)))
        session.expunge_all()
    db.engine.dispose()
    return found
