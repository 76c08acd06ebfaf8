"""Workers that share the work, and workers that die."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from tests.support.crowd import pre_orders
from tests.support.processes import Shop, until

EBOOK = "name-the-day"
CROWD = 60


def crowd(shop: Shop, count: int) -> list[str]:
    """So many pre-orders of the e-book, each from a household of its own."""
    return [pre_orders(shop, EBOOK, f"buyer{n}@posteo.example", f"127.0.0.{n % 50 + 2}") for n in range(count)]


def opened(shop: Shop) -> list[dict[str, str]]:
    return [each for each in shop.letters() if each["subject"].startswith("Open now")]


def test_two_workers_launch_sixty_orders_each_once(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.start_worker("second")
    crowd(shop, CROWD)
    shop.advance_to(EBOOK)
    launch = shop.now()
    until(lambda: len(opened(shop)) >= CROWD, "sixty letters", 90)
    until(lambda: len(shop.calls("/capture")) >= CROWD, "sixty captures", 90)
    until(lambda: "Nothing is broken" in shop.command("check", ok=False), "everything to come to rest", 60)
    assert len(opened(shop)) == CROWD
    assert len({each["to"] for each in opened(shop)}) == CROWD
    assert len({each["idempotency_key"] for each in shop.calls("/capture")}) == CROWD
    last = max(accepted(each) for each in opened(shop))
    with capsys.disabled():
        print(
            f"\nlongest time from T to a letter accepted: {(last - launch).total_seconds():.1f} s, {CROWD} orders, 2 workers"
        )
    assert last - launch < timedelta(seconds=60)


def accepted(letter: dict[str, str]) -> datetime:
    return parsedate_to_datetime(letter["date"])


def test_a_worker_killed_between_a_capture_and_its_record_is_followed_by_one_capture(either_shop: Shop) -> None:
    shop = either_shop
    pre_orders(shop, EBOOK, "miriam@posteo.example")
    shop.control("faults", kind="timeout_after_commit", match="POST /v1/payment_intents/*/capture", hang=30)
    shop.advance_to(EBOOK)
    until(lambda: shop.calls("/capture"), "the capture")
    shop.kill("worker")
    assert "paid" not in states(shop)
    shop.start_worker("worker")
    shop.advance("3m")
    until(lambda: "paid" in states(shop), "the restarted worker to record it")
    keys = {each["idempotency_key"] for each in shop.calls("/capture")}
    assert len(keys) == 1, "asked again with the same key"
    ids = {each["message_id"] for each in shop.letters("miriam@posteo.example")}
    assert len(ids) == 2, "a letter may come twice after a crash, as the same letter"
    assert "Nothing is broken" in shop.command("check")


def states(shop: Shop) -> list[str]:
    """The states of all orders, from the database itself."""
    from sqlalchemy import select

    from storefront.models.db import Database
    from storefront.models.orders import Order

    db = Database(shop.env["DATABASE_URL"])
    with db.read() as session:
        found = list(session.scalars(select(Order.state)))
    db.engine.dispose()
    return found
