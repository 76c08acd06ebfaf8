"""A text is two segments at most, in the alphabet that is cheap where that is possible, and always has its link."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.rules import text_words
from storefront.rules.delay_letter_words import MoveWords
from storefront.rules.text_words import is_gsm, letter, segments

DAY = datetime(2027, 8, 22, 10, tzinfo=UTC)
URL = "https://shop.example/orders/0123456789abcdefghijklmnopqrstuv"


def test_a_text_says_the_fact_and_the_one_way_on() -> None:
    assert letter("Forthcoming", "access", "Open now: Databases by Hand", URL) == (
        f"Forthcoming: Open now: Databases by Hand. Open it: {URL} STOP ends this."
    )


def test_a_delay_whose_silence_cancels_says_so_and_until_when() -> None:
    until = text_words.by(datetime(2027, 6, 11, 10, tzinfo=UTC), "Europe/Berlin")
    told = letter(
        "Forthcoming", "moved", "Moves to 22 August 2027, do you wait? Databases by Hand", f"{URL}/delay", until
    )
    assert "Without your yes by 11 June, 12:00 it is cancelled:" in told
    assert is_gsm(told), "a no-break space would make it three segments"
    assert segments(told) == 2


@pytest.mark.parametrize("title", ["Verträge " * 20, "Книга о базах", "データベースを手で作る" * 3, "Καλημέρα " * 12])
def test_whatever_the_title_the_day_the_deadline_and_the_end_are_told(title: str) -> None:
    until = text_words.by(datetime(2027, 6, 11, 10, tzinfo=UTC), "Europe/Berlin")
    move = MoveWords(title, "opens", "Europe/Berlin", DAY, "", "cancels", DAY, "", "nothing is charged")
    told = letter("Forthcoming", "moved", move.subject, f"{URL}/delay", until)
    assert told.startswith("Forthcoming: Moves to 22 August 2027, do you wait?")
    assert f"Without your yes by 11 June, 12:00 it is cancelled: {URL}/delay STOP ends this." in told
    assert segments(told) <= 2


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("“Über Bäume” – ein Kurs…", '"Über Bäume" - ein Kurs...'),
        ("Žluťoučký kůň", "Zlutoucky kun"),
        ("L’été à Nîmes", "L'été à Nimes"),
        ("Ελληνικά", "Ελληνικά"),
        ("Книга о базах", "Книга о базах"),
    ],
)
def test_typographic_signs_and_accents_are_plain_and_other_scripts_stay(title: str, kept: str) -> None:
    told = letter("Forthcoming", "access", title, URL)
    assert kept[:12] in told
    assert segments(told) <= 2


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("ж" * 134, 2),
        ("ж" * 135, 3),
        ("🎉" * 35, 1),
        ("🎉" * 36, 2),
        ("", 1),
    ],
)
def test_segments_are_counted_as_they_are_charged(text: str, count: int) -> None:
    assert max(1, segments(text)) == count


@given(st.text(max_size=300), st.text(min_size=1, max_size=30), st.sampled_from(sorted(text_words.ASKS)))
def test_whatever_the_title_two_segments_hold_it_with_its_link(subject: str, shop: str, kind: str) -> None:
    told = letter(shop, kind, subject, URL)
    assert segments(told) <= 2
    assert URL in told


def test_a_code_is_one_segment_without_a_link() -> None:
    told = text_words.code("Forthcoming", "012345")
    assert told == "Forthcoming: your code is 012345. It is good for ten minutes. Nobody of us asks you for it."
    assert segments(told) == 1


def test_the_consent_names_the_order_and_its_words_have_a_version() -> None:
    one, other = text_words.consent("FC-1"), text_words.consent("FC-2")
    assert "FC-1" in one
    assert "No advertising" in one
    assert text_words.version(one) != text_words.version(other)
