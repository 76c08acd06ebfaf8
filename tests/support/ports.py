"""Ports for the programs of the tests.

A port that the machine has picked may be anybody's again before a program listens on it. These lie below those that it
picks by itself, each is given once, and no two hands of one run have one in common.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from itertools import cycle, islice
from random import SystemRandom

FIRST, END = 12_000, 32_000


def _ports() -> Iterator[int]:
    hands = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    mine = range(FIRST + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")), END, hands)
    return islice(cycle(mine), SystemRandom().randrange(len(mine)), None)


PORTS = _ports()


def free_port() -> int:
    """A port that nobody listens on."""
    return next(each for each in PORTS if _is_free(each))


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
