"""One bad order never stops the rest."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from storefront.outside.stripe_answers import StripeSilent

T = TypeVar("T", int, str)


class SomeFailed(Exception):
    """What went wrong with some, after all had their turn; its cause is the first of them."""


def for_each(ids: Sequence[T], verb: Callable[[T], object]) -> int:
    """Do it for each, whatever happens to the others. Returns for how many.

    Raises SomeFailed at the end, or StripeSilent where that is all that was wrong.
    """
    failures: dict[T, Exception] = {}
    for each in ids:
        try:
            verb(each)
        except Exception as error:  # noqa: BLE001 (told below, when everybody had their turn)
            failures[each] = error
    if not failures:
        return len(ids)
    first = next(iter(failures.values()))
    if all(isinstance(each, StripeSilent) for each in failures.values()):
        raise first
    told = [f"{name}: {type(error).__name__}: {error}" for name, error in failures.items()]
    raise SomeFailed(f"{len(told)} of {len(ids)} failed: {'; '.join(told[:5])}") from first
