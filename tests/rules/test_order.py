"""The states, and that the picture above the table shows the table."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from storefront.rules import order
from storefront.rules.order import ALPHABET, ENDED, LIVE, SETTLED, TRANSITIONS, State, number


def test_every_state_has_its_ways_and_only_ends_have_none() -> None:
    assert set(TRANSITIONS) == set(State)
    assert {state for state, ways in TRANSITIONS.items() if not ways} == ENDED
    assert set(State) == LIVE | ENDED
    assert LIVE - {State.PLACED} == SETTLED


def test_every_live_state_can_end_and_money_only_by_giving_it_back() -> None:
    for state in LIVE - {State.PAID}:
        assert State.CANCELLED in TRANSITIONS[state]
    assert TRANSITIONS[State.PAID] == {State.REFUNDED}
    assert all(State.PLACED not in ways for ways in TRANSITIONS.values()), "nothing becomes new again"


def test_the_picture_shows_every_state() -> None:
    assert order.__doc__ is not None
    for state in State:
        assert state in order.__doc__


@given(st.lists(st.sampled_from(list(State)), max_size=8))
@settings(max_examples=60)
def test_no_way_leads_back_from_an_end(way: list[State]) -> None:
    state = State.PLACED
    for step in way:
        ended = state in ENDED
        state = step if step in TRANSITIONS[state] else state
        assert not (ended and state not in ENDED)


@given(st.integers())
@settings(max_examples=40)
def test_a_number_is_for_people(seed: int) -> None:
    prefix, four, two = number("FC", Random(seed)).split("-")
    assert (prefix, len(four), len(two)) == ("FC", 4, 2)
    assert set(four + two) <= set(ALPHABET)
    assert not set("01OIl") & set(four + two)
