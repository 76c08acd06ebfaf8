"""The scheduler: every request and every job is an actor that stops at each boundary, and a director says what follows.

A boundary is the begin of a writing transaction, its commit, what comes after it, and both sides of every call to
Stripe and to the mail server. No writing transaction is open where actors change, so one thread plays them all.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from greenlet import getcurrent, greenlet

GO, CRASH = "go", "crash"


class Crash(BaseException):
    """The process is gone: nothing of it may run on, so nothing in the product can catch it."""


@dataclass
class Actor:
    """A request or a job under way. `process` is what dies with it; `open` counts its transactions.

    `hurt`: the database was lost under it. `paused`: it stood still for longer than a lease may bear.
    """

    name: str
    process: str
    number: int
    body: Any = None
    open: int = 0
    dead: bool = False
    hurt: bool = False
    paused: bool = False
    trouble: str = ""
    at: str = "start"

    @property
    def done(self) -> bool:
        return bool(self.body.dead)


@dataclass
class Kernel:
    """Who is under way, and what has happened: `trace` is the history in one number."""

    clock: Callable[[], datetime]
    fate: Callable[[Actor, str], str] = lambda _actor, _label: GO
    actors: list[Actor] = field(default_factory=list)
    begun: int = 0
    boundaries: int = 0
    crashes: int = 0
    story: list[str] = field(default_factory=list)
    told: int = 400
    _hash: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    _main: Any = field(default_factory=getcurrent)

    @property
    def trace(self) -> str:
        return self._hash.hexdigest()

    def note(self, who: str, what: str, outcome: str = "") -> None:
        """One line of the history; it counts for the trace."""
        line = f"{self.clock():%m-%d %H:%M:%S} {who} {what} {outcome}"
        self._hash.update(line.encode())
        if len(self.story) < self.told:
            self.story.append(line)

    def begin(self, name: str, process: str, do: Callable[[], object]) -> Actor:
        """Put an actor on the stage; it moves when it is told to."""
        self.begun += 1
        actor = Actor(name, process, self.begun)
        actor.body = greenlet(lambda: self._play(actor, do))
        self.actors.append(actor)
        return actor

    def _play(self, actor: Actor, do: Callable[[], object]) -> None:
        try:
            do()
        except Crash:
            self.note(actor.name, "is gone")
        except Exception as error:  # noqa: BLE001 (told as a violation by whoever plays)
            actor.trouble = f"{type(error).__name__}: {error}"

    @property
    def current(self) -> Actor | None:
        here = getcurrent()
        return next((each for each in self.actors if each.body is here), None)

    def go_on(self, actor: Actor) -> None:
        """Let an actor move to its next boundary."""
        actor.body.switch()
        if actor.done:
            self.actors.remove(actor)

    def point(self, label: str, *, change: bool = True) -> None:
        """A boundary: others may go first (where `change`), and here the process may die."""
        actor = self.current
        if actor is None:
            return
        if actor.dead:
            raise Crash
        self.boundaries += 1
        actor.at = label
        if change:
            self._main.switch()
        if actor.dead:
            raise Crash
        if self.fate(actor, label) == CRASH:
            self.crashes += 1
            self.note(actor.name, label, CRASH)
            actor.dead = True
            raise Crash

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Count the open transactions of the actor: none may be open during a call."""
        actor = self.current
        if actor is None:
            yield
            return
        actor.open += 1
        try:
            yield
        finally:
            actor.open -= 1

    def kill(self, process: str) -> None:
        """A process dies with everything it was doing."""
        for actor in [each for each in self.actors if each.process == process]:
            actor.dead = True
            self.go_on(actor)

    def finish(self) -> None:
        """Let everybody go on to their end."""
        while self.actors:
            self.go_on(self.actors[0])

    def close(self) -> None:
        """End whoever is still under way."""
        for actor in list(self.actors):
            actor.dead = True
            self.go_on(actor)
