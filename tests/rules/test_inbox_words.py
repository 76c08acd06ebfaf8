"""What the inbox says first, and which ways a letter went."""

from datetime import UTC, datetime

import pytest

from storefront.rules import inbox_words

AT = datetime(2027, 5, 12, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("unread", "some", "said"),
    [
        (0, False, "No letters yet."),
        (0, True, "You have read everything."),
        (1, True, "One letter waits for you."),
        (12, True, "Twelve letters wait for you."),
    ],
)
def test_the_first_sentence_is_true(unread: int, some: bool, said: str) -> None:  # noqa: FBT001
    assert inbox_words.sentence(unread, some=some) == said


def test_the_ways_are_told_in_order() -> None:
    def ways(mailed: datetime | None, failed: datetime | None, texted: datetime | None) -> str:
        return inbox_words.ways(mailed, failed, texted, "Europe/Berlin").replace("\N{NO-BREAK SPACE}", " ")

    assert ways(AT, None, None) == "Mailed 12 May, 10:00"
    assert ways(AT, AT, None) == "Did not arrive by e-mail, 12 May, 10:00"
    assert ways(None, AT, AT) == "Did not arrive by e-mail, 12 May, 10:00, texted 12 May, 10:00"
    assert ways(None, None, None) == "On its way by e-mail"
