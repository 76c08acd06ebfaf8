"""A rehearsal's findings: the worst first, each with what to do; and the money to expect."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from storefront.rules.rehearsal import (
    LOOK,
    MONEY,
    SEVERITIES,
    STOPS,
    Broken,
    Cards,
    Content,
    Facts,
    Letters,
    Money,
    expected,
    findings,
    named,
    sentence,
    summary,
    why_not_ready,
    wilson,
)

T = datetime(2027, 5, 12, 8, tzinfo=UTC)
GOOD = Facts(
    "a-book", T, "Europe/Berlin", Content(lessons=3, files=1), Cards(), Letters(tried=2), Money("EUR", 3800), None, 2
)


def test_a_launch_that_lacks_nothing_has_no_finding() -> None:
    assert findings(GOOD) == []
    assert sentence([], "A Book") == "A Book would open, and nothing stands in its way."


def test_everything_that_is_wrong_is_found_the_worst_first_and_says_what_to_do() -> None:
    bad = replace(
        GOOD,
        content=Content(2, 2, ("a.pdf",), ("b.pdf",), (Broken("Two", "it is empty"),), ("img/x.svg",)),
        cards=Cards(1, 1, 1, 1, 1, 1900, 1900),
        letters=Letters(2, (Broken("FC-1", "KeyError"),), "shut", 1),
        stock=1,
    )
    found = findings(bad)
    assert [each.severity for each in found] == [STOPS] * 5 + [MONEY] * 6 + [LOOK] * 2
    assert all(each.sentence.endswith((".", "shut")) and each.to_do for each in found)
    assert sentence(found, "A Book") == "A Book would not open: five things stop it."
    kept = [each._asdict() for each in found]
    assert summary(kept) == "5 stops the launch, 6 costs money, 2 worth a look"


def test_a_launch_is_ready_without_a_picture_and_not_without_a_file() -> None:
    assert why_not_ready(Content(1, 0, pictures=("img/x.svg",))) == ""
    assert why_not_ready(Content()) == "Neither a lesson nor a file is inside."
    assert why_not_ready(Content(1, 1, ("a.pdf",))) == "a.pdf is not on the shelf."


def test_many_names_are_three_and_a_number() -> None:
    assert named(("a", "b")) == "a and b"
    assert named(("a", "b", "c", "d", "e")) == "a, b, c and 2 more"


def test_nothing_is_known_of_cards_before_a_bank_was_asked() -> None:
    assert expected(Money("EUR", 10_000, 2_000)) == (2_000, 10_000, 10_000)


def test_after_a_hundred_cards_the_interval_is_narrow() -> None:
    least, likely, most = expected(Money("EUR", 100_000, 0, 0, 100, 5))
    assert 88_000 < least < likely == 95_000 < most < 98_500


@given(st.integers(1, 500), st.data())
def test_the_interval_holds_what_was_seen(of: int, data: st.DataObject) -> None:
    good = data.draw(st.integers(0, of))
    low, high = wilson(good, of)
    assert 0 <= low <= good / of + 1e-9
    assert good / of - 1e-9 <= high <= 1


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 300), st.data())
def test_what_is_expected_lies_between_what_is_secured_and_what_was_ordered(
    secured: int, waiting: int, rest: int, asked: int, data: st.DataObject
) -> None:
    declined = data.draw(st.integers(0, asked))
    money = Money("EUR", secured + waiting + rest, secured, waiting, asked, declined)
    told = expected(money)
    assert secured <= told.least <= told.most <= money.ordered
    assert told.least <= told.likely <= told.most


def test_severities_are_those_of_the_page() -> None:
    assert SEVERITIES == (STOPS, MONEY, LOOK)
