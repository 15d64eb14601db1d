"""A database for each test: on SQLite and on PostgreSQL, unless the test is about the file."""

import inspect
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from benchmarks.load.servers import Server, running_server
from storage import Database
from tests.storage.servers import any_server, server

__all__ = ["any_server", "server"]

BACKENDS = ["sqlite", "postgresql"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    asked = set(inspect.signature(metafunc.function).parameters)
    if "backend" in metafunc.fixturenames:
        # Who looks at the file, or names it, means SQLite.
        metafunc.parametrize("backend", ["sqlite"] if "path" in asked else BACKENDS)


@pytest.fixture
def own_server(server: Server) -> Iterator[Server]:
    """A server that the test may stop."""
    with running_server() as running:
        assert running is not None
        yield running


@pytest.fixture
def key() -> bytes:
    return Fernet.generate_key()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "bot.db"


@pytest.fixture
def url(backend: str, path: Path, request: pytest.FixtureRequest) -> str:
    """An empty database."""
    if backend == "sqlite":
        return f"sqlite+aiosqlite:///{path}"
    server: Server = request.getfixturevalue("server")
    return server.new_database().render_as_string()


@pytest.fixture
async def database(url: str, key: bytes) -> AsyncIterator[Database]:
    database = await Database.open(url, key)
    yield database
    await database.close()
