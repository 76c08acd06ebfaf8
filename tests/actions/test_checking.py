"""`storefront check` names each thing that is broken: a shop is broken by hand, and the sentence is there."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from storefront.actions import launching
from storefront.actions.checking import check
from storefront.models.events import StripeEvent
from storefront.models.grants import Grant
from storefront.models.letters import Letter
from storefront.models.log import LogRow
from storefront.models.orders import Attempt, Checkout, Order, Promise
from storefront.models.products import Launch, Product
from storefront.models.stock import UnitMove
from tests.support.world import World

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def bought(small_world: World) -> World:
    """A paid and opened order (1), a held one (2), and nothing broken."""
    small_world.orders(small_world.product("course", days=None))
    small_world.orders(small_world.product("book", days=3))
    small_world.tick()
    small_world.advance(hours=1)
    assert broken(small_world) == []
    return small_world


def broken(world: World, later: timedelta = timedelta()) -> list[str]:
    with world.read() as session:
        return check(session, world.now + later)


def breaks(world: World, change: Any) -> None:
    with world.db.write() as session:
        session.execute(change)


def test_a_shop_at_work_has_nothing_broken(bought: World) -> None:
    bought.advance(days=3)
    bought.tick()
    assert broken(bought) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (update(Attempt).values(moved=0), "is paid, and the ledger has 0"),
        (update(Attempt).where(Attempt.moved > 0).values(moved=9900), "more than its price of 2900"),
        (update(Attempt).where(Attempt.order_id == 2).values(moved=5), "is held, and the ledger has"),
        (update(Grant).values(revoked_at=Grant.granted_at), "is paid and launched, and has no live grant"),
        (update(Order).values(state="past_due"), "is past_due, and has a live grant"),
        (update(Product).values(taken=7), "counts 7 taken, and its live orders have 1"),
        (update(Order).where(Order.id == 2).values(unit=False), "lacks a unit"),
        (delete(UnitMove), "do not add up to what it has"),
        (update(Order).where(Order.id == 2).values(state="cancelled"), "has ended, and its hold pi_"),
        (update(Order).where(Order.id == 2).values(state="cancelled"), "has ended, and its card is still saved"),
        (update(Order).where(Order.id == 2).values(promise_version=2), "was moved, and no letter says so"),
        (delete(Letter).where(Letter.kind == "access"), "has access, and no letter says so"),
        (delete(Promise).where(Promise.order_id == 2), "has no promise of version 1 at its price"),
        (update(Order).where(Order.id == 2).values(price=5), "has no promise of version 1 at its price"),
        (
            update(LogRow).where(LogRow.after == "held").values(after="refunded"),
            "moves order 2 from placed to refunded",
        ),
        (delete(LogRow).where(LogRow.after == "held"), "is held, and its log ends at placed"),
        (update(Checkout).where(Checkout.order_id == 2).values(won=False), "secured money for an order that had ended"),
    ],
)
def test_what_was_broken_by_hand_is_named(bought: World, change: Any, said: str) -> None:
    breaks(bought, change)
    assert [each for each in broken(bought) if said in each], broken(bought)


def test_an_order_that_was_charged_before_its_day_is_named(bought: World) -> None:
    taken = {"kind": "capture", "moved": 1900, "closed_at": bought.now}
    breaks(bought, update(Attempt).where(Attempt.order_id == 2, Attempt.kind == "session").values(**taken))
    assert [each for each in broken(bought) if "charged before the day it was promised" in each]


def test_a_letter_that_nobody_could_send_is_told_after_a_day(bought: World) -> None:
    breaks(bought, update(Letter).where(Letter.id == 1).values(sent_at=None, trouble="550 no such user"))
    assert broken(bought) == []
    told = broken(bought, DAY)
    assert [each for each in told if "has been owed since" in each and "550 no such user" in each]


def test_an_event_about_nothing_we_know_is_told_after_a_day(bought: World) -> None:
    with bought.db.write() as session:
        facts = {"type": "checkout.session.completed", "object_id": "cs_x", "payload": {}}
        session.add(StripeEvent(id="evt_1", received_at=bought.now, due_at=bought.now, **facts))
    assert broken(bought, DAY - HOUR) == []
    assert [each for each in broken(bought, DAY) if "evt_1" in each and "cs_x" in each]


def test_a_launch_that_nobody_ran_is_told(bought: World) -> None:
    assert [each for each in broken(bought, 4 * DAY) if "Does the worker run?" in each]


def test_a_call_that_is_open_for_an_hour_is_told(bought: World) -> None:
    breaks(bought, update(Attempt).where(Attempt.id == 1).values(outcome=None, detail="no route"))
    assert [each for each in broken(bought, HOUR) if "is open for over an hour: no route" in each]


def test_an_order_that_is_due_and_not_charged_is_told(bought: World) -> None:
    bought.advance(days=3)
    launching.launch_due(bought.db, bought.now)
    assert [each for each in broken(bought, HOUR) if "has been due for over an hour, and is held" in each]


def test_a_launch_is_named_by_its_product(bought: World) -> None:
    breaks(bought, update(Launch).where(Launch.product_id == 2).values(at=bought.now - DAY))
    assert [each for each in broken(bought) if each.startswith("Launch: book was due at")]
