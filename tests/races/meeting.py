"""Two who press at once, made to meet: at the first lock or write of each, or while one waits for Stripe's answer."""

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE)|.*\bFOR (NO KEY )?(UPDATE|SHARE)\b", re.DOTALL)
PATIENCE = 60
Press = Callable[[], Any]


@dataclass
class Meeting:
    """Both are held at their first lock or write until the other stands there too, or has ended without one."""

    met: bool = False
    _here: int = 0
    _gone: int = 0
    _change: threading.Condition = field(default_factory=threading.Condition)

    def arrive(self) -> None:
        with self._change:
            self._here += 1
            self.met = self._here > 1
            self._change.notify_all()
            assert self._change.wait_for(lambda: self._here + self._gone > 1, PATIENCE), "the other never came"

    def leave(self) -> None:
        with self._change:
            self._gone += 1
            self._change.notify_all()


@dataclass
class Wait:
    """The first is held with Stripe's first answer in hand, nothing of it written, until the second has ended."""

    held: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    met: bool = False

    def answered(self) -> None:
        self.met = True
        self.held.set()
        assert self.over.wait(PATIENCE), "the second never ended"


class Gates(threading.local):
    """Where this thread is to be held, once."""

    meeting: Meeting | None = None
    wait: Wait | None = None


HERE = Gates()


@contextmanager
def watched(engine: Engine) -> Iterator[None]:
    """The database's own door for those who are to meet."""

    def look(_c: Any, _k: Any, statement: str, *_rest: Any) -> None:
        meeting = HERE.meeting
        if meeting is not None and WRITES.match(statement):
            HERE.meeting = None
            meeting.arrive()

    event.listen(engine, "before_cursor_execute", look)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", look)


class SlowStripe:
    """The real gateway; whoever is to wait gets its first answer late."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        return found if not callable(found) else lambda *given, **named: _late(found(*given, **named))


def _late(answer: Any) -> Any:
    wait, HERE.wait = HERE.wait, None
    if wait is not None:
        wait.answered()
    return answer


def at_once(pool: ThreadPoolExecutor, first: Press, second: Press) -> tuple[list[Any], bool]:
    """What both got, and whether both were in flight together."""
    meeting = Meeting()

    def press(each: Press) -> Any:
        HERE.meeting = meeting
        try:
            return each()
        finally:
            HERE.meeting = None
            meeting.leave()

    return [each.result() for each in [pool.submit(press, first), pool.submit(press, second)]], meeting.met


def while_it_waits(pool: ThreadPoolExecutor, first: Press, second: Press) -> tuple[list[Any], bool]:
    """The second presses, and ends, while the first waits for Stripe."""
    wait = Wait()

    def slowly() -> Any:
        HERE.wait = wait
        try:
            return first()
        finally:
            HERE.wait = None
            wait.held.set()

    def meanwhile() -> Any:
        assert wait.held.wait(PATIENCE), "the first never began"
        try:
            return second()
        finally:
            wait.over.set()

    return [each.result() for each in [pool.submit(slowly), pool.submit(meanwhile)]], wait.met
