"""A PostgreSQL server for tests and measurements, started from Debian's package in a temporary folder."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import URL

DEBIAN = Path("/usr/lib/postgresql")
TIMEOUT_S = 90
OPTIONS = "-c listen_addresses='' -c max_connections=60"
# Nothing of it outlives its use: no power cut has to be survived.
CARELESS = "-c fsync=off -c full_page_writes=off -c autovacuum=off"

_numbers = count(1)


def programs() -> Path | None:
    """The folder with `initdb` and `pg_ctl`; None where PostgreSQL is not installed."""
    found = shutil.which("pg_ctl")
    if found is not None:
        return Path(found).resolve().parent
    versions = sorted(DEBIAN.glob("*/bin/pg_ctl"), key=lambda each: int(each.parent.parent.name))
    return versions[-1].parent if versions else None


class Server:
    """A running server, reached by a socket in its folder; a `durable` one writes as it does by default."""

    def __init__(self, binaries: Path, folder: Path, *, durable: bool) -> None:
        self._binaries = binaries
        self._folder = folder
        self._options = OPTIONS if durable else f"{OPTIONS} {CARELESS}"
        # The server refuses to run as root.
        self._as: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}

    def create(self) -> None:
        """Make an empty cluster. Its only user is `postgres`."""
        if self._as:
            account = pwd.getpwnam("postgres")
            os.chown(self._folder, account.pw_uid, account.pw_gid)
        self._run("initdb", "--pgdata", self._data, "--username", "postgres", "--auth", "trust", "--no-sync")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"{self._options} -c unix_socket_directories={self._folder}"
        self._run("pg_ctl", "--pgdata", self._data, "--log", f"{self._data}.log", "--options", options, "-w", "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it; `immediate` is what a crash would leave."""
        self._run("pg_ctl", "--pgdata", self._data, "--mode", mode, "-w", "stop")

    def new_database(self) -> URL:
        """An empty database."""
        name = f"test{next(_numbers)}"
        self._run("createdb", "--host", str(self._folder), "--username", "postgres", name)
        return self.url(name)

    def url(self, name: str) -> URL:
        """How a database of it is reached."""
        return URL.create("postgresql+asyncpg", username="postgres", database=name, query={"host": str(self._folder)})

    @property
    def process(self) -> int:
        """The number of its first process; all others are children of it."""
        return int(Path(self._data, "postmaster.pid").read_text().split()[0])

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), *arguments]
        # Not captured through pipes: the server would inherit them and keep them open.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                command, stdout=output, stderr=output, cwd="/", check=False, timeout=TIMEOUT_S, **self._as
            )
            output.seek(0)
            assert done.returncode == 0, output.read().decode()


@contextmanager
def running_server(*, durable: bool = False) -> Iterator[Server | None]:
    """A server, or None where PostgreSQL is not installed."""
    binaries = programs()
    if binaries is None:
        yield None
        return
    # A path of its own: that of a socket may have 107 characters.
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        server = Server(binaries, Path(folder), durable=durable)
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop()
