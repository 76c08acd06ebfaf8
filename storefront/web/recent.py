"""Where presses of the last moments are counted, in memory, for `limits`.

Its own memory storage goes through every address there is, in a thread, whenever somebody presses: the more people come at
once, the longer each takes. Here the old ones are looked for when there are twice as many as after the last search, or it was a minute ago.
"""

import time
from collections import deque
from threading import Lock

from limits.storage import MemoryStorage

FEW, SECONDS = 1024, 60


class Recent(MemoryStorage):
    """A moving window for each key. Of a key no more is kept than its limit."""

    STORAGE_SCHEME: list[str] = ["recent"]  # noqa: RUF012 (the library's declaration)

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: str) -> None:  # noqa: FBT001, FBT002 (the library's signature)
        super().__init__(uri, wrap_exceptions, **options)
        self.windows: dict[str, tuple[float, deque[float]]] = {}
        self._room, self._searched, self._lock = FEW, time.time(), Lock()

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count so many presses, unless that were more than `limit` within `expiry` seconds: False."""
        now = time.time()
        with self._lock:
            if len(self.windows) >= self._room or now - self._searched >= SECONDS:
                self._forget(now)
            _, presses = self.windows.setdefault(key, (expiry, deque()))
            while presses and presses[0] <= now - expiry:
                presses.popleft()
            if len(presses) + amount > limit:
                return False
            presses.extend([now] * amount)
            return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:  # noqa: ARG002 (the library's signature)
        """When the first press within the window was, and how many there were."""
        now = time.time()
        with self._lock:
            _, presses = self.windows.get(key, (expiry, ()))
            inside = [each for each in presses if each > now - expiry]
        return (inside[0], len(inside)) if inside else (now, 0)

    def clear(self, key: str) -> None:
        """Forget the presses of a key."""
        with self._lock:
            self.windows.pop(key, None)
        super().clear(key)

    def reset(self) -> int | None:
        """Forget all presses. Returns of how many keys."""
        with self._lock:
            known = len(self.windows)
            self.windows.clear()
        return known + (super().reset() or 0)

    def _forget(self, now: float) -> None:
        """Drop the keys whose last press is over."""
        alive = {key: kept for key, kept in self.windows.items() if kept[1] and kept[1][-1] > now - kept[0]}
        self.windows, self._room, self._searched = alive, max(FEW, 2 * len(alive)), now
