"""The engine of either database, and the only two kinds of transaction: `read` and `write`."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

from asyncpg import InterfaceError, PostgresError
from sqlalchemy import URL, Connection, Table, event, text
from sqlalchemy.dialects import postgresql as postgresql_dialect
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage import postgresql
from storage.errors import StorageBusy, StorageFull, StorageUnavailable

# How long a transaction waits for another program before it fails with StorageBusy.
BUSY_TIMEOUT_S = 2.0
# Fewer than the connections of the pool, so that urgent work finds one free.
LOW_PRIORITY_AT_ONCE = 4

BUSY_CODES = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
# Besides SQLITE_FULL: with a quota or a limit on file sizes, SQLite reports a failed write.
FULL_CODES = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_IOERR_SHMSIZE,
    sqlite3.SQLITE_IOERR_SHMOPEN,
}

_is_low_priority: ContextVar[bool] = ContextVar("is_low_priority", default=False)


@contextmanager
def low_priority() -> Iterator[None]:
    """In this block, transactions of this task and of tasks that it starts take turns and leave room for others.

    Use it for work in large numbers. A single request then need not wait for all of it.
    """
    before = _is_low_priority.set(True)
    try:
        yield
    finally:
        _is_low_priority.reset(before)


def create_engine(url: URL, *, foreign_keys: bool = True) -> AsyncEngine:
    """An engine for `url`. Migrations switch SQLite's `foreign_keys` off: see migrations/env.py."""
    if url.get_backend_name() == "postgresql":
        return postgresql.create_engine(url)
    engine = create_async_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S}, hide_parameters=True)

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        # The driver's own transactions would not include DDL and PRAGMA. `begin` below opens transactions instead.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        # FULL: committed data survives not only a crash of the process but also a power cut.
        cursor.execute("PRAGMA synchronous = FULL")
        # Erased data is overwritten, not only unlinked.
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
    """Short transactions on one engine: any number of readers beside one writer.

    Reads do not wait for writes, neither for ours nor for those of another program. Both raise StorageUnavailable if
    the database cannot work now.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"
        # Writers wait here in order. SQLite's own busy handler would make them poll.
        self._writing = asyncio.Lock()
        self._low_priority = asyncio.Semaphore(LOW_PRIORITY_AT_ONCE)
        self._failures = 0
        # Of a process that has a PostgreSQL database for itself: see storage/postgresql.py.
        self.term: int | None = None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A consistent view for reading. Changes through it are not kept."""
        with _classified():
            async with self._turn(), self._engine.connect() as connection:
                if not self._is_sqlite:
                    await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                yield connection

    def insert(self, table: Table) -> Any:
        """An INSERT statement with ON CONFLICT, which each database has in its own dialect."""
        return (sqlite_dialect if self._is_sqlite else postgresql_dialect).insert(table)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that commits at the end of the block and rolls back on an exception."""
        failures = self._failures
        async with self._turn(), self._writing:
            # A writer that waited while another one failed gives up too. Otherwise the queue would never end.
            if self._failures > failures:
                raise StorageBusy("the database is locked by another program")
            try:
                with _classified():
                    async with self._engine.connect() as connection:
                        if self._is_sqlite:
                            await connection.execution_options(sqlite_begin="IMMEDIATE")
                        async with connection.begin():
                            if self.term is not None:
                                await postgresql.check_term(connection, self.term)
                            yield connection
            except StorageBusy:
                self._failures += 1
                raise

    def _turn(self) -> AbstractAsyncContextManager[None]:
        return self._low_priority if _is_low_priority.get() else nullcontext()

    async def checkpoint(self) -> bool:
        """Move the write-ahead log into the database and empty the log, without waiting.

        False if a reader or another program prevents it. Does nothing for PostgreSQL, whose log its operator manages.
        """
        if not self._is_sqlite:
            return True
        with _classified():
            async with self._writing, self._engine.connect() as connection:
                await connection.execution_options(sqlite_begin=None)
                # Waiting for a reader would hold up every writer.
                await connection.execute(text("PRAGMA busy_timeout = 0"))
                try:
                    busy, _, _ = (await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))).one()
                except DBAPIError:
                    # The connection must not go back to the pool without its time-out.
                    await connection.invalidate()
                    raise
                # This is in no `finally`: a cancelled connection is invalid, and its error would hide the cancellation.
                await connection.execute(text(f"PRAGMA busy_timeout = {round(1000 * BUSY_TIMEOUT_S)}"))
        return not busy


@contextmanager
def _classified() -> Iterator[None]:
    """Turn temporary errors into StorageUnavailable. All other errors stay unchanged."""
    try:
        yield
    except (DBAPIError, InterfaceError, PostgresError, OSError) as error:
        # PostgreSQL's driver raises its own errors while it connects.
        cause = error.orig if isinstance(error, DBAPIError) else error
        unavailable = _unavailable(cause) or postgresql.unavailable(cause)
        if unavailable is None:
            raise
        raise unavailable from error


def _unavailable(error: BaseException | None) -> StorageUnavailable | None:
    code = getattr(error, "sqlite_errorcode", 0)
    # The lower byte is the kind of error, the rest is more detail.
    if code & 0xFF in BUSY_CODES:
        return StorageBusy("the database is locked by another program")
    if code in FULL_CODES:
        return StorageFull("the disk takes no more")
    return None
