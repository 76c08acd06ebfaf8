"""The shop's database with a boundary at each side of every writing transaction, and losses on the way to it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from sqlite3 import OperationalError as Broken
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from storefront.models.db import Database
from tests.simulation.kernel import Kernel

LOST_BEFORE, LOST_AFTER = "database lost before commit", "database lost after commit"


WRITES = {"INSERT": 2, "UPDATE": 1, "DELETE": 2}  # where the table stands in the statement
OF_RUNS = "job_runs"


class WatchedDatabase(Database):
    """`fault` says what is lost at a commit ("" for nothing); `committed` is told of every commit.

    `version` counts the commits that changed something, but for the rows that jobs leave of their runs; `dirty` names the
    tables that were written since somebody looked.
    """

    kernel: Kernel
    fault: Callable[[], str]
    committed: Callable[[], None]

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.version, self.dirty, self.touched = 0, set[str](), set[str]()
        event.listen(self.engine, "after_cursor_execute", self._see)

    def _see(self, _connection: object, cursor: Any, statement: str, *_rest: object) -> None:
        words = statement.split(None, 3)
        if words[0] in WRITES and (cursor.rowcount or words[0] == "INSERT" or "RETURNING" in statement):
            self.touched.add(words[WRITES[words[0]]])

    def _count(self) -> None:
        self.version += bool(self.touched - {OF_RUNS})
        self.dirty |= self.touched

    @contextmanager
    def write(self) -> Iterator[Session]:
        self.kernel.point("begin")
        fault = ""
        self.touched.clear()
        with self.kernel.transaction(), super().write() as session:
            yield session
            self.kernel.point("commit", change=False)
            fault = self.fault()
            if fault == LOST_BEFORE:
                raise lost(fault)
        self._count()
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
