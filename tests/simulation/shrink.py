"""Make a failing history as short as it can be: drop steps and faults while the same thing is broken."""

from collections.abc import Callable
from dataclasses import replace
from time import monotonic

from tests.simulation.history import History, Played, Step, play

SECONDS = 60


def shrink(went: Played, seconds: float = SECONDS) -> Played:
    """The smallest history found in that time that breaks one of the same laws."""
    ends, law = monotonic() + seconds, went.violations[0].split(":")[0]
    best = went

    def keeps(history: History) -> bool:
        nonlocal best
        if monotonic() > ends:
            return False
        tried = play(history, drained=went.drained)
        if law not in tried.laws:
            return False
        best = tried
        return True

    _drop(replace(went.history, steps=went.history.steps[: went.steps]), keeps)
    _calm(best.history, keeps)
    return best


def _drop(history: History, keeps: Callable[[History], bool]) -> None:
    """Delta debugging: drop runs of steps, long ones first."""
    steps, size = history.steps, max(len(history.steps) // 2, 1)
    while size:
        at = 0
        while at < len(steps):
            fewer = steps[:at] + steps[at + size :]
            if keeps(replace(history, steps=fewer)):
                steps = fewer
            else:
                at += size
        size //= 2


def _calm(history: History, keeps: Callable[[History], bool]) -> None:
    """Take the trouble out of one step after the other."""
    for at in range(len(history.steps)):
        for quieter in ({"rough": False}, {"linger": False}):
            step = history.steps[at]
            calm: Step = replace(step, **quieter)  # type: ignore[arg-type]
            steps = (*history.steps[:at], calm, *history.steps[at + 1 :])
            if calm != step and keeps(replace(history, steps=steps)):
                history = replace(history, steps=steps)
