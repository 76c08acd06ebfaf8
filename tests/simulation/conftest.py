"""The hands that play for these tests."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.simulation.hands import hands


@pytest.fixture(scope="session")
def many_hands() -> Iterator[ProcessPoolExecutor]:
    with hands() as pool:
        yield pool
