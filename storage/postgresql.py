"""PostgreSQL: its engine, its errors, and the lock that lets only one process use a database."""

from typing import Any

from sqlalchemy import URL, NullPool, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.errors import DatabaseInUse, StorageBusy, StorageFull, StorageUnavailable, StorageUnreachable

CONNECT_S = 10.0
# How long a statement waits for a row that another program holds before it fails with StorageBusy.
LOCK_MS = 2000
# "lesion" in ASCII. The server keeps such locks apart by database.
LOCK_ID = 0x6C6573696F6E

CONNECTION_LOST = ("08", "57P")  # classes of SQLSTATE: no connection; the server stops or starts
WAITED_IN_VAIN = ("55P03", "40001", "40P01", "53300", "57014")
DISK_FULL = "53100"


def create_engine(url: URL, **options: Any) -> AsyncEngine:
    """An engine for the database of `url`. A connection that died while it was idle is replaced silently."""
    settings = {"lock_timeout": str(LOCK_MS), "timezone": "UTC", "application_name": "lesion-triage-bot"}
    return create_async_engine(
        url,
        connect_args={"timeout": CONNECT_S, "server_settings": settings},
        hide_parameters=True,
        **({"pool_pre_ping": True} | options),
    )


def unavailable(error: BaseException | None) -> StorageUnavailable | None:
    """The temporary error behind an exception, else None.

    The driver raises OSError while connecting, and its own later.
    """
    state = str(getattr(error, "sqlstate", None) or "")
    if state == DISK_FULL:
        return StorageFull("the server's disk takes no more")
    if state in WAITED_IN_VAIN:
        return StorageBusy("the database is locked by another program")
    if isinstance(error, OSError) or state.startswith(CONNECTION_LOST) or _is_closed(error):
        return StorageUnreachable("the database server cannot be reached")
    return None


def _is_closed(error: BaseException | None) -> bool:
    return error is not None and "connection is closed" in str(error)


class SessionLock:
    """An advisory lock of one connection. The server releases it however the process ends, even by `kill -9`."""

    def __init__(self, url: URL) -> None:
        self._url = url
        # A separate connection, which ends with the lock instead of going back to a pool.
        self._engine = create_engine(url, poolclass=NullPool, pool_pre_ping=False)
        self._connection: AsyncConnection | None = None

    async def acquire(self) -> None:
        """Take the lock without waiting. Raises DatabaseInUse if another process has it."""
        connection = await self._engine.connect()
        # No transaction stays open, because it would keep the server from vacuuming.
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        if not (await connection.execute(select(func.pg_try_advisory_lock(LOCK_ID)))).scalar_one():
            await connection.close()
            raise DatabaseInUse(
                f"another bot is running on the database {self._url.database}: stop it first, or give this one another"
            )
        self._connection = connection

    async def release(self) -> None:
        """Release the lock, if it is held."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
