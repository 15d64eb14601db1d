"""Erasure to the end: what is deleted goes from the write-ahead log too, as soon as nobody reads the old state."""

import asyncio
import logging
import time
from collections.abc import Collection

from sqlalchemy import Select, delete
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.connections import Transactions
from storage.errors import StorageUnavailable
from storage.tables import broadcasts, users

logger = logging.getLogger(__name__)

AGAIN_S = 1.0


async def erase_people(connection: AsyncConnection, user_ids: Collection[int] | Select[tuple[int]]) -> int:
    """Delete people with their requests, deliveries and own announcements; says how many people there were."""
    await connection.execute(delete(broadcasts).where(broadcasts.c.admin_id.in_(user_ids)))
    return (await connection.execute(delete(users).where(users.c.id.in_(user_ids)))).rowcount


class Traces:
    """The bytes that deleted rows leave in the write-ahead log."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._left = asyncio.Event()
        self._since = 0.0

    async def wipe(self) -> bool:
        """Empty the log now if nobody reads the old state; else leave it to `keep_wiping` and return False."""
        if await self._wiped():
            return True
        if not self._left.is_set():
            self._since = time.monotonic()
            logger.warning("erased, but another reader keeps the old state in the log: it is emptied once that ends")
        self._left.set()
        return False

    async def keep_wiping(self) -> None:
        """Empty the log as soon as that can be done, whenever `wipe` could not, until cancelled."""
        while True:
            await self._left.wait()
            # Nothing tells when another process ends its reading.
            while not await self._wiped():  # noqa: ASYNC110
                await asyncio.sleep(AGAIN_S)
            self._left.clear()
            logger.info("erasure is complete: the log is empty after %.1f s", time.monotonic() - self._since)

    async def _wiped(self) -> bool:
        try:
            return await self._transactions.checkpoint()
        except StorageUnavailable:
            return False
