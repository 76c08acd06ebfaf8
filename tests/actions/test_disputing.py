"""Disputes: opened, answered, won and lost, and what each does to access, refunds and the people concerned."""

from dataclasses import replace

import pytest
import requests

from storefront.actions import disputing
from storefront.actions.disputing import note_dispute
from storefront.actions.refunding import refund_again, refund_part
from storefront.models.money import Dispute
from storefront.models.orders import Order
from storefront.outside import stripe_answers
from storefront.outside.stripe_answers import Refused, Unknown
from storefront.outside.stripe_gateway import StripeGateway
from tests.support.letters import disputes, words_of
from tests.support.mailserver import MailServer
from tests.support.world import DISPUTES_LATER, KEY, VISA, World

INES = "creator:ines@forthcoming.example"
ASKS_LATER = "4000000000001976"
WINNING, LOSING = {"uncategorized_text": "winning_evidence"}, {"uncategorized_text": "losing_evidence"}


def bought(world: World, card: str = DISPUTES_LATER) -> int:
    order_id = world.orders(world.product(days=None), card=card)
    world.tick()
    return order_id


def hears(world: World) -> None:
    """A minute later the bank acts; here no webhook arrives, the lists are read."""
    world.advance(minutes=2)
    world.reconciles()
    world.tick()


def dispute(world: World) -> Dispute:
    with world.read() as session:
        found: Dispute = session.query(Dispute).one()
        session.expunge_all()
        return found


def live(world: World, order_id: int) -> bool:
    grant = world.grant(order_id)
    assert grant is not None
    return grant.live


def decides(world: World, *, won: bool) -> None:
    world.sandbox.control("disputes/resolve", dispute=dispute(world).stripe_id, status="won" if won else "lost")


def test_an_open_dispute_pauses_access_and_asks_the_creator_until_the_bank_says(world: World) -> None:
    order_id = bought(world)
    assert live(world, order_id)
    hears(world)
    assert (dispute(world).status, dispute(world).amount) == ("needs_response", 2900)
    assert not live(world, order_id)
    [task] = world.tasks()
    assert "asks back 29.00" in task
    assert "product not received" in task
    assert world.letter_to(order_id, "task") == "ines@forthcoming.example"
    assert world.state(order_id) == "paid"


def test_a_dispute_that_is_won_brings_access_back(world: World) -> None:
    order_id = bought(world)
    hears(world)
    assert disputing.answer(world.outside, world.db, dispute(world).id, WINNING, INES, world.now) is None
    assert dispute(world).submitted_by == INES
    assert world.tasks() == [], "answered; nobody has to do anything"
    hears(world)
    assert dispute(world).status == "won"
    assert live(world, order_id)
    assert world.letters(order_id)[-1] == "dispute_won"


def test_an_appeal_after_an_answer_asks_once_more(small_world: World) -> None:
    world = small_world
    order_id = world.orders(world.product(days=None))
    world.tick()
    with_the_bank = disputes(world, order_id)
    with world.db.write() as session:
        row = session.get_one(Dispute, with_the_bank)
        row.submitted_at, row.submitted_by, row.evidence = world.now, INES, WINNING
    disputes(world, order_id, "won")
    assert live(world, order_id)
    disputes(world, order_id, "appeal_needs_response")
    again = dispute(world)
    assert (again.submitted_at, again.evidence) == (None, WINNING), "what was said is there to be said better"
    assert not live(world, order_id)
    assert len(world.tasks()) == 1
    assert world.letter_to(order_id, "task") == "ines@forthcoming.example"


def appeals(world: World, order_id: int, monkeypatch: pytest.MonkeyPatch) -> stripe_answers.Dispute:
    """The bank asks anew about what it had decided; the answer it had is counted at Stripe still."""
    hears(world)
    assert disputing.answer(world.outside, world.db, dispute(world).id, WINNING, INES, world.now) is None
    hears(world)
    told = replace(world.outside.stripe.dispute(dispute(world).stripe_id), status="appeal_needs_response")
    assert told.submitted
    notes(world, order_id, told)
    monkeypatch.setattr(StripeGateway, "dispute", lambda _self, _id: told)
    return told


