"""The one true sentence of an order's page, for every state it can be in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storefront.rules import words
from storefront.rules.order import State
from storefront.rules.order_words import Facts, tell
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
