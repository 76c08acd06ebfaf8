"""The one true sentence of an order's page, for every state it can be in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storefront.rules import words
from storefront.rules.order import State
from storefront.rules.order_words import Facts, tell, withdraw_words
from storefront.rules.refund_words import Back
from storefront.rules.words import NBSP, Telling

NOW = datetime(2027, 4, 1, 12, tzinfo=UTC)
T = datetime(2027, 5, 12, 8, tzinfo=UTC)
FACTS = Facts(
    state="reserved",
    mode="save_card",
    kind="course",
    purchase=False,
    price=1900,
    currency="EUR",
    email="miriam@posteo.de",
    zone="Europe/Berlin",
    placed_at=NOW - timedelta(days=1),
    launch_at=T,
)


def said(told: Telling) -> str:
    return words.plain(f"{told.sentence} {told.second}").replace(NBSP, " ")


def telling(now: datetime = NOW, **facts: Any) -> str:
    return said(tell(replace(FACTS, **facts), now))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"state": "placed"}, "We are asking Stripe how your visit ended."),
        ({"state": "placed", "session_until": NOW + timedelta(minutes=5)}, "finish at Stripe by 14:05"),
        ({"state": "placed", "confirming": True}, "Confirming with Stripe"),
        ({}, "Your card is saved. On Wednesday 12 May we charge 19 €"),
        ({"state": "held", "mode": "hold"}, "19 € are set aside on your card. On Wednesday 12 May we take them"),
        ({"state": "paid", "mode": "pay_now"}, "You have paid 19 €. On Wednesday 12 May the course opens for you."),
        (
            {"state": "paid", "granted": True, "launched_at": T},
            "The course is open. Your access link went to miriam@posteo.de.",
        ),
        ({"state": "paid", "granted": True, "redeemed": True}, "The course is yours, in your library."),
        ({"state": "held", "granted": True}, "You pay 19 €; your bank is taking them now."),
        ({"state": "reserved", "launched_at": T}, "19 € are being charged to your card now."),
        ({"state": "past_due", "decline": "expired_card"}, "Your bank said no. Nothing was charged."),
        ({"state": "past_due", "decline": "authentication_required"}, "Your bank wants you to confirm the card."),
        ({"state": "held", "leaving": True}, "Your cancellation is noted."),
        ({"state": "paid", "leaving": True, "captured": 1900}, "19 € go back to your card in full."),
        ({"state": "expired"}, "The visit to Stripe ended before a card was given."),
        ({"state": "cancelled"}, "Cancelled. Nothing was charged, the card is forgotten."),
        ({"state": "cancelled", "cancel_who": "grace"}, "The time to repair the card has passed"),
        (
            {"state": "cancelled", "cancel_who": "creator:3", "cancel_why": "Ill."},
            "The creator cancelled this order. Nothing was charged, the card is forgotten. “Ill.”",
        ),
        ({"state": "cancelled", "hold_open": True}, "Your bank is being told to free the 19 €."),
        ({"state": "refunded", "captured": 1900, "refunded": 1900}, "Cancelled. 19 € go back to your card."),
    ],
)
def test_the_sentence_is_true(facts: dict[str, Any], expected: str) -> None:
    assert expected in telling(**facts)


PAST_DUE: dict[str, Any] = {"state": "past_due", "declined_at": NOW, "grace_until": T + timedelta(days=7)}
BACK = Back(500, "EUR", "succeeded", T + timedelta(days=1), T + timedelta(days=1))
PAID: dict[str, Any] = {"state": "paid", "granted": True, "launched_at": T, "captured": 1900}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"decline": "insufficient_funds"}, "There was not enough money on the card. We try nothing on our own."),
        (
            {"decline": "insufficient_funds", "next_try_at": NOW + timedelta(days=1)},
            "We ask your bank once more on Friday 2 April, 14:00 in Berlin. If there is enough on the card by then",
        ),
        ({"decline_class": "stop"}, "This card is not asked again"),
        ({"decline_class": "processing"}, "Your bank could not be asked. Nothing was charged."),
        ({"decline_class": "authentication"}, "Do it by Wednesday 19 May and everything stays as it was."),
        ({"decline": "expired_card", "launched_at": T, "suspended": True}, "Your access to the course is paused"),
    ],
)
def test_a_declined_card_says_what_the_bank_said_and_what_we_try(facts: dict[str, Any], expected: str) -> None:
    assert expected in telling(NOW, **PAST_DUE, **facts)


def test_after_the_launch_a_declined_order_says_that_it_is_out_and_how_it_opens() -> None:
    facts = replace(FACTS, **PAST_DUE, decline="insufficient_funds", launched_at=T, next_try_at=T + timedelta(days=2))
    steps = tell(facts, T + timedelta(days=1)).line
    assert [step.state for step in steps] == ["past", "needs", "day", "future", "future"]
    assert "The course is out. Yours opens at once when the card is repaired." in words.plain(steps[2].text)
    assert "We ask your bank once more" in steps[3].text


def test_a_saved_card_that_ends_before_the_day_asks_for_another_one() -> None:
    old: dict[str, Any] = {"card_until": datetime(2027, 5, 1, tzinfo=UTC)}
    assert "Your card ends with April 2027, before the day. Use another one by Wednesday 12 May" in telling(**old)
    assert "Nothing has been charged" in telling(**old)
    assert tell(replace(FACTS, **old), NOW).tag == ("needs", "Your card needs you")
    assert "Your card is saved." in telling(card_until=datetime(2027, 6, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({**PAID, "refunded": 500, "backs": (BACK,)}, "You paid 19 €. 5.00 € of it go back to you."),
        ({**PAID, "backs": (replace(BACK, status="failed"),)}, "5.00 € did not reach your card; we write to you."),
        (
            {"state": "refunded", "captured": 1900, "backs": (replace(BACK, amount=1900, status="failed"),)},
            "Cancelled. 19 € did not reach your card. We find another way to pay you",
        ),
        (
            {"state": "refunded", "captured": 1900, "refunded": 1900, "backs": (replace(BACK, status="by_hand"),)},
            "Cancelled. 19 € were paid back to you by other means on 13 May.",
        ),
        (
            {**PAID, "leaving": True, "refunded": 500, "backs": (BACK,)},
            "14 € go back to your card in full.",
        ),
        (
            {**PAID, "leaving": True, "backs": (replace(BACK, status="failed"),)},
            "19 € did not reach your card. We find another way and write to you.",
        ),
        (
            {**PAID, "granted": False, "suspended": True, "disputed_at": T},
            "Your bank asks for this payment back. Your access is paused until it has decided. You paid 19 €.",
        ),
        (
            {**PAID, "launched_at": None, "granted": False, "disputed_at": NOW},
            "Your access waits until it has decided.",
        ),
        (
            {**PAID, "dispute_lost": True},
            "Your bank has given you the money back, so your access to the course has ended.",
        ),
        ({**PAID, "leaving": True, "disputed_at": T}, "it decides first"),
        ({"state": "refunded", "captured": 1900, "refunded": 1900, "disputed_at": T}, "Cancelled."),
    ],
)
def test_money_that_goes_back_is_told_with_its_amount(facts: dict[str, Any], expected: str) -> None:
    assert expected in telling(T + timedelta(days=2), **facts)


def test_the_line_has_five_steps_at_most_in_the_order_of_their_time() -> None:
    backs = tuple(replace(BACK, made_at=T + timedelta(days=n)) for n in range(1, 5))
    facts = replace(FACTS, **PAID, backs=backs, disputed_at=T + timedelta(days=9))
    steps = tell(facts, T + timedelta(days=10)).line
    assert len(steps) <= 5
    assert f"5.00{NBSP}€" in steps[-2].text, "of several refunds the last"


def test_who_may_leave_reads_how_and_who_may_not_reads_why() -> None:
    out = replace(FACTS, **PAID)
    assert withdraw_words(FACTS, NOW)[0] == "Cancel this pre-order"
    assert withdraw_words(out, T + timedelta(days=2))[0] == "Withdraw from contract here"
    assert withdraw_words(replace(out, opened=True), T)[1].startswith("You have opened it.")
    assert withdraw_words(out, T + timedelta(days=20))[1].startswith("The 14 days to withdraw are over.")
    assert withdraw_words(replace(out, disputed_at=T), T) == ("", "")


def test_a_launch_that_is_due_and_not_yet_run_says_so() -> None:
    assert telling(T, state="held", mode="hold").startswith("Opening now.")
    assert "This launch is 20 minutes late." in telling(T + timedelta(minutes=20), state="held", mode="hold")


def test_until_the_day_a_pre_order_says_that_nothing_was_charged() -> None:
    for state in ("placed", "reserved", "held", "past_due"):
        told = telling(NOW, state=state, session_until=NOW + timedelta(minutes=1))
        assert "Nothing has been charged" in told or "Nothing was charged" in told


@given(
    st.sampled_from(list(State)),
    st.sampled_from(["hold", "save_card", "pay_now"]),
    st.sampled_from(["course", "ebook", "software"]),
    st.timedeltas(timedelta(days=-90), timedelta(days=90)),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=100)
def test_whatever_stands_there_is_told_in_sentences(
    state: State,
    mode: str,
    kind: str,
    off: timedelta,
    out: bool,  # noqa: FBT001 (drawn)
    leaving: bool,  # noqa: FBT001 (drawn)
) -> None:
    facts = replace(FACTS, state=state, mode=mode, kind=kind, leaving=leaving, launched_at=T if out else None)
    told = tell(facts, T + off)
    assert told.sentence.strip()
    assert told.sentence.rstrip(words.DAY_CLOSE)[-1] in ".…”"
    assert "None" not in said(told)
    assert all(step.when and step.text and step.state in {"past", "needs", "day", "future", "if"} for step in told.line)
    if state is State.PAST_DUE and not leaving:
        assert told.note is not None
