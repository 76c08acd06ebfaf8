"""What happens in some histories only: delays acted on, queues, waiting lists, products that are given up.

These deeds have dice of their own, so that a history without them is what it was before they were written: a seed says
apart whether they are mixed in, which of its steps they take the place of, and which of them it leans towards.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from tests.simulation.registry import BANKS, FURTHER, Deed

SHARE = 0.5  # of the histories
OF_STEPS = (0.2, 0.4)
FIRST = "sets_up_a_stall"


S = TypeVar("S")
Make = Callable[[str, int, bool, bool], S]  # as `history.Step` makes one


def mixed_in(seed: int, steps: Sequence[S], make: Make[S], *, fair: bool) -> tuple[S, ...]:
    """The steps of a history, some of them replaced; the same steps where the seed says so."""
    chance = Random(f"{seed}:further")
    mixed = _mixed(chance, FURTHER, steps, make, fair=fair)
    if mixed is None:
        return tuple(steps)
    return (make(FIRST, chance.getrandbits(32), False, False), *mixed[1:])  # noqa: FBT003


def banks_mixed_in(seed: int, steps: Sequence[S], make: Make[S], *, fair: bool) -> tuple[S, ...]:
    """The same with what banks do: dice of their own again, and never in the place of the first step."""
    mixed = _mixed(Random(f"{seed}:banks"), BANKS, steps[1:], make, fair=fair)
    return tuple(steps) if mixed is None else (*steps[:1], *mixed)


def _mixed(chance: Random, deeds: dict[str, Deed], steps: Sequence[S], make: Make[S], *, fair: bool) -> list[S] | None:
    """The steps with these deeds among them; None where the dice say that there are none."""
    if chance.random() >= SHARE:
        return None
    lean = [each.weight * chance.choice([0, 0.3, 1, 1, 3]) for each in deeds.values()]
    if not any(lean):
        return None
    share, linger = chance.choice(OF_STEPS), chance.choice([0, 0.2, 0.5])

    def drawn() -> S:
        (kind,) = chance.choices(list(deeds), lean)
        return make(kind, chance.getrandbits(32), not fair and chance.random() < 0.8, chance.random() < linger)

    return [drawn() if chance.random() < share else each for each in steps]
