"""Many hands: histories and crashes are played in as many processes as there are cores, each with a house of its own."""

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.simulation.crashes import Crashed, tell
from tests.simulation.history import LENGTH, Played, draw, play
from tests.simulation.stories import STORIES

TOLD = {each.__name__: each for each in STORIES}


def how_many() -> int:
    """As many as there are cores, shared among those who test at the same time."""
    sharing = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    return max(1, (os.cpu_count() or 1) // sharing)


def hands() -> ProcessPoolExecutor:
    """Processes that begin empty: what they play does not depend on what is played here."""
    return ProcessPoolExecutor(how_many(), mp_context=get_context("spawn"))


def play_seed(seed: int, length: int = LENGTH) -> Played:
    return play(draw(seed, length))


def tell_crashed(story: str, at: tuple[int, ...]) -> Crashed:
    return tell(TOLD[story], at)


def tell_deep(story: str, at: tuple[int, ...]) -> Crashed:
    return tell(TOLD[story], at, deep=len(at) == 1)
