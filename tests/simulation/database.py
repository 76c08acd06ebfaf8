"""The shop's database with a boundary at each side of every writing transaction, and losses on the way to it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from sqlite3 import OperationalError as Broken

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from storefront.models.db import Database
from tests.simulation.kernel import Kernel

LOST_BEFORE, LOST_AFTER = "database lost before commit", "database lost after commit"


class WatchedDatabase(Database):
    """`fault` says what is lost at a commit ("" for nothing); `committed` is told of every commit."""

    kernel: Kernel
    fault: Callable[[], str]
    committed: Callable[[], None]

    @contextmanager
    def write(self) -> Iterator[Session]:
        self.kernel.point("begin")
        fault = ""
        with self.kernel.transaction(), super().write() as session:
            yield session
            self.kernel.point("commit", change=False)
            fault = self.fault()
            if fault == LOST_BEFORE:
                raise lost(fault)
        self.committed()
        self.kernel.point("committed")
        if fault == LOST_AFTER:
            raise lost(fault)

    @contextmanager
    def read(self) -> Iterator[Session]:
        with self.kernel.transaction(), super().read() as session:
            yield session


def lost(why: str) -> OperationalError:
    return OperationalError("COMMIT", {}, Broken(why))
