"""What stays of a letter: its words and its facts, and no address that opens anything."""

from hypothesis import given
from hypothesis import strategies as st

from storefront.rules import inbox, letter_words
from storefront.rules.inbox import Part
from storefront.rules.letter_rows import Row, rows_as_text

LETTER = """\
Wednesday 12 May 2027
10:00 in Berlin (UTC+2)

Your course is open.

All twelve lessons are in your library, and so is “Reading the source”, the
bonus you pre-ordered early for.

Open Databases by Hand:
https://shop.example/access/0123456789abcdef

You paid           19.00 €, with Visa ending 4242
Changed your mind  Until you open it, and at the latest until 26 May 2027:
                   withdraw on the order’s page, and you get everything back.
Order              FC-1

See your order:
https://shop.example/orders/0123456789abcdef

--
You get this letter because you ordered Databases by Hand.
"""


def test_addresses_go_with_the_line_that_only_leads_to_them_and_so_does_the_foot() -> None:
    kept = inbox.kept(LETTER)
    assert "http" not in kept
    assert "Open Databases by Hand:" not in kept
    assert "See your order:" not in kept
    assert "You get this letter" not in kept
    assert kept.startswith("Wednesday 12 May 2027")


def test_an_address_within_a_sentence_goes_alone() -> None:
    assert inbox.kept("It moved.\nRead https://shop.example/p/x for more.") == "It moved.\nRead  for more."


def test_a_letter_is_paragraphs_and_facts_again() -> None:
    assert inbox.parts(inbox.kept(LETTER)) == [
        Part("Wednesday 12 May 2027\n10:00 in Berlin (UTC+2)"),
        Part("Your course is open."),
        Part(
            "All twelve lessons are in your library, and so is “Reading the source”, the bonus you pre-ordered early for."
        ),
        Part(
            facts=(
                ("You paid", "19.00 €, with Visa ending 4242"),
                (
                    "Changed your mind",
                    "Until you open it, and at the latest until 26 May 2027: withdraw on the order’s page, and you get everything back.",
                ),
                ("Order", "FC-1"),
            )
        ),
    ]


def test_nothing_is_no_part() -> None:
    assert inbox.parts("") == []
    assert inbox.kept("") == ""


WORD = st.text("abcdefghij", min_size=1, max_size=18)


@given(st.lists(WORD, min_size=1, max_size=60))
def test_a_long_sentence_is_one_line_again(words: list[str]) -> None:
    text = " ".join(words)
    assert inbox.parts(letter_words.set_columns(text).strip()) == [Part(text)]


@given(
    st.lists(st.tuples(st.text("abc", min_size=1, max_size=17), st.lists(WORD, min_size=1, max_size=30)), min_size=1)
)
def test_facts_are_read_back_as_they_were_set(rows: list[tuple[str, list[str]]]) -> None:
    set_as = rows_as_text([Row(label, " ".join(words)) for label, words in rows])
    assert inbox.parts(set_as) == [Part(facts=tuple((label, " ".join(words)) for label, words in rows))]


@given(st.text())
def test_whatever_stands_in_a_letter_no_address_is_kept(text: str) -> None:
    assert "https://" not in inbox.kept(f"{text}\nhttps://shop.example/orders/x\nhttps://shop.example/access/{text}")
