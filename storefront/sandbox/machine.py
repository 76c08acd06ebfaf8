"""The sandbox put together: memory, time, chance, webhooks, mailbox."""

from __future__ import annotations

import random
from contextlib import contextmanager
from typing import TYPE_CHECKING

from . import webhook_endpoints
from .clock import Clock
from .ids import Ids
from .limits import Limits
from .mailbox import Mailbox
from .store import Store
from .sweep import sweep
from .webhooks import Deliverer, post
from .world import Tag, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .options import Options


class Machine:
    """Everything that lives as long as the sandbox does."""

    def __init__(self, options: Options) -> None:
        """Open the memory and take up where the last run ended."""
        self._options = options
        self.clock = Clock(options.wall)
        self.sleep = options.sleep
        self.limits = Limits(options.wall, options.rate)
        self.ids = Ids(options.chance or random.Random(options.seed))  # noqa: S311 - names of play objects
        self.store = Store(_path(options.data_dir))
        self.deliverer = Deliverer(self, options.send or post, options.pauses)
        self.mailbox = Mailbox(options.data_dir / "mailbox" if options.data_dir else None)
        with self.store.transaction() as db:
            self.clock.load(db)
        self._ensure_endpoint()

    @contextmanager
    def world(self, tag: Tag | None = None) -> Iterator[World]:
        """Give the state of things, swept up to now; commit at the end and send the news."""
        with self.store.transaction() as db:
            world = World(
                db=db,
                now=self.clock.now(),
                first_try=self.deliverer.first_try(answering=tag is not None),
                ids=self.ids,
                public_url=self._options.public_url,
            )
            sweep(world)
            world.tag = tag or Tag()
            yield world
        if world.emitted:
            self.deliverer.wake()

    def tick(self) -> None:
        """Do what is due by now."""
        with self.world():
            pass

    def advance(self, seconds: int) -> None:
        """Go forward in time, doing on the way what falls due."""
        with self.store.transaction() as db:
            self.clock.advance(db, seconds)
        self.tick()
        self.deliverer.wake()

    def reset(self) -> None:
        """Forget everything: objects, keys, faults, the log, letters, and time travel."""
        self.store.forget()
        self.deliverer.settle()
        self.mailbox.forget()
        self.clock.ahead = 0
        self.limits.per_second = self._options.rate
        self._ensure_endpoint()

    def _ensure_endpoint(self) -> None:
        if self._options.webhook_url:
            with self.world() as world:
                webhook_endpoints.ensure(world, self._options.webhook_url, self._options.webhook_secret)


def _path(folder: Path | None) -> str:
    if folder is None:
        return ":memory:"
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder / "sandbox.db")
