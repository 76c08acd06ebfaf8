"""The fixtures every test may ask for, and in which order the tests are run."""

import os

import pytest

pytest_plugins = ["tests.support.databases", "tests.support.world", "tests.support.letters", "tests.support.browser"]
# What takes long. Histories keep a core busy; programs and browsers wait for each other half of the time.
LONG = (("tests/simulation",), ("tests/browser", "tests/kills", "tests/races", "tests/bench", "tests/test_demo.py"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Several hands: what takes long is begun first, so that none of them waits at the end for a long test of another."""
    hands = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if hands > 1:
        items[:] = dealt(items, hands)


def dealt(items: list[pytest.Item], hands: int) -> list[pytest.Item]:
    """xdist cuts the list into as many pieces as there are hands; each piece begins with long tests of one kind."""
    long = [[each for each in items if each.nodeid.startswith(kind)] for kind in LONG]
    short = [each for each in items if not each.nodeid.startswith(sum(LONG, ()))]
    made: list[pytest.Item] = []
    for number in range(hands):
        size = (len(items) - len(made)) // (hands - number)
        made += long[number] if number < len(long) else []
        more = size - len(long[number]) if number < len(long) else size
        made, short = made + short[: max(more, 0)], short[max(more, 0) :]
    return [*made, *(each for kind in long[hands:] for each in kind), *short]
