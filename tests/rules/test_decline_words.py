"""What a bank's no is called: each class its own sentence, what to do, and when we ask again."""

from datetime import UTC, datetime, timedelta

import pytest

from storefront.rules.decline_words import No
from storefront.rules.declining import Class
from storefront.rules.words import NBSP

NOW = datetime(2027, 5, 10, 8, tzinfo=UTC)
BERLIN = "Europe/Berlin"
REASONS = {
    Class.EXPIRED: "expired_card",
    Class.AUTHENTICATION: "authentication_required",
    Class.STOP: "lost_card",
    Class.FUNDS: "insufficient_funds",
    Class.PROCESSING: "processing_error",
    Class.BANK: "generic_decline",
}


@pytest.mark.parametrize("kind", list(Class))
@pytest.mark.parametrize("again", [None, NOW + timedelta(days=1)])
def test_every_class_says_what_the_bank_said_and_what_to_do(kind: Class, again: datetime | None) -> None:
    no = No("never heard of", kind, again)
    for told in (no.head, no.said, no.to_do, no.we_try(BERLIN, NOW)):
        assert told.endswith(".")
        assert "_" not in told
    assert no.button in {"Confirm with my bank", "Use another card"}


def test_no_two_classes_are_told_in_the_same_words() -> None:
    assert len({No("?", kind).said for kind in Class}) == len(Class)
    assert len({No("?", kind).to_do for kind in Class}) == len(Class)


@pytest.mark.parametrize(("kind", "reason"), REASONS.items())
def test_a_decline_from_before_classes_were_kept_is_told_by_its_reason(kind: Class, reason: str) -> None:
    assert No(reason).of is kind


def test_only_a_bank_that_asks_its_holder_is_confirmed() -> None:
    assert [kind for kind in Class if No("?", kind).asks] == [Class.AUTHENTICATION]


def test_our_own_next_try_comes_with_its_day_and_place() -> None:
    def told(again: datetime | None) -> str:
        return No("insufficient_funds", "funds", again).we_try(BERLIN, NOW).replace(NBSP, " ")

    assert told(None) == "We try nothing on our own."
    assert told(NOW) == "We are asking your bank once more."
    assert told(NOW + timedelta(days=1)) == "We ask your bank once more on Tuesday 11 May, 10:00 in Berlin."
