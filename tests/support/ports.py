"""Ports for the servers that tests start."""

import socket
from contextlib import closing

GIVEN: set[int] = set()


def free_port() -> int:
    """A port that nobody listens on, and that this process was not given before: its server may not be up yet."""
    while True:
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in GIVEN:
            GIVEN.add(port)
            return port
