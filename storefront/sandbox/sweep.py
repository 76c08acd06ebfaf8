"""What happens by itself when time passes: holds lapse, sessions expire, banks answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import charges, checkout, disputes, payments, refunds

if TYPE_CHECKING:
    from collections.abc import Callable

    from .world import Thing, World

FALLS_DUE: dict[str, Callable[[World, Thing], None]] = {
    "charge": charges.dispute,
    "checkout.session": checkout.close,
    "dispute": disputes.fall_due,
    "payment_intent": payments.lapse,
    "refund": refunds.fall_due,
}


def sweep(world: World) -> None:
    """Do everything that is due by the world's time, each thing at its own second."""
    until = world.now
    while thing := _next(world, until):
        world.now = thing.due or until
        FALLS_DUE[thing["object"]](world, thing)
    world.now = until


def _next(world: World, until: int) -> Thing | None:
    row = world.db.execute("SELECT id, kind FROM things WHERE due <= ? ORDER BY due, seq LIMIT 1", (until,)).fetchone()
    return world.find(row["kind"], row["id"]) if row else None
