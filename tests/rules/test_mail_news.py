"""A Message-ID names its letter; what else an event says is read with care."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from storefront.rules import mail_news


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("<letter-12.1@shop.example>", (12, 1)),
        ("letter-12.3@shop.example", (12, 3)),
        (" <letter-7.2@127.0.0.1> ", (7, 2)),
        ("<letter-12@shop.example>", None),
        ("<other-12.1@shop.example>", None),
        ("<letter-1234567890123456789012.1@shop.example>", None),
        ("<letter-12.1@a b>", None),
        ("", None),
        (None, None),
        (12, None),
        (["<letter-12.1@shop.example>"], None),
    ],
)
def test_a_message_id_of_ours_names_letter_and_version(given: Any, found: tuple[int, int] | None) -> None:
    assert mail_news.letter_of(given) == found


def test_a_word_is_one_line_of_signs_that_can_be_seen() -> None:
    assert mail_news.word({"reason": "550\r\n no\tsuch \0user\ud800"}, "reason") == "550 no such user"
    assert mail_news.word({"reason": "x" * 999}, "reason") == "x" * 300
    assert mail_news.word({"reason": 550}, "reason") == mail_news.word({}, "reason") == ""


@pytest.mark.parametrize("given", ["", "yesterday", "2027-04-01T08:00:00", 1793000000, None])
def test_an_instant_without_a_zone_is_none(given: Any) -> None:
    assert mail_news.instant({"at": given}, "at") is None


def test_an_instant_is_read() -> None:
    assert mail_news.instant({"at": "2027-04-01T08:00:00Z"}, "at") == datetime(2027, 4, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize("way", [1, -1])
def test_a_report_may_be_signed_300_seconds_from_now(way: int) -> None:
    body, at = b'{"id": "one", "type": "bounced"}', datetime(2027, 4, 1, tzinfo=UTC)
    signed = mail_news.sign("a secret", body, int(at.timestamp()))
    assert mail_news.read("a secret", body, signed, at + way * timedelta(seconds=300)).id == "one"
    with pytest.raises(mail_news.NotOurs):
        mail_news.read("a secret", body, signed, at + way * timedelta(seconds=301))
