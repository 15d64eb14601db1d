"""The PostgreSQL server that tests share."""

import os
from collections.abc import Iterator

import pytest

from benchmarks.load.servers import Server, running_server


@pytest.fixture(scope="session")
def any_server() -> Iterator[Server | None]:
    with running_server() as server:
        yield server


@pytest.fixture
def server(any_server: Server | None) -> Server:
    """The PostgreSQL server; continuous integration must have one."""
    return required(any_server)


def required(server: Server | None) -> Server:
    """The server, or the end of the test."""
    if server is None:
        assert "CI" not in os.environ, "PostgreSQL is not installed: .ci/run must install it"
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    return server
