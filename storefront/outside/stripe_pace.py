"""The pace of calls to Stripe: so many a second for each endpoint, and fewer while it says that it is too many."""

import threading
import time
from collections.abc import Callable


class Pace:
    """At most `rate` calls a second for each endpoint (0: unpaced), and fewer while Stripe says that it is too many."""

    MOST_GAP = 2.0

    def __init__(self, rate: float, sleep: Callable[[float], None] = time.sleep) -> None:
        self._base = 1 / rate if rate else 0.0
        self._sleep = sleep
        self._lock = threading.Lock()
        self._gaps: dict[str, float] = {}
        self._next: dict[str, float] = {}

    def gap(self, endpoint: str) -> float:
        """Seconds from one call to the next, as it stands now."""
        return max(self._gaps.get(endpoint, self._base), self._gaps.get("", 0.0))

    def wait(self, endpoint: str) -> None:
        """Return when it is this call's turn."""
        with self._lock:
            gap = self.gap(endpoint)
            if not gap:
                return
            turn = max(self._next.get(endpoint, 0.0), time.monotonic())
            self._next[endpoint] = turn + gap
        self._sleep(max(0.0, turn - time.monotonic()))

    def slow(self, endpoint: str) -> None:
        """Stripe answered 429: half as fast from now on; "" slows every endpoint."""
        with self._lock:
            self._gaps[endpoint] = min(2 * max(self._gaps.get(endpoint, self._base), 1 / 50), self.MOST_GAP)

    def ease(self, endpoint: str) -> None:
        """A call went through: back, little by little, to the rate that was asked for."""
        with self._lock:
            for each in {endpoint, ""} & self._gaps.keys():
                self._gaps[each] *= 0.95
                if self._gaps[each] <= max(self._base, 1 / 100):
                    del self._gaps[each]
