"""Refunds: in part, in full, by hand, made at Stripe, and the ones that come back."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from sqlalchemy import select

from storefront.actions import opening
from storefront.actions.refunding import (
    NoRefund,
    note_by_hand,
    note_part_by_hand,
    note_refund,
    refund_again,
    refund_part,
)
from storefront.models.money import Dispute, Refund
from storefront.models.orders import Order
from storefront.outside import stripe_answers
from storefront.outside.stripe_gateway import StripeGateway
from tests.support.world import DISPUTES_LATER, KEY, World

INES = "creator:ines@forthcoming.example"


def bought(world: World) -> int:
    """Somebody bought what is out, for 29 €."""
    order_id = world.orders(world.product(days=None))
    world.tick()
    assert world.money(order_id) == (2900, 0)
    return order_id


def gives_back(world: World, order_id: int, amount: int) -> NoRefund | None:
    return refund_part(world.outside, world.db, order_id, amount, who=INES, why="a late chapter", now=world.now)


def at_stripe(world: World, order_id: int) -> list[int]:
    """The amounts of the refunds that Stripe has for an order's payment."""
    intent = world.order(order_id).paid_intent
    return sorted(each["amount"] for each in world.at_stripe(f"refunds?payment_intent={intent}")["data"])


def by_dashboard(world: World, order_id: int, amount: int) -> None:
    """Somebody refunds in Stripe's own dashboard."""
    body = {"payment_intent": world.order(order_id).paid_intent, "amount": amount}
    requests.post(f"{world.sandbox.url}/v1/refunds", data=body, auth=(KEY, ""), timeout=10).raise_for_status()


def becomes(world: World, order_id: int, status: str, failure: str = "") -> None:
    """The newest refund of an order goes on at Stripe."""
    with world.db.write() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        row = session.scalars(select(Refund).where(Refund.order_id == order_id).order_by(Refund.id.desc())).first()
        assert row is not None
        assert row.stripe_id is not None
        told = stripe_answers.Refund(row.stripe_id, status, row.amount, "", row.intent, failure, world.now)
        note_refund(session, order, told, world.now)


def test_a_part_goes_back_and_the_order_stays_paid_and_open(world: World) -> None:
    order_id = bought(world)
    assert gives_back(world, order_id, 900) is None
    assert gives_back(world, order_id, 500) is None
    assert world.money(order_id) == (2900, 1400)
    assert at_stripe(world, order_id) == [500, 900]
    assert world.state(order_id) == "paid"
    grant = world.grant(order_id)
    assert grant is not None
    assert grant.live
    assert world.letters(order_id)[-2:] == ["part_refunded", "part_refunded"]


@pytest.mark.parametrize("amount", [0, -5, 2900, 2901, 10**9])
def test_a_part_is_more_than_nothing_and_less_than_all(small_world: World, amount: int) -> None:
    order_id = bought(small_world)
    refused = gives_back(small_world, order_id, amount)
    assert refused is not None
    assert refused.code == "amount"
    assert at_stripe(small_world, order_id) == []


def test_only_what_is_paid_and_stays_can_be_refunded_in_part(small_world: World) -> None:
    held = small_world.orders(small_world.product("held", days=3))
    refused = gives_back(small_world, held, 100)
    assert refused is not None
    assert refused.code == "not_paid"
    leaving = bought(small_world)
    small_world.cancels(leaving, who=INES)
    assert (gives_back(small_world, leaving, 100) or NoRefund("", "")).code == "not_paid"
    assert small_world.money(leaving) == (2900, 2900)


def test_two_people_who_click_together_give_back_no_more_than_was_paid(world: World) -> None:
    order_id = bought(world)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: gives_back(world, order_id, 2000), range(8)))
    assert answers.count(None) == 1
    assert at_stripe(world, order_id) == [2000]
    assert world.money(order_id) == (2900, 2000)


def test_what_is_left_goes_back_when_the_order_is_cancelled(world: World) -> None:
    order_id = bought(world)
    gives_back(world, order_id, 900)
    world.cancels(order_id, who=INES)
    assert world.money(order_id) == (2900, 2900)
    assert at_stripe(world, order_id) == [900, 2000]
    grant = world.grant(order_id)
    assert world.state(order_id) == "refunded"
    assert grant is not None
    assert grant.revoked_at is not None


def test_a_refund_made_in_stripes_dashboard_is_found_and_followed(world: World) -> None:
    order_id = bought(world)
    by_dashboard(world, order_id, 900)
    assert len(world.reconciles().repaired) >= 1
    assert world.money(order_id) == (2900, 900)
    by_dashboard(world, order_id, 2000)
    assert gives_back(world, order_id, 100) is not None, "what was refunded there is not refunded again here"
    assert world.state(order_id) == "refunded"
    assert world.order(order_id).history[-1].who == "stripe"
    world.reconciles()
    world.tick()
    assert world.reconciles().repaired == []
    assert world.broken() == []


