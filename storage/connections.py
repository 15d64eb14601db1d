"""The engine with this project's pragmas, and the only two ways to a connection: `read` and `write`."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

from sqlalchemy import URL, Connection, event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

logger = logging.getLogger(__name__)

BUSY_TIMEOUT_S = 30
# Fewer than the pool has connections: somebody in a hurry finds one free.
PATIENT_AT_ONCE = 4

_is_patient: ContextVar[bool] = ContextVar("is_patient", default=False)


@contextmanager
def patience() -> Iterator[None]:
    """Within it, in this task and those that it starts, transactions take turns and leave room for others'.

    For work that comes in crowds: whoever asks for one thing meanwhile does not stand in its queue.
    """
    before = _is_patient.set(True)
    try:
        yield
    finally:
        _is_patient.reset(before)


def create_engine(url: URL, *, foreign_keys: bool = True) -> AsyncEngine:
    """An engine for the SQLite file of `url`. Migrations switch `foreign_keys` off: see migrations/env.py."""
    engine = create_async_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S}, hide_parameters=True)

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        # The driver's own transactions would leave DDL and PRAGMA outside; `begin` below opens them instead.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        # FULL: what is committed survives a power cut too, not only the death of the process.
        cursor.execute("PRAGMA synchronous = FULL")
        # Erased means overwritten, not merely unlinked.
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        if mode is not None:
            connection.exec_driver_sql(f"BEGIN {mode}")

    return engine


class Transactions:
    """Short transactions on one engine: any number of readers beside one writer."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        # Writers wait their turn here, in order; SQLite's own busy handler would have them poll.
        self._writing = asyncio.Lock()
        self._patient = asyncio.Semaphore(PATIENT_AT_ONCE)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A consistent view; nothing written through it is kept."""
        async with self._turn(), self._engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that commits at the end of the block and rolls back on an exception."""
        async with self._turn(), self._writing, self._engine.connect() as connection:
            await connection.execution_options(sqlite_begin="IMMEDIATE")
            async with connection.begin():
                yield connection

    def _turn(self) -> AbstractAsyncContextManager[None]:
        return self._patient if _is_patient.get() else nullcontext()

    async def checkpoint(self) -> None:
        """Move everything from the write-ahead log into the database and empty the log."""
        async with self._writing, self._engine.connect() as connection:
            await connection.execution_options(sqlite_begin=None)
            busy, _, _ = (await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))).one()
        if busy:
            logger.warning("another program reads the database: its log is emptied at the next checkpoint")
