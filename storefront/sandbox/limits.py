"""Stripe's rate limit for real: so many requests a second to each endpoint, by the wall clock."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Limits:
    """Counts the requests of the last second; 0 a second means no limit."""

    def __init__(self, wall: Callable[[], float], per_second: int) -> None:
        """Keep the wall clock and the limit; the limit may be changed at any time."""
        self.per_second = per_second
        self._wall = wall
        self._seen: dict[str, deque[float]] = defaultdict(deque)
        self._guard = threading.Lock()

    def admits(self, endpoint: str) -> bool:
        """Count a request to an endpoint such as "POST /v1/refunds", unless it is one too many."""
        with self._guard:
            seen, now = self._seen[endpoint], self._wall()
            while seen and seen[0] <= now - 1:
                seen.popleft()
            if len(seen) >= self.per_second:
                return False
            seen.append(now)
            return True