def test_a_refund_that_fails_weeks_later_is_owed_again_and_somebody_is_asked(world: World) -> None:
    order_id = bought(world)
    world.cancels(order_id, who=INES)
    assert world.state(order_id) == "refunded"
    world.advance(days=21)
    becomes(world, order_id, "failed", "expired_or_canceled_card")
    assert world.money(order_id) == (2900, 0)
    assert world.state(order_id) == "refunded", "access does not come back"
    [task] = world.tasks()
    assert "29.00\N{NO-BREAK SPACE}€" in task
    assert "expired or canceled card" in task
    assert {"refund_failed", "task"} <= set(world.letters(order_id))
    world.tick()
    assert world.broken() == []


def test_what_failed_can_be_paid_by_other_means(world: World) -> None:
    order_id = bought(world)
    world.cancels(order_id, who=INES)
    becomes(world, order_id, "failed")
    with world.db.write() as session:
        assert note_by_hand(session, session.get_one(Order, order_id), INES, "bank transfer", world.now) is None
    assert world.money(order_id) == (2900, 2900)
    assert world.tasks() == []
    with world.db.write() as session:
        again = note_by_hand(session, session.get_one(Order, order_id), INES, "bank transfer", world.now)
    assert again is None or again.code == "nothing"
    assert world.money(order_id) == (2900, 2900)
    assert world.broken() == []


def comes_back(world: World, order_id: int) -> None:
    """The bank does not take the one refund of an order, and we hear of it."""
    intent = world.order(order_id).paid_intent
    (made,) = world.at_stripe(f"refunds?payment_intent={intent}")["data"]
    world.sandbox.control("refunds/resolve", refund=made["id"], status="failed", failure_reason="declined")
    world.reconciles()
    assert world.money(order_id) == (2900, 0)


def disputed(world: World, order_id: int) -> str:
    """The buyer's bank asks for the payment back, and we hear of it."""
    made = world.sandbox.control("disputes", payment_intent=world.order(order_id).paid_intent, reason="fraudulent")
    world.reconciles()
    return str(made["id"])


def test_what_cannot_be_refunded_again_just_now_stays_a_task(world: World) -> None:
    order_id = bought(world)
    world.cancels(order_id, who=INES)
    comes_back(world, order_id)
    dispute = disputed(world, order_id)
    refused = refund_again(world.outside, world.db, order_id, INES, world.now)
    assert refused is not None
    assert refused.code == "disputed"
    assert len(world.tasks()) == 2, "the refund is still owed, and the bank asks"
    world.sandbox.control("disputes/resolve", dispute=dispute, status="won")
    world.reconciles()
    world.sandbox.control("faults", kind="timeout_after_commit", match="POST /v1/refunds")
    assert refund_again(world.outside, world.db, order_id, INES, world.now) is None
    again = refund_again(world.outside, world.db, order_id, INES, world.now)
    assert again is not None
    assert again.code == "busy"
    world.advance(minutes=3)
    world.tick()
    assert world.money(order_id) == (2900, 2900)
    assert world.tasks() == []
    assert world.broken() == []


def test_a_second_try_that_never_reached_stripe_is_a_task_again(world: World) -> None:
    order_id = bought(world)
    world.cancels(order_id, who=INES)
    comes_back(world, order_id)
    world.sandbox.control("faults", kind="error_500", match="POST /v1/refunds", count=-1)
    refund_again(world.outside, world.db, order_id, INES, world.now)
    assert world.tasks() == [], "it is under way"
    for _ in range(8):
        world.advance(minutes=40)
        world.tick()
    assert world.money(order_id) == (2900, 0)
    [task] = world.tasks()
    assert "Refund it again" in task
    requests.delete(f"{world.sandbox.url}/_sandbox/faults", timeout=30).raise_for_status()
    assert refund_again(world.outside, world.db, order_id, INES, world.now) is None
    assert world.money(order_id) == (2900, 2900)
    assert world.tasks() == []
    assert world.broken() == []


def test_what_the_bank_gave_back_is_not_owed_once_more(world: World) -> None:
    order_id = bought(world)
    world.cancels(order_id, who=INES)
    comes_back(world, order_id)
    world.sandbox.control("disputes/resolve", dispute=disputed(world, order_id), status="lost")
    world.reconciles()
    assert world.tasks() == [], "nobody pays it a second time by other means"
    assert world.broken() == []


def test_nobody_pays_by_other_means_while_the_bank_decides(world: World) -> None:
    order_id = world.orders(world.product(days=None), card=DISPUTES_LATER)
    world.tick()
    world.advance(minutes=2)  # Stripe knows of the dispute, and we do not
    world.cancels(order_id)
    assert world.tasks() == [], "Stripe refunds nothing that is disputed: it is heard of, and waited for"
    world.reconciles()
    with world.db.write() as session:
        refused = note_by_hand(session, session.get_one(Order, order_id), INES, "bank transfer", world.now)
    assert refused is not None
    assert refused.code == "disputed"
    with world.read() as session:
        dispute = session.scalars(select(Dispute.stripe_id)).one()
    world.sandbox.control("disputes/resolve", dispute=dispute, status="won")
    world.reconciles()
    world.advance(hours=2)
    world.tick()
    assert world.state(order_id) == "refunded"
    assert world.money(order_id) == (2900, 2900)
    assert world.tasks() == []
    assert world.broken() == []


