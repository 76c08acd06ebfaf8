"""The sandbox's time: wall time plus what was advanced."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable


class Clock:
    """Reads the wall clock, or another one that a test gives."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        """Keep the wall clock; the seconds advanced are a fact of the store."""
        self.wall = wall
        self.ahead = 0

    def now(self) -> int:
        """Give the simulated second."""
        return int(self.wall() + self.ahead)

    def load(self, db: sqlite3.Connection) -> None:
        """Take up the seconds advanced before a restart."""
        row = db.execute("SELECT value FROM facts WHERE name = 'ahead'").fetchone()
        self.ahead = int(row["value"]) if row else 0

    def advance(self, db: sqlite3.Connection, seconds: int) -> None:
        """Go forward; kept across restarts."""
        self.ahead += seconds
        db.execute("REPLACE INTO facts (name, value) VALUES ('ahead', ?)", (str(self.ahead),))
