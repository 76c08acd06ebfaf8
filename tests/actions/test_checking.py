"""`storefront check` names each thing that is broken: a shop is broken by hand, and the sentence is there."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, literal, select, update

from storefront.actions import launching
from storefront.actions.checking import check
from storefront.models.events import StripeEvent
from storefront.models.grants import Grant
from storefront.models.letters import Letter
from storefront.models.log import LogRow
from storefront.models.money import Refund
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


def the(order_id: int) -> Any:
    return update(Order).where(Order.id == order_id)


def of(table: Any, order_id: int) -> Any:
    return update(table).where(table.order_id == order_id)


def again(table: Any, like: str, **otherwise: Any) -> Any:
    """A second row like the one that order 1 has of a kind."""
    columns = [each for each in table.__table__.columns if each.name != "id"]
    copied = [literal(otherwise[each.name]) if each.name in otherwise else each for each in columns]
    first = select(*copied).where(table.order_id == 1, table.kind == like)
    return insert(table).from_select([each.name for each in columns], first)


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
        (the(1).values(paid_intent=None), "is paid with nothing, and its ledger has no such payment"),
        (the(1).values(paid_intent="pi_x"), "is paid with pi_x, and its ledger has no such payment"),
        (the(1).values(hold_intent="pi_x"), "is paid, and its hold pi_x is open"),
        (the(1).values(stray_intent="pi_x"), "no longer lives on pi_x, and it has not been released"),
        (the(1).values(payment_method="pm_x"), "is paid, and its card is still saved"),
        (of(Checkout, 1).values(payment_method="pm_x"), "no longer needs the card pm_x"),
        (the(2).values(capture_before=None), "is held, and nobody knows by what, or until when"),
        (the(2).values(cancel_wished_at=Order.placed_at), "was cancelled at"),
        (the(2).values(ended_at=Order.placed_at), "nobody knows when"),
        (the(2).values(state="past_due"), "has no end to its grace"),
        (of(Promise, 2).values(currency="USD"), "has no promise of version 1 at its price"),
        (of(Grant, 1).values(product_id=2), "has a grant of another product"),
        (of(Letter, 1).where(Letter.kind == "access").values(dropped_at=Letter.owed_at), "has access, and no letter"),
        (of(Letter, 1).where(Letter.kind == "access").values(version=2), "is owed for a link that was never made"),
        (delete(Letter).where(Letter.kind == "confirmed", Letter.order_id == 2), "became held, and no letter says so"),
        (of(LogRow, 1).values(who=""), "of order 1 does not say who"),
        (of(LogRow, 1).values(why=""), "of order 1 does not say why"),
        (of(Attempt, 1).values(closed_at=None), "is closed and has no outcome, or the other way round"),
        (of(Checkout, 2).values(closed_at=None, expires_at=Checkout.opened_at), "nobody has looked how it ended"),
        (again(Letter, "access", recipient="somebody@else.example"), "access 1 of order"),
        (again(Attempt, "session", kind="capture", key="x", stripe_id="pi_y"), "more than its price of 2900"),
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


def test_an_order_that_was_charged_after_its_end_is_named(bought: World) -> None:
    breaks(bought, the(1).values(state="refunded", ended_at=bought.now - DAY))
    breaks(bought, of(Attempt, 1).where(Attempt.kind == "session").values(kind="charge"))
    assert [each for each in broken(bought) if "was charged after it had ended, by session:1:1" in each]


def test_a_payment_that_is_entered_twice_is_named_though_it_was_given_back(bought: World) -> None:
    breaks(bought, of(Attempt, 1).where(Attempt.kind == "session").values(kind="charge", moved=1450, stripe_id="pi_1"))
    breaks(bought, again(Attempt, "charge", key="charge:1:2", generation=2))
    assert [each for each in broken(bought) if "has the payment pi_1 in its ledger twice" in each]


def test_a_refund_of_nobodys_payment_is_named(bought: World) -> None:
    with bought.db.write() as session:
        made = Refund(order_id=1, stripe_id="re_1", intent="pi_x", amount=1, status="failed", who="x", why="x")
        made.made_at = bought.now
        session.add(made)
    assert [each for each in broken(bought) if "returns the payment pi_x, which its ledger has not" in each]


def test_a_held_order_that_is_out_and_shut_is_named_unless_access_waits_for_the_capture(bought: World) -> None:
    bought.advance(days=3)
    launching.launch_due(bought.db, bought.now)
    later = bought.now + HOUR / 2
    with bought.read() as session:
        assert [each for each in check(session, later) if "is held and launched, and has no live grant" in each]
        assert [each for each in check(session, later, "capture") if "has no live grant" in each] == []


def test_a_visit_that_never_began_is_named(bought: World) -> None:
    breaks(bought, the(2).values(state="placed"))
    assert [each for each in broken(bought, HOUR) if "is placed, and its visit to Stripe is over" in each]