def test_two_parts_that_come_back_are_owed_together_until_both_are_paid(world: World) -> None:
    order_id = bought(world)
    for amount in (500, 700):
        assert gives_back(world, order_id, amount) is None
    for each in world.at_stripe("refunds")["data"]:
        world.advance(days=1)
        world.sandbox.control("refunds/resolve", refund=each["id"], status="failed", failure_reason="declined")
        world.reconciles()
    [task] = world.tasks()
    assert "12.00\N{NO-BREAK SPACE}€ are owed in all" in task
    assert by_hand(world, order_id, 500) is None
    [task] = world.tasks()
    assert "7.00\N{NO-BREAK SPACE}€ more" in task
    world.advance(minutes=1)
    assert gives_back(world, order_id, 700) is None
    assert world.tasks() == []
    assert world.money(order_id) == (2900, 1200)
    world.tick()
    assert world.broken() == []


def by_hand(world: World, order_id: int, amount: int) -> NoRefund | None:
    with world.db.write() as session:
        return note_part_by_hand(session, session.get_one(Order, order_id), amount, INES, "in cash", world.now)


def test_a_task_ends_with_the_money_however_it_went_back(world: World) -> None:
    order_id = bought(world)
    world.cancels(order_id, who=INES)
    comes_back(world, order_id)
    assert len(world.tasks()) == 1
    by_dashboard(world, order_id, 2900)
    world.reconciles()
    assert world.money(order_id) == (2900, 2900)
    assert world.tasks() == []
    assert world.broken() == []


def test_a_second_payment_whose_refund_is_refused_is_not_tried_every_few_seconds(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = bought(world)
    body = {"amount": 1900, "currency": "eur", "confirm": "true", "payment_method": "pm_card_visa"}
    body |= {"allowed_payment_method_types[0]": "card", "metadata[order]": world.order(order_id).mark}
    requests.post(f"{world.sandbox.url}/v1/payment_intents", data=body, auth=(KEY, ""), timeout=10).raise_for_status()
    perform = StripeGateway.perform

    def has_no_balance(gateway: StripeGateway, kind: str, *call: Any) -> stripe_answers.Outcome:
        if kind == "refund":
            return stripe_answers.Refused("balance_insufficient", "Insufficient funds.")
        return perform(gateway, kind, *call)

    monkeypatch.setattr(StripeGateway, "perform", has_no_balance)
    world.reconciles()
    for _ in range(10):
        world.advance(seconds=5)
        world.tick()
    assert [each.kind for each in world.order(order_id).attempts].count("refund") == 1
    assert len(world.tasks()) == 1
    monkeypatch.undo()
    world.advance(days=1)
    world.tick()
    assert world.money(order_id) == (4800, 1900)
    assert world.tasks() == []
    assert world.broken() == []


def test_a_late_word_changes_nothing(world: World) -> None:
    order_id = bought(world)
    world.cancels(order_id, who=INES)
    for status in ("pending", "requires_action"):
        becomes(world, order_id, status)
        assert world.money(order_id) == (2900, 2900)
    becomes(world, order_id, "failed")
    becomes(world, order_id, "succeeded")
    assert world.money(order_id) == (2900, 0), "what failed does not succeed later: Stripe makes a new one"


def test_a_refund_whose_answer_is_lost_is_made_once(world: World) -> None:
    order_id = bought(world)
    world.sandbox.control("faults", kind="timeout_after_commit", match="POST /v1/refunds")
    gives_back(world, order_id, 900)
    assert world.money(order_id) == (2900, 0), "nobody here knows"
    assert (gives_back(world, order_id, 900) or NoRefund("", "")).code == "busy"
    world.advance(minutes=3)
    world.tick()
    assert world.money(order_id) == (2900, 900)
    assert at_stripe(world, order_id) == [900]


def test_a_refund_that_stripe_refuses_is_somebodys_task_and_is_not_repeated(world: World) -> None:
    order_id = bought(world)
    with world.db.write() as session:
        order = session.get_one(Order, order_id)
        next(a for a in order.attempts if a.moved).moved = 5000
    world.cancels(order_id, who=INES)
    before = len(world.order(order_id).attempts)
    assert len(world.tasks()) == 1
    for _ in range(3):
        world.advance(hours=1)
        world.tick()
    assert len(world.order(order_id).attempts) == before


def test_a_part_that_arrives_after_the_address_was_corrected_is_told_once(world: World) -> None:
    order_id = bought(world)
    intent = world.order(order_id).paid_intent or ""
    for status in ("pending", "succeeded"):
        with world.db.write() as session:
            order = session.get_one(Order, order_id, with_for_update=True)
            told = stripe_answers.Refund("re_1", status, 500, "", intent, "", world.now)
            assert note_refund(session, order, told, world.now)
        with world.db.write() as session:
            order = session.get_one(Order, order_id)
            opening.correct_address(session, world.outside.links, order, "miriam@posteo.net", world.now)
    assert world.letters(order_id).count("part_refunded") == 1
    assert world.broken() == []
