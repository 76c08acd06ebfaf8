"""Cards in the queue: nobody knows the day, so one that ends soon is asked for."""

from datetime import UTC, datetime, timedelta

import pytest

from storefront.rules import queue_words
from storefront.rules.queue import card_ends

NOW = datetime(2027, 5, 12, 8, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("until", "by", "asked"),
    [
        (NOW + 20 * DAY, NOW + 60 * DAY, True),
        (NOW + 28 * DAY, NOW + 28 * DAY, True),
        (NOW - DAY, NOW + 60 * DAY, True),
        (NOW + 20 * DAY, None, True),
        (NOW + 20 * DAY, NOW + 10 * DAY, False),
        (NOW + 29 * DAY, NOW + 60 * DAY, False),
        (None, NOW + 60 * DAY, False),
    ],
)
def test_a_card_is_asked_for_four_weeks_before_it_ends_and_only_where_its_turn_may_come_later(
    until: datetime | None, by: datetime | None, *, asked: bool
) -> None:
    assert card_ends(until, by, NOW) is asked


def test_the_page_of_a_place_says_that_the_card_ends() -> None:
    told = queue_words.Waiting(3, "course", "29 €", "miriam@posteo.de", "Europe/Berlin", NOW, NOW + 60 * DAY)
    assert queue_words.tell(told).tag is None
    ending = queue_words.tell(queue_words.Waiting(**{**vars(told), "card_ends": "May 2027"}))
    assert ending.tag == ("needs", "Your card needs you")
    assert "Your card ends with May 2027" in ending.second
    assert "nothing you need to do" not in ending.second
