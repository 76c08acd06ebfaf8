"""What happens by itself when time passes: holds lapse, sessions expire, banks decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import disputes, refunds
from .checkout import close
from .payment_methods import card_of
from .payments import cancel_intent

if TYPE_CHECKING:
    from collections.abc import Callable

    from .world import Thing, World


def sweep(world: World) -> None:
    """Do everything that is due by the world's time, each thing at its own second."""
    until = world.now
    while thing := _next(world, until):
        world.now = thing.due or until
        FALL_DUE[thing["object"]](world, thing)
    world.now = until


def _dispute(world: World, charge: Thing) -> None:
    card = card_of(world.fetch("payment_method", charge["payment_method"]))
    charge.due = None
    disputes.begin(world, charge, card.dispute, inquiry=card.inquiry)


FALL_DUE: dict[str, Callable[[World, Thing], object]] = {
    "checkout.session": close,
    "payment_intent": lambda world, intent: cancel_intent(world, intent, "expired"),
    "charge": _dispute,
    "dispute": disputes.fall_due,
    "refund": refunds.fall_due,
}


def _next(world: World, until: int) -> Thing | None:
    row = world.db.execute("SELECT id, kind FROM things WHERE due <= ? ORDER BY due, seq LIMIT 1", (until,)).fetchone()
    return world.find(row["kind"], row["id"]) if row else None
