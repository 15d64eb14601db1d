"""Only one process may use an SQLite file: an exclusive lock on a file beside it."""

import asyncio
import fcntl
import os
from pathlib import Path

from storage.errors import DatabaseInUse


class InstanceLock:
    """The lock on `<database>.lock`. The kernel releases it however the process ends, even by `kill -9`.

    The file stays. If it were removed, two processes could hold locks on two files with the same name.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        self._descriptor: int | None = None

    async def acquire(self) -> None:
        """Take the lock without waiting. Raises DatabaseInUse if another process has it, or OSError."""
        await asyncio.to_thread(self._acquire)

    def _acquire(self) -> None:
        # This is not the database file itself: closing that would drop SQLite's own locks on it.
        name = self._database.with_name(f"{self._database.name}.lock")
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise DatabaseInUse(
                f"another bot is running on the database {self._database}: "
                "stop it first, or give this one a DATA_DIR of its own"
            ) from None
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    async def keep(self, _channel: str, _news: asyncio.Event) -> None:
        """Run until cancelled: this lock cannot be lost."""
        await asyncio.Event().wait()

    async def confirmed(self) -> None:
        """Return at once: see `keep`."""

    async def release(self) -> None:
        """Release the lock, if it is held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
