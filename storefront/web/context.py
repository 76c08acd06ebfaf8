"""What a request knows: the shop, the time (read once), whose it is."""

from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import cast

from flask import current_app, g

from storefront.clock import Clock
from storefront.models.db import Database
from storefront.outside.world import Outside
from storefront.settings import Settings


@dataclass(frozen=True)
class Shop:
    """Everything a verb needs, built once by `create_app`."""

    settings: Settings
    db: Database
    outside: Outside
    clock: Clock
    chance: Random


def shop() -> Shop:
    """The running shop."""
    return cast("Shop", current_app.extensions["shop"])


def now() -> datetime:
    """The instant of this request: read once, the same for all it does."""
    if "now" not in g:
        g.now = shop().clock.now()
    return cast("datetime", g.now)
