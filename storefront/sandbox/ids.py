"""Names for things, shaped like Stripe's."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

ALPHABET = string.ascii_letters + string.digits


class Ids:
    """Makes ids from a source of chance that the caller may seed."""

    def __init__(self, chance: Random) -> None:
        """Keep the source of chance."""
        self._chance = chance

    def letters(self, count: int) -> str:
        """Give that many letters and digits."""
        return "".join(self._chance.choices(ALPHABET, k=count))

    def new(self, prefix: str, count: int = 24) -> str:
        """Give a new id such as pi_….."""
        return f"{prefix}_{self.letters(count)}"

    def secret_of(self, ident: str) -> str:
        """Give the client secret that goes with an intent."""
        return f"{ident}_secret_{self.letters(25)}"
