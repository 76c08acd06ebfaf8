"""A creator's own words: what they may say, and what fills their gaps."""

import pytest

from storefront.rules.own_words import GAPS, KINDS, LONGEST, fill, refuse
from storefront.rules.standing_words import LETTERS

FACTS = {"title": "Name the Day", "creator": "Ines", "price": "29 €", "day": "12 May", "number": "FC-1"}


@pytest.mark.parametrize(
    "text",
    [
        "Version 2.0/3.1, z.B. Node.js and/or e.g. that: 50%. Danke.Viel Freude!",
        "",
        "Thank you for {title}.\n\nYours, {creator}",
        "{day} {price} {number}",
        "a" * LONGEST,
    ],
)
def test_plain_words_and_known_gaps_are_taken(text: str) -> None:
    assert refuse(text) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Dear {first name},", "Line 1: nothing is known as {first name}. There are {title}, {creator}"),
        ("Hello\n{}", "Line 2: nothing is known as {}."),
        ("Hello {title", "Line 1: a brace stands alone."),
        ("a }", "Line 1: a brace stands alone."),
        ("Hello\n\nSee https://shop.example/sale", "Line 3: letters about an order carry no links"),
        ("www.shop.example", "Line 1: letters"),
        ("[cheap](x)", "Line 1: letters"),
        ("ftp://shop.example", "Line 1: letters"),
        ("See kurse.example/rabatt", "Line 1: letters"),
        ("Mehr auf hanne-vos.de.", "Line 1: letters"),
        ("write to me@rabatt.COM", "Line 1: letters"),
        ("a" * (LONGEST + 1), "That is 1,201 characters."),
    ],
)
def test_what_cannot_be_sent_names_its_line(text: str, said: str) -> None:
    assert refuse(text).startswith(said)


def test_gaps_are_filled_once_and_what_fills_them_is_not_looked_into() -> None:
    assert fill("For {title},\nby {creator}\n\n\n\n{day}", FACTS | {"title": "{price}"}) == [
        "For {price},\nby Ines",
        "12 May",
    ]


def test_every_kind_that_takes_words_has_a_name_and_every_gap_can_be_filled() -> None:
    assert set(KINDS) <= set(LETTERS)
    assert set(GAPS) == set(FACTS)
