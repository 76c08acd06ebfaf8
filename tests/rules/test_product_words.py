"""Availability is asked in one place, and the line of a product says what its mode does."""

from datetime import UTC, datetime, timedelta

import pytest

from storefront.rules import words
from storefront.rules.charge import Mode
from storefront.rules.product_words import line, purchase_line

NOW = datetime(2027, 4, 1, 12, tzinfo=UTC)
T = NOW + timedelta(days=40)


@pytest.mark.parametrize("kind", ["course", "ebook", "software"])
@pytest.mark.parametrize("mode", list(Mode))
def test_the_line_says_when_the_money_goes(mode: Mode, kind: str) -> None:
    steps = line(kind, mode, "19 €", T, "Europe/Berlin", NOW)
    said = words.plain(" ".join(each.text for each in steps))
    assert ("Nothing is charged." in said) == (mode is not Mode.PAY_NOW)
    assert ("Your bank is asked" in said) == (mode is Mode.SAVE_CARD)
    assert [each.state for each in steps][-1] == "if"
    assert [each.state for each in steps].count("day") == 1


def test_what_is_out_is_paid_and_opened_now() -> None:
    steps = purchase_line("course", "19 €", "Europe/Berlin", NOW)
    assert [each.when for each in steps[:2]] == ["Now", "Within a minute"]
