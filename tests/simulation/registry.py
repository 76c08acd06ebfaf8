"""What can happen, and what must hold: actors and invariants enter by a decorator."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from tests.simulation.facts import Facts
from tests.simulation.world import World

Do = Callable[[World, Random], None]
Law = Callable[[Facts, World], Iterator[str]]
Watch = Callable[[World], Iterator[str]]


@dataclass(frozen=True)
class Deed:
    """A kind of step. `weight`: how often it is drawn."""

    name: str
    do: Do
    weight: float


DEEDS: dict[str, Deed] = {}
FURTHER: dict[str, Deed] = {}
BANKS: dict[str, Deed] = {}
ALWAYS: dict[str, Law] = {}
QUIET: dict[str, Law] = {}
AT_COMMIT: dict[str, tuple[str, Watch]] = {}


def deed(weight: float) -> Callable[[Do], Do]:
    """Something that somebody does."""

    def enter(do: Do) -> Do:
        name = do.__name__
        DEEDS[name] = Deed(name, do, weight)
        return do

    return enter


def further(weight: float) -> Callable[[Do], Do]:
    """Something that happens in some histories only, drawn apart: the others stay as they were (`further.mixed_in`)."""

    def enter(do: Do) -> Do:
        name = do.__name__
        FURTHER[name] = Deed(name, do, weight)
        return do

    return enter


def banking(weight: float) -> Callable[[Do], Do]:
    """Something that a bank, a card or somebody in Stripe's dashboard does, drawn apart again (`further.banks_mixed_in`)."""

    def enter(do: Do) -> Do:
        name = do.__name__
        BANKS[name] = Deed(name, do, weight)
        return do

    return enter


def always(name: str) -> Callable[[Law], Law]:
    """Holds after every step."""

    def enter(law: Law) -> Law:
        ALWAYS[name] = law
        return law

    return enter


def at_commit(name: str, table: str) -> Callable[[Watch], Watch]:
    """Holds at every commit that writes this table."""

    def enter(watch: Watch) -> Watch:
        AT_COMMIT[name] = (table, watch)
        return watch

    return enter


def quiet(name: str) -> Callable[[Law], Law]:
    """Holds once the faults have stopped and the queues have drained."""

    def enter(law: Law) -> Law:
        QUIET[name] = law
        return law

    return enter
