"""Ports of this machine."""

import secrets
import socket
from contextlib import suppress
from typing import Final

# Below those of outgoing connections: one could take the port of a process that is started again.
FIRST: Final = 20_000
COUNT: Final = 12_000


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listened on a moment ago."""
    while True:
        port = FIRST + secrets.randbelow(COUNT)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
