"""PostgreSQL: its engine, its errors, and the lock that lets only one process use a database."""

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Final

from asyncpg import InterfaceError, PostgresError
from sqlalchemy import URL, NullPool, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.errors import DatabaseInUse, StorageBusy, StorageFull, StorageUnavailable, StorageUnreachable, Superseded
from storage.running_tables import terms

CONNECT_S = 10.0
# How long a statement waits for a row that another program holds before it fails with StorageBusy.
LOCK_MS = 2000
# "lesion" in ASCII. The server keeps such locks apart by database.
LOCK_ID = 0x6C6573696F6E

# How often the owner of the lock proves that it has it, for how long a proof counts, and after how long without an
# answer the lock counts as lost.
PROOF_S: Final = 0.5
LEASE_S: Final = 1.5
LOST_S: Final = 5.0
# The server gives up a machine that is gone after about ten seconds, so that the lock is free for another one.
KEEPALIVE: Final = MappingProxyType(
    {"tcp_keepalives_idle": "4", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3"}
)

logger = logging.getLogger(__name__)

CONNECTION_LOST = ("08", "57P")  # classes of SQLSTATE: no connection; the server stops or starts
WAITED_IN_VAIN = ("55P03", "40001", "40P01", "53300", "57014")
DISK_FULL = "53100"


def create_engine(url: URL, settings: Mapping[str, str] = MappingProxyType({}), **options: Any) -> AsyncEngine:
    """An engine for the database of `url`. A connection that died while it was idle is replaced silently.

    `settings` are the server's own for each connection, beside ours.
    """
    ours = {"lock_timeout": str(LOCK_MS), "timezone": "UTC", "application_name": "lesion-triage-bot"}
    return create_async_engine(
        url,
        connect_args={"timeout": CONNECT_S, "server_settings": ours | dict(settings)},
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
    """An advisory lock of one connection. The server releases it however the process ends, even by `kill -9`.

    The lock is lost with its connection. `keep` notices that, and `confirmed` holds back what only the owner may do: it
    lets through only what begins within LEASE_S of a proof that the lock was ours, and nothing in the first LEASE_S. So
    the last deed of one owner comes before the first of the next, whoever notices first.
    """

    def __init__(self, url: URL) -> None:
        self._url = url
        # A separate connection, which ends with the lock instead of going back to a pool.
        self._engine = create_engine(url, settings=KEEPALIVE, poolclass=NullPool, pool_pre_ping=False)
        self._connection: AsyncConnection | None = None
        self._acquired_at = self._proved_at = float("-inf")
        self._proof = asyncio.Event()

    async def acquire(self) -> None:
        """Take the lock without waiting. Raises DatabaseInUse if another process has it."""
        # Noted at once, so that `release` closes it whatever happens.
        self._connection = connection = await self._engine.connect()
        # No transaction stays open, because it would keep the server from vacuuming.
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        if not (await connection.execute(select(func.pg_try_advisory_lock(LOCK_ID)))).scalar_one():
            await self.release()
            raise DatabaseInUse(
                f"another bot is running on the database {self._url.database}: stop it first, or give this one another"
            )
        self._acquired_at = self._proved_at = time.monotonic()

    async def keep(self, channel: str, news: asyncio.Event) -> None:
        """Prove again and again that the lock is ours, and return once it is lost.

        Meanwhile each notification of `channel` sets `news`.
        """
        if self._connection is None:
            raise RuntimeError("the lock is not held")
        driver: Any = (await self._connection.get_raw_connection()).driver_connection
        try:
            with suppress(OSError, PostgresError, InterfaceError, TimeoutError):
                await driver.add_listener(channel, lambda *_: news.set())
                while True:
                    began = time.monotonic()
                    await driver.fetchval("SELECT 1", timeout=LOST_S)
                    self._proved_at = began
                    self._proof.set()
                    self._proof = asyncio.Event()
                    await asyncio.sleep(PROOF_S)
        finally:
            self._proved_at = float("-inf")

    async def confirmed(self) -> None:
        """Return once only the owner's deeds may begin; never, if the lock is lost."""
        await asyncio.sleep(self._acquired_at + LEASE_S - time.monotonic())
        while time.monotonic() > self._proved_at + LEASE_S:
            await self._proof.wait()

    async def release(self) -> None:
        """Release the lock and close its connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                await connection.close()
            except (OSError, DBAPIError, PostgresError, InterfaceError) as error:
                logger.warning("the lock's connection is gone already (%s)", type(error).__name__)


async def begin_term(connection: AsyncConnection) -> int:
    """Count one process more that has taken the database for itself; returns its number.

    It waits for transactions that have called `check_term`, so nobody of an earlier term writes afterwards.
    """
    one_more = postgresql.insert(terms).values(id=1, number=1)
    one_more = one_more.on_conflict_do_update(index_elements=[terms.c.id], set_={"number": terms.c.number + 1})
    return int((await connection.execute(one_more.returning(terms.c.number))).scalar_one())


async def check_term(connection: AsyncConnection, number: int) -> None:
    """Raise Superseded if a later term has begun; otherwise none begins before this transaction ends."""
    query = select(terms.c.number).with_for_update(read=True)
    if (await connection.execute(query)).scalar_one_or_none() != number:
        raise Superseded("another process has taken the database")
