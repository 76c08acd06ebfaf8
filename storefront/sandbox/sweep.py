"""What happens by itself when time passes: holds lapse, sessions expire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .checkout import close
from .payments import cancel_intent

if TYPE_CHECKING:
    from .world import Thing, World


def sweep(world: World) -> None:
    """Do everything that is due by the world's time, each thing at its own second."""
    until = world.now
    while thing := _next(world, until):
        world.now = thing.due or until
        if thing["object"] == "checkout.session":
            close(world, thing)
        else:
            cancel_intent(world, thing, "expired")
    world.now = until


def _next(world: World, until: int) -> Thing | None:
    row = world.db.execute("SELECT id, kind FROM things WHERE due <= ? ORDER BY due, seq LIMIT 1", (until,)).fetchone()
    return world.find(row["kind"], row["id"]) if row else None
