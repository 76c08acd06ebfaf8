"""One bad order never stops the rest."""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T", int, str)


class SomeFailed(Exception):
    """What went wrong with some, after all had their turn."""


def for_each(ids: Sequence[T], verb: Callable[[T], object]) -> int:
    """Do it for each, whatever happens to the others. Returns for how many; raises SomeFailed at the end."""
    failures = []
    for each in ids:
        try:
            verb(each)
        except Exception as error:  # noqa: BLE001 (told below, when everybody had their turn)
            failures.append(f"{each}: {type(error).__name__}: {error}")
    if failures:
        raise SomeFailed(f"{len(failures)} of {len(ids)} failed: {'; '.join(failures[:5])}")
    return len(ids)
