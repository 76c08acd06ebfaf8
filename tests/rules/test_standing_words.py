"""What the studio says of disputes, tasks and who did something."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from storefront.rules import words
from storefront.rules.standing_words import Claim, claim_sentence, claim_tag, due_words, reason, who
from storefront.rules.words import NBSP

NOW = datetime(2027, 5, 10, 8, tzinfo=UTC)
CLAIM = Claim("needs_response", "29.00 €", "product_not_received", "Europe/Berlin", NOW + timedelta(days=9))


@pytest.mark.parametrize(
    ("change", "sentence", "tag", "answerable"),
    [
        ({}, "asks for 29.00 € back: the buyer says it was not delivered. Answer by Wednesday 19 May.", "needs", True),
        ({"status": "warning_needs_response"}, "asks about 29.00 €", "needs", True),
        ({"status": "appeal_needs_response"}, "Answer by", "needs", True),
        ({"status": "under_review"}, "The bank looks at 29.00 €.", "", False),
        ({"submitted_at": NOW}, "The bank has your answer since 10 May.", "", False),
        ({"status": "won", "closed_at": NOW}, "29.00 € stay yours.", "done", False),
        ({"status": "lost", "closed_at": NOW}, "29.00 € went back.", "ended", False),
        ({"status": "warning_closed", "closed_at": NOW}, "No money was taken.", "ended", False),
        ({"status": "prevented", "closed_at": NOW}, "settled before", "ended", False),
    ],
)
def test_a_dispute_says_where_it_stands(change: dict[str, str], sentence: str, tag: str, *, answerable: bool) -> None:
    claim = replace(CLAIM, **change)  # type: ignore[arg-type]
    assert sentence in words.plain(claim_sentence(claim)).replace(NBSP, " ")
    assert (claim_tag(claim)[0], claim.answerable) == (tag, answerable)


def test_a_reason_is_told_in_words_also_one_never_heard_of() -> None:
    assert reason("fraudulent") == "the buyer says they did not buy it"
    assert reason("something_new") == "something new"


def test_a_task_says_how_long_there_is() -> None:
    assert due_words(None, "UTC", NOW) == ""
    assert due_words(CLAIM.due_by, "UTC", NOW).startswith(f"9 days 0 h left, until Wednesday 19{NBSP}May")
    assert due_words(NOW, "UTC", NOW).startswith("Was due")


def test_a_creator_is_named_where_the_name_is_known() -> None:
    assert who("creator:3", {3: "Ines Okafor"}) == "Ines Okafor"
    assert who("creator:3") == "the creator"
    assert who("creator:ines@x.de", {3: "Ines Okafor"}) == "the creator"
    assert who("worker", {}) == "the worker"
