"""Links: derived, never stored, bound to purpose, row and generation, and alive under an older key."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storefront.rules.access import fingerprint, rederive, token
from storefront.rules.links import Links

KEY, OLDER = "k" * 32, "o" * 32
PURPOSES = st.sampled_from(["order", "access"])
ROWS = st.integers(1, 2**63 - 1)


@given(PURPOSES, ROWS, st.integers(1, 99))
@settings(max_examples=60)
def test_a_token_is_long_the_same_each_time_and_fits_nothing_else(purpose: str, row: int, generation: int) -> None:
    made = token(KEY, purpose, row, generation)
    assert re.fullmatch(r"[\w-]{32}", made)
    assert made == token(KEY, purpose, row, generation)
    others = [
        (KEY, purpose, row, generation + 1),
        (KEY, purpose, row + 1, generation),
        (OLDER, purpose, row, generation),
    ]
    others += [(KEY, f"{purpose}s", row, generation), (KEY, purpose, generation, row + 99)]
    assert made not in {token(*each) for each in others}
    kept = fingerprint(made)
    assert made not in kept
    assert rederive([KEY], purpose, row, generation, kept) == made
    assert rederive([KEY], purpose, row, generation + 1, kept) is None


def test_links_live_on_under_a_key_that_was_replaced() -> None:
    before, after = Links("https://shop.example", (OLDER,)), Links("https://shop.example", (KEY, OLDER))
    kept = before.fresh("order", 7, 1)
    assert after.order(7, 1, kept) == before.order(7, 1, kept)
    assert after.fresh("order", 7, 1) != kept, "new links use the new key"


def test_a_link_whose_key_is_gone_is_told_of() -> None:
    kept = Links("https://shop.example", (OLDER,)).fresh("access", 7, 1)
    with pytest.raises(LookupError, match="SECRET_KEY_FALLBACKS"):
        Links("https://shop.example", (KEY,)).access(7, 1, kept)


def test_links_come_from_the_base_url_and_print_no_key() -> None:
    links = Links("https://shop.example", (KEY,))
    assert links.order(1, 1, links.fresh("order", 1, 1)).startswith("https://shop.example/orders/")
    assert links.access(1, 1, links.fresh("access", 1, 1)).startswith("https://shop.example/access/")
    assert KEY not in repr(links)
