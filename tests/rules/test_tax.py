"""Tax in parts: whatever goes back in whatever pieces, the tax of all of them is the tax of the whole."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from storefront.rules.tax import FRESH, GENERAL, code, serves, share, words

NOON = datetime(2027, 5, 12, 10, tzinfo=UTC)


@given(st.integers(1, 10**7), st.data())
def test_the_shares_of_all_parts_are_all_of_the_tax(amount: int, data: st.DataObject) -> None:
    tax = data.draw(st.integers(0, amount))
    before = taken = 0
    while before < amount:
        part = data.draw(st.integers(max(1, (amount - before) // 4), amount - before))
        inside = share(tax, amount, part, before=before, taken=taken)
        assert 0 <= inside <= part
        before, taken = before + part, taken + inside
    assert taken == tax


@given(st.integers(2, 10**7), st.data())
def test_a_part_that_came_back_and_goes_again_leaves_nothing_over(amount: int, data: st.DataObject) -> None:
    tax, first = data.draw(st.integers(0, amount)), data.draw(st.integers(1, amount - 1))
    in_first = share(tax, amount, first)
    in_rest = share(tax, amount, amount - first, before=first, taken=in_first)
    again = share(tax, amount, first, before=amount - first, taken=in_rest)
    assert in_rest + again == tax


def test_nothing_of_nothing_is_nothing() -> None:
    assert share(0, 0, 0) == 0
    assert share(303, 1900, 1900) == 303
    assert share(303, 1900, 0) == 0


def test_a_calculation_serves_for_a_day_and_not_after_stripe_forgot_it() -> None:
    assert serves(NOON, NOON + timedelta(days=90), NOON + FRESH - timedelta(seconds=1))
    assert not serves(NOON, NOON + timedelta(days=90), NOON + FRESH)
    assert not serves(NOON, NOON + timedelta(hours=1), NOON + timedelta(hours=1))


def test_the_line_names_rate_tax_and_country() -> None:
    assert words("19", "vat", "DE") == "including 19\N{NO-BREAK SPACE}% VAT (DE)"
    assert words("8.375", "sales_tax", "US") == "including 8.375\N{NO-BREAK SPACE}% sales tax (US)"
    assert words("", "", "CA") == "including tax (CA)"
    assert words("10", "unheard_of", "") == "including 10\N{NO-BREAK SPACE}% tax"


def test_every_kind_of_product_has_a_code() -> None:
    assert {code(kind) for kind in ("course", "ebook", "software")} == {
        "txcd_20060058",
        "txcd_10302000",
        "txcd_10202000",
    }
    assert code("else") == GENERAL
