"""Receipts and credit notes: one for each movement of money, numbered without a gap, never changed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, select, update

from storefront.actions import taxing
from storefront.actions.refunding import note_by_hand, refund_again
from storefront.models import taxes
from storefront.models.orders import Order
from storefront.models.taxes import DocumentCount, NeverChanges, TaxPoint
from storefront.rules.papers import Series, series
from tests.actions.test_refunding import becomes, bought, by_dashboard, gives_back
from tests.support.world import World


def numbers(world: World, order_id: int) -> list[tuple[str | None, int, str | None]]:
    """Number, amount and what it is about, of each document of an order."""
    return [(each.number, each.amount, each.about.number if each.about else None) for each in world.papers(order_id)]


def year(world: World) -> int:
    return world.now.astimezone(UTC).year


def test_a_payment_has_a_receipt_and_each_refund_a_credit_note_on_it(world: World) -> None:
    order_id, y = bought(world), year(world)
    gives_back(world, order_id, 900)
    gives_back(world, order_id, 500)
    assert numbers(world, order_id) == [
        (f"R-{y}-000001", 2900, None),
        (f"C-{y}-000001", 900, f"R-{y}-000001"),
        (f"C-{y}-000002", 500, f"R-{y}-000001"),
    ]
    world.cancels(order_id, "creator:1")
    assert numbers(world, order_id)[-1] == (f"C-{y}-000003", 1500, f"R-{y}-000001")
    assert world.broken() == []


def test_the_credit_notes_take_back_the_tax_to_the_last_cent(taxed_world: World) -> None:
    order_id = bought(taxed_world)
    for _ in range(3):
        gives_back(taxed_world, order_id, 333)
    taxed_world.cancels(order_id, "creator:1")
    paid, *back = taxed_world.papers(order_id)
    assert (paid.tax, [each.tax for each in back]) == (463, [53, 53, 53, 304])
    assert {(each.rate, each.place) for each in back} == {("19", "DE")}
    with taxed_world.read() as session:
        assert taxes.taxed(session, order_id) == 0


def test_a_refund_that_was_made_at_stripe_gets_its_credit_note_when_it_is_found(world: World) -> None:
    order_id = bought(world)
    by_dashboard(world, order_id, 700)
    world.reconciles()
    world.reconciles()
    assert [amount for _, amount, _ in numbers(world, order_id)] == [2900, 700]
    assert world.broken() == []


def test_a_refund_that_did_not_arrive_is_answered_by_a_correcting_receipt(taxed_world: World) -> None:
    world = taxed_world
    order_id, y = bought(world), year(world)
    world.cancels(order_id, "creator:1")
    (made,) = world.at_stripe("refunds")["data"]
    world.sandbox.control("refunds/resolve", refund=made["id"], status="failed", failure_reason="declined")
    world.reconciles()
    assert numbers(world, order_id) == [
        (f"R-{y}-000001", 2900, None),
        (f"C-{y}-000001", 2900, f"R-{y}-000001"),
        (f"R-{y}-000002", 2900, f"C-{y}-000001"),
    ]
    assert world.money(order_id) == (2900, 0)
    assert refund_again(world.outside, world.db, order_id, "ines", world.now) is None
    assert numbers(world, order_id)[-1] == (f"C-{y}-000002", 2900, f"R-{y}-000001")
    with world.read() as session:
        assert taxes.taxed(session, order_id) == 0
    assert world.broken() == []


def test_money_returned_by_other_means_has_a_credit_note_too(world: World) -> None:
    order_id = bought(world)
    world.cancels(order_id, "creator:1")
    becomes(world, order_id, "failed")
    with world.db.write() as session:
        assert note_by_hand(session, session.get_one(Order, order_id), "ines", "bank transfer", world.now) is None
    last = world.papers(order_id)[-1]
    assert (last.kind, last.amount, last.paper["by_hand"]) == ("refund", 2900, "yes")
    assert world.broken() == []


def test_what_stands_on_a_document_stays_as_it_was(taxed_world: World) -> None:
    world = taxed_world
    order_id = bought(world)
    with world.db.write() as session:
        order = session.get_one(Order, order_id)
        order.email, order.product.title = "else@posteo.de", "Another title"
    gives_back(world, order_id, 900)
    receipt, credit = (each.paper for each in world.papers(order_id))
    assert receipt == credit
    assert {name: receipt[name] for name in ("seller", "address", "tax_id", "email", "title", "card", "zone")} == {
        "seller": "Ines Okafor",
        "address": "Lindenstr. 4|10969 Berlin",
        "tax_id": "DE123456789",
        "email": "miriam@posteo.de",
        "title": "Databases by Hand",
        "card": "Visa ending 4242",
        "zone": "Europe/Berlin",
    }


def amends(point: TaxPoint) -> None:
    point.amount += 1


def tampers(world: World, order_id: int, change: Callable[[TaxPoint], None] | None) -> None:
    with world.db.write() as session:
        point = session.scalars(select(TaxPoint).where(TaxPoint.order_id == order_id)).one()
        if change:
            change(point)
        else:
            session.delete(point)


@pytest.mark.parametrize("change", [amends, None])
def test_a_document_that_was_issued_is_neither_changed_nor_deleted(
    world: World, change: Callable[[TaxPoint], None] | None
) -> None:
    order_id = bought(world)
    with pytest.raises(NeverChanges):
        tampers(world, order_id, change)
    assert world.broken() == []


def counts_and_fails(world: World) -> None:
    with world.db.write() as session:
        taxes.count(session, series(Series.RECEIPT, world.now))
        raise ZeroDivisionError


def test_a_transaction_that_fails_takes_no_number(world: World) -> None:
    first = bought(world)
    with pytest.raises(ZeroDivisionError):
        counts_and_fails(world)
    second = world.orders(world.product("another", days=None))
    assert [numbers(world, each)[0][0] for each in (first, second)] == [
        f"R-{year(world)}-000001",
        f"R-{year(world)}-000002",
    ]


def test_eight_at_once_leave_no_gap_and_never_wait_crosswise(world: World) -> None:
    product_id = world.product(days=2)
    orders = [world.orders(product_id, f"buyer{n}@posteo.de") for n in range(12)]
    world.advance(days=2, minutes=5)
    world.tick()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda each: gives_back(world, each, 500), orders)) == [None] * 12
        list(pool.map(lambda each: world.cancels(each, "creator:1"), orders))
    world.tick()
    y = year(world)
    told = sorted(str(number) for each in orders for number, _, _ in numbers(world, each))
    assert told == [f"C-{y}-{n:06}" for n in range(1, 25)] + [f"R-{y}-{n:06}" for n in range(1, 13)]
    assert world.broken() == []


def test_a_year_ends_at_midnight_utc_and_each_counts_from_one() -> None:
    last, first = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    assert (series(Series.RECEIPT, last), series(Series.CREDIT, first)) == ("R-2026", "C-2027")


def test_what_moved_before_there_were_papers_gets_them(world: World) -> None:
    order_id = bought(world)
    gives_back(world, order_id, 900)
    with world.db.write() as session:
        session.execute(update(TaxPoint).values(about_id=None))
        session.execute(delete(TaxPoint))
        session.execute(delete(DocumentCount))
    assert len(world.broken()) == 1
    assert taxing.paper_due(world.outside, world.db, world.now) == 1
    assert taxing.paper_due(world.outside, world.db, world.now) == 1
    assert taxing.paper_due(world.outside, world.db, world.now) == 0
    assert [amount for _, amount, _ in numbers(world, order_id)] == [2900, 900]
    assert world.broken() == []


def test_where_many_have_paid_papers_are_looked_for_by_each_payment_of_its_own(world: World) -> None:
    bought(world)
    bought(world)
    assert taxing.paper_due(world.outside, world.db, world.now) == 0
    with world.db.read() as session:
        assert session.scalars(taxes.without_receipt()).all() == []


def test_a_missing_number_and_a_missing_document_are_named(world: World) -> None:
    order_id = bought(world)
    with world.db.write() as session:
        taxes.count(session, series(Series.RECEIPT, world.now))
    assert world.broken() == [f"Papers: R-{year(world)} has counted to 2, and 1 of its numbers are there."]
    with world.db.write() as session:
        session.execute(update(TaxPoint).where(TaxPoint.kind == "payment").values(amount=2800))
    number = world.order(order_id).number
    assert f"Papers: those of order {number} come to 2800, and its ledger has 2900." in world.broken()