def test_an_answer_to_an_appeal_that_stripe_refuses_is_not_given(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    appeals(world, bought(world), monkeypatch)
    monkeypatch.setattr(StripeGateway, "perform", lambda *_: Refused("", "The evidence is too long."))
    said = disputing.answer(world.outside, world.db, dispute(world).id, WINNING, INES, world.now)
    assert said is not None
    assert (dispute(world).submitted_at, len(world.tasks())) == (None, 1)


def test_an_answer_to_an_appeal_of_which_nothing_is_heard_is_not_given(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = appeals(world, bought(world), monkeypatch)
    monkeypatch.setattr(StripeGateway, "perform", lambda *_: Unknown("No answer."))
    assert disputing.answer(world.outside, world.db, dispute(world).id, WINNING, INES, world.now) is None
    world.advance(hours=24)
    world.tick()
    assert (dispute(world).submitted_at, len(world.tasks())) == (None, 1)
    under_review = replace(told, status="appeal_under_review")
    assert disputing.answer(world.outside, world.db, dispute(world).id, WINNING, INES, world.now) is None
    monkeypatch.setattr(StripeGateway, "dispute", lambda _self, _id: under_review)
    world.advance(hours=24)
    world.tick()
    assert dispute(world).submitted_at == world.now
    assert world.tasks() == []


def test_an_appeal_that_is_won_after_a_loss_revives_nothing_and_says_so(
    small_world: World, post_office: MailServer
) -> None:
    world = small_world
    order_id = world.orders(world.product(days=None))
    world.tick()
    for status in ("lost", "appeal_needs_response", "appeal_under_review", "won"):
        disputes(world, order_id, status)
        assert (live(world, order_id), world.broken()) == (False, [])
    [task] = world.tasks()
    assert "stays ended: refund the buyer" in task
    world.posts()
    told = post_office.to(INES.partition(":")[2])[-1].part("plain").replace("\n", " ")
    assert "stays ended: refund the buyer" in told
    assert "dispute_won" not in world.letters(order_id), "it says that there is nothing to do"
    world.cancels(order_id, who=INES)
    world.tick()
    assert (world.state(order_id), world.money(order_id)) == ("refunded", (2900, 2900))


def test_a_dispute_that_is_lost_ends_access_and_nothing_is_refunded_a_second_time(world: World) -> None:
    order_id = bought(world)
    hears(world)
    assert disputing.answer(world.outside, world.db, dispute(world).id, LOSING, INES, world.now) is None
    hears(world)
    grant = world.grant(order_id)
    assert grant is not None
    assert grant.revoked_at is not None
    assert world.letters(order_id)[-1] == "dispute_lost"
    world.cancels(order_id, who=INES)
    world.advance(hours=1)
    world.tick()
    assert world.money(order_id) == (2900, 0), "the bank has given the money back already"


def test_an_answer_that_comes_too_late_says_what_stripe_says(world: World) -> None:
    bought(world)
    hears(world)
    decides(world, won=True)
    told = disputing.answer(world.outside, world.db, dispute(world).id, WINNING, INES, world.now)
    assert told is not None
    assert told.startswith("Stripe did not take it. ")
    assert "won" in told
    assert told.endswith(".")
    assert dispute(world).submitted_at is None


def test_why_stripe_does_not_take_an_answer_is_told_in_its_own_words(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = bought(world)
    hears(world)
    monkeypatch.setattr(
        StripeGateway, "perform", lambda *_: Refused("", "Acknowledge the fee to counter this dispute.")
    )
    said = disputing.answer(world.outside, world.db, dispute(world).id, WINNING, INES, world.now)
    assert said == "Stripe did not take it. Acknowledge the fee to counter this dispute."
    assert [a.detail for a in world.order(order_id).attempts if a.kind == "evidence"] == [
        "Acknowledge the fee to counter this dispute."
    ]
    assert (dispute(world).submitted_at, len(world.tasks())) == (None, 1)


def test_an_answer_that_was_given_in_the_dashboard_already_counts(world: World) -> None:
    bought(world)
    hears(world)
    world.outside.stripe.perform(
        "evidence", dispute(world).stripe_id, {"evidence": WINNING, "submit": True}, "dashboard"
    )
    assert disputing.answer(world.outside, world.db, dispute(world).id, LOSING, INES, world.now) is None
    assert dispute(world).submitted_at is not None
    assert world.tasks() == []


def test_a_dispute_that_nobody_answers_is_lost(world: World) -> None:
    order_id = bought(world)
    hears(world)
    world.advance(days=10)
    hears(world)
    assert dispute(world).status == "lost"
    assert not live(world, order_id)


def test_an_inquiry_takes_nothing_and_pauses_nothing_but_asks(world: World) -> None:
    order_id = bought(world, ASKS_LATER)
    hears(world)
    assert dispute(world).status == "warning_needs_response"
    assert live(world, order_id)
    assert "asks about 29.00" in world.tasks()[0]
    decides(world, won=True)
    hears(world)
    assert dispute(world).status == "warning_closed"
    assert world.tasks() == []


def escalates(world: World) -> None:
    """The bank only asked; now it takes the money."""
    world.advance(days=3)
    world.sandbox.control("disputes/resolve", dispute=dispute(world).stripe_id, status="escalated")
    hears(world)


def notes(world: World, order_id: int, told: stripe_answers.Dispute) -> None:
    """What was read of a dispute arrives."""
    with world.db.write() as session:
        note_dispute(session, session.get_one(Order, order_id, with_for_update=True), told, world.now)


def test_an_answered_inquiry_that_becomes_a_dispute_is_asked_anew(world: World) -> None:
    order_id = bought(world, ASKS_LATER)
    hears(world)
    assert (
        disputing.answer(world.outside, world.db, dispute(world).id, {"uncategorized_text": "!"}, INES, world.now)
        is None
    )
    assert (dispute(world).status, world.tasks()) == ("warning_under_review", [])
    escalates(world)
    row = dispute(world)
    assert (row.status, row.submitted_at, row.submitted_by) == ("needs_response", None, "")
    assert not live(world, order_id)
    assert "asks back 29.00" in world.tasks()[0]
    assert world.letters(order_id).count("task") == 2
    assert disputing.answer(world.outside, world.db, row.id, WINNING, INES, world.now) is None
    hears(world)
    assert (dispute(world).status, live(world, order_id), world.tasks()) == ("won", True, [])


def test_an_inquiry_that_nobody_answered_and_becomes_a_dispute_says_how_much_is_gone_and_until_when(
    world: World,
) -> None:
    order_id = bought(world, ASKS_LATER)
    hears(world)
    asked = dispute(world)
    assert refund_part(world.outside, world.db, order_id, 900, who=INES, why="late", now=world.now) is None
    escalates(world)
    row = dispute(world)
    assert (asked.amount, row.amount) == (2900, 2000)
    assert row.due_by
    assert asked.due_by
    assert row.due_by > asked.due_by
    [task] = world.tasks()
    assert "asks back 20.00" in task
    assert world.letters(order_id).count("task") == 2


def test_what_was_read_of_an_inquiry_and_arrives_after_it_became_a_dispute_is_old(world: World) -> None:
    order_id = bought(world, ASKS_LATER)
    hears(world)
    old = world.outside.stripe.dispute(dispute(world).stripe_id)
    escalates(world)
    notes(world, order_id, old)
    assert dispute(world).status == "needs_response"
    assert not live(world, order_id)
    assert "asks back" in world.tasks()[0]


def test_an_answer_to_an_inquiry_that_is_known_only_once_it_is_a_dispute_answers_nothing(world: World) -> None:
    bought(world, ASKS_LATER)
    hears(world)
    world.sandbox.control("faults", kind="timeout_after_commit", match="POST /v1/disputes/*")
    disputing.answer(world.outside, world.db, dispute(world).id, {"uncategorized_text": "!"}, INES, world.now)
    world.sandbox.control("disputes/resolve", dispute=dispute(world).stripe_id, status="escalated")
    assert disputing.hear_dispute(world.outside, world.db, dispute(world).stripe_id, world.now)
    world.advance(minutes=3)
    world.tick()
    assert (dispute(world).status, dispute(world).submitted_at) == ("needs_response", None)
    assert "asks back" in world.tasks()[0]


def paid_twice(world: World) -> tuple[int, stripe_answers.Dispute]:
    """Somebody has paid the same order a second time, and their bank asks for that before it has gone back."""
    order_id = world.orders(world.product(days=None))
    world.tick()
    body = {
        "amount": 2900,
        "currency": "eur",
        "confirm": "true",
        "payment_method": "pm_card_visa",
        "allowed_payment_method_types[0]": "card",
        "metadata[order]": world.order(order_id).mark,
    }
    made = requests.post(f"{world.sandbox.url}/v1/payment_intents", data=body, auth=(KEY, ""), timeout=10).json()
    world.reconciles()
    told = stripe_answers.Dispute(
        "du_second", "", made["id"], 2900, "EUR", "duplicate", "needs_response", world.now, None, submitted=False
    )
    notes(world, order_id, told)
    return order_id, told


def test_a_second_payment_that_is_lost_takes_nothing_from_the_first(
    small_world: World, post_office: MailServer
) -> None:
    world = small_world
    order_id, told = paid_twice(world)
    assert not live(world, order_id), "until it has decided"
    notes(world, order_id, replace(told, status="lost"))
    order = world.order(order_id)
    assert (order.state, order.unit, live(world, order_id)) == ("paid", True, True)
    world.tick()
    world.posts()
    told_creator = words_of(post_office.to(INES.partition(":")[2])[-1].part("plain"))
    assert "It was a second payment: the first one stands, and access with it." in told_creator
    assert "access has ended" not in told_creator
    assert world.broken() == []
    notes(world, order_id, replace(told, status="appeal_under_review"))
    notes(world, order_id, replace(told, status="won"))
    assert (live(world, order_id), world.tasks()) == (True, [])


def test_the_first_payment_goes_back_though_the_second_was_lost(world: World) -> None:
    order_id, told = paid_twice(world)
    notes(world, order_id, replace(told, status="lost"))
    world.cancels(order_id, who=INES)
    world.tick()
    assert (world.state(order_id), world.money(order_id)) == ("refunded", (5800, 2900))
    assert not live(world, order_id)
    assert world.tasks() == []
    again = refund_again(world.outside, world.db, order_id, INES, world.now)
    assert again is not None
    assert again.code == "nothing"
    assert world.broken() == []


def test_nothing_is_refunded_while_a_dispute_is_open_and_a_cancellation_waits_for_its_end(world: World) -> None:
    order_id = bought(world)
    hears(world)
    refused = refund_part(world.outside, world.db, order_id, 100, who=INES, why="", now=world.now)
    assert refused is not None
    assert refused.code == "disputed"
    world.cancels(order_id, who=INES)
    world.advance(hours=1)
    world.tick()
    assert world.money(order_id) == (2900, 0)
    decides(world, won=True)
    hears(world)
    world.advance(minutes=5)
    world.tick()
    assert world.state(order_id) == "refunded"
    assert world.money(order_id) == (2900, 2900)
    assert not live(world, order_id)


def test_an_answer_is_given_once(world: World) -> None:
    bought(world)
    hears(world)
    assert disputing.answer(world.outside, world.db, dispute(world).id, WINNING, INES, world.now) is None
    again = disputing.answer(world.outside, world.db, dispute(world).id, LOSING, INES, world.now)
    assert again == "This dispute has been answered or decided."


def test_an_answer_whose_receipt_is_lost_is_not_given_twice(world: World) -> None:
    bought(world)
    hears(world)
    world.sandbox.control("faults", kind="timeout_after_commit", match="POST /v1/disputes/*")
    disputing.answer(world.outside, world.db, dispute(world).id, WINNING, INES, world.now)
    world.advance(minutes=3)
    world.tick()
    assert dispute(world).submitted_at is not None


def test_a_dispute_of_a_pre_order_that_was_paid_up_front_keeps_it_shut_at_the_launch(world: World) -> None:
    order_id = world.orders(world.product(days=30, upfront=True), card=DISPUTES_LATER)
    hears(world)
    world.advance(days=31)
    world.tick()
    assert world.grant(order_id) is None
    assert world.state(order_id) == "paid"


def test_a_visa_card_that_nobody_disputes_is_left_alone(world: World) -> None:
    order_id = bought(world, VISA)
    hears(world)
    assert live(world, order_id)
    assert world.tasks() == []
