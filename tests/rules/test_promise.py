"""What is said before the order: it states the duty to pay and the day, and never promises what the mode does not do."""

from datetime import UTC, datetime

import pytest

from storefront.rules.charge import Mode
from storefront.rules.promise import button, consent, content, policy, policy_text, today
from storefront.rules.words import NBSP

AT, ZONE, AMOUNT = datetime(2027, 5, 12, 8, tzinfo=UTC), "Europe/Berlin", f"19{NBSP}€"


@pytest.mark.parametrize(
    ("mode", "out", "expected"),
    [
        (Mode.HOLD, False, "Pre-order and pay 19 € on 12 May"),
        (Mode.SAVE_CARD, False, "Pre-order and pay 19 € on 12 May"),
        (Mode.PAY_NOW, False, "Pre-order and pay 19 € now"),
        (Mode.PAY_NOW, True, "Buy and pay 19 € now"),
    ],
)
def test_the_button_states_the_duty_to_pay_and_the_day(mode: Mode, expected: str, *, out: bool) -> None:
    assert button(mode, AMOUNT, AT, ZONE, out=out).replace(NBSP, " ") == expected


@pytest.mark.parametrize("mode", [Mode.HOLD, Mode.SAVE_CARD])
@pytest.mark.parametrize("kind", ["course", "ebook", "software"])
def test_consent_names_amount_day_and_that_it_is_not_before_and_not_more(mode: Mode, kind: str) -> None:
    told = consent(mode, kind, AMOUNT, AT, ZONE).replace(NBSP, " ")
    assert "19 €" in told
    assert "12 May 2027" in told
    assert "Not before, not more." in told
    assert ("Save my card" in told) == (mode is Mode.SAVE_CARD)


def test_who_pays_now_leaves_no_card_and_is_asked_for_no_consent() -> None:
    assert consent(Mode.PAY_NOW, "course", AMOUNT, AT, ZONE) == ""
    assert consent(Mode.SAVE_CARD, "course", AMOUNT, None, ZONE) == ""


def test_the_line_under_the_button_says_what_happens_today() -> None:
    assert "nothing is charged." in today(Mode.SAVE_CARD, AMOUNT, "course", out=False)
    assert "set aside by your bank" in today(Mode.HOLD, AMOUNT, "course", out=False)
    assert today(Mode.PAY_NOW, AMOUNT, "course", out=False).startswith(f"Today: {AMOUNT}")
    assert "we never see the card" in today(Mode.PAY_NOW, AMOUNT, "course", out=True)


def test_the_policy_is_kept_whole_and_with_its_version() -> None:
    for mode in Mode:
        text = policy_text(mode, "3f2a91c4")
        assert text.startswith("Policy, version 3f2a91c4\n")
        assert all(said in text for fact in policy(mode) for said in fact)
    assert dict(policy(Mode.PAY_NOW))["Charged"] == "once, when you order"


def test_what_is_promised_to_be_inside_is_a_list() -> None:
    assert content("A Book", ["One"], ["book.pdf"]) == "A Book\n- One\n- book.pdf"
