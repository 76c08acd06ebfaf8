"""Licence keys of the shop, as the sold programs check them."""

from hypothesis import given
from hypothesis import strategies as st

from storefront.rules.licence import ALPHABET, check_character, key


@given(st.text(min_size=1), st.integers(min_value=1))
def test_a_key_has_four_groups_and_a_character_that_checks_the_others(secret: str, grant: int) -> None:
    made = key(secret, grant)
    plain = made.replace("-", "")
    assert [len(each) for each in made.split("-")] == [4, 4, 4, 4]
    assert set(plain) <= set(ALPHABET)
    assert plain[-1] == check_character(plain[:-1])


def test_a_key_has_no_signs_that_are_read_for_one_another() -> None:
    assert not set("01IO") & set(ALPHABET)
    assert len(set(ALPHABET)) == 32


def test_the_same_grant_has_the_same_key_and_another_has_another() -> None:
    assert key("secret", 1) == key("secret", 1)
    assert len({key("secret", grant) for grant in range(1000)}) == 1000
    assert key("secret", 1) != key("other", 1)


def test_the_published_example_fits() -> None:
    assert check_character("AAAAAAAAAAAAAAB") == "R"
