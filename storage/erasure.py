"""Complete erasure: deleted data leaves the write-ahead log too, as soon as no reader uses the old state."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Collection

from sqlalchemy import Select, delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.connections import Transactions
from storage.desk_tables import retrainings
from storage.errors import StorageUnavailable
from storage.pool_tables import pool_labels
from storage.running_tables import arrivals
from storage.tables import broadcasts, shares, users

logger = logging.getLogger(__name__)

AGAIN_S = 1.0
# Longer than any work can take, such as a photo in the queue or an update that is repeated after an outage.
REMEMBERED_S = 86_400.0


async def erase_people(connection: AsyncConnection, user_ids: Collection[int] | Select[tuple[int]]) -> int:
    """Delete people, all their data, and what others shared with them; returns how many people."""
    await connection.execute(delete(broadcasts).where(broadcasts.c.admin_id.in_(user_ids)))
    await connection.execute(delete(retrainings).where(retrainings.c.actor_id.in_(user_ids)))
    await connection.execute(delete(shares).where(shares.c.reader_id.in_(user_ids)))
    # Their labels are about other people's photos, so the labels stay, without the name of who gave them.
    theirs = pool_labels.c.labeller_id.in_(user_ids)
    await connection.execute(update(pool_labels).where(theirs).values(labeller_id=None))
    # What they have just written is not handled any more.
    unhandled = arrivals.c.person_id.in_(user_ids) & arrivals.c.content.is_not(None)
    await connection.execute(update(arrivals).where(unhandled).values(content=None, person_id=None))
    return (await connection.execute(delete(users).where(users.c.id.in_(user_ids)))).rowcount


class Erasures:
    """Remembers for a while who was erased and when, so that unfinished work does not bring the data back."""

    def __init__(self) -> None:
        self._at: OrderedDict[int, float] = OrderedDict()

    def note(self, user_id: int) -> None:
        """Note that this person is being erased."""
        now = time.monotonic()
        self._at[user_id] = now
        self._at.move_to_end(user_id)
        while self._at and next(iter(self._at.values())) < now - REMEMBERED_S:
            self._at.popitem(last=False)

    def since(self, user_id: int, moment: float) -> bool:
        """Whether this person was erased after `moment` (of `time.monotonic`)."""
        return self._at.get(user_id, float("-inf")) >= moment


class Traces:
    """The bytes that deleted rows leave in the write-ahead log."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._left = asyncio.Event()
        self._none_left = asyncio.Event()
        self._none_left.set()
        self._since = 0.0

    async def wipe(self) -> bool:
        """Empty the log now, if no reader uses the old state; otherwise leave it to `keep_wiping` and return False."""
        if await self._wiped():
            return True
        if not self._left.is_set():
            self._since = time.monotonic()
            logger.warning("erased, but another reader keeps the old state in the log: it is emptied once that ends")
        self._left.set()
        self._none_left.clear()
        return False

    async def until_wiped(self) -> None:
        """Wait until the log has no erased data."""
        await self._none_left.wait()

    async def keep_wiping(self) -> None:
        """Whenever `wipe` failed, empty the log as soon as possible; runs until cancelled."""
        while True:
            await self._left.wait()
            # There is no signal when another process stops reading.
            while not await self._wiped():  # noqa: ASYNC110
                await asyncio.sleep(AGAIN_S)
            self._left.clear()
            self._none_left.set()
            logger.info("erasure is complete: the log is empty after %.1f s", time.monotonic() - self._since)

    async def _wiped(self) -> bool:
        try:
            return await self._transactions.checkpoint()
        except StorageUnavailable:
            return False
