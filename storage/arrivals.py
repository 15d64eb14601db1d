"""Updates that were received by webhook, until they are handled."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, func, select, update

from storage.cipher import Cipher, arrival_place
from storage.connections import Transactions
from storage.errors import StorageError
from storage.running_tables import arrivals

CHANNEL: Final = "arrivals"
# Telegram keeps an update for 24 hours.
REMEMBERED: Final = timedelta(days=1)


@dataclass(frozen=True)
class Arrival:
    """An update as it came; its content is None if it cannot be decrypted."""

    update_id: int
    content: bytes | None


class Arrivals:
    """The updates that any replica has recorded, and that the active one handles."""

    def __init__(self, transactions: Transactions, cipher: Cipher) -> None:
        self._transactions = transactions
        self._cipher = cipher
        # Set when an update is recorded, here or, where somebody listens to CHANNEL, by another process.
        self.news = asyncio.Event()

    async def add(self, update_id: int, person_id: int | None, content: bytes) -> None:
        """Record an update. An id that is already known changes nothing."""
        new = {
            "update_id": update_id,
            "person_id": person_id,
            "content": self._cipher.seal(content, arrival_place(update_id)),
            "arrived_at": datetime.now(UTC),
        }
        async with self._transactions.write() as connection:
            statement = self._transactions.insert(arrivals).values(new).on_conflict_do_nothing()
            is_new = (await connection.execute(statement)).rowcount
            if is_new and connection.dialect.name == "postgresql":
                await connection.execute(select(func.pg_notify(CHANNEL, "")))
        self.news.set()

    async def waiting(self, limit: int) -> list[Arrival]:
        """The first `limit` updates that are not handled yet, in the order of their ids."""
        query = select(arrivals).where(arrivals.c.content.is_not(None)).order_by(arrivals.c.update_id).limit(limit)
        async with self._transactions.read() as connection:
            rows = (await connection.execute(query)).all()
        return [Arrival(row.update_id, self._opened(row)) for row in rows]

    async def handled(self, update_id: int) -> None:
        """Note that an update is handled. Only its id is kept."""
        this = arrivals.c.update_id == update_id
        async with self._transactions.write() as connection:
            await connection.execute(update(arrivals).where(this).values(content=None, person_id=None))

    async def forget_old(self) -> None:
        """Delete the ids of handled updates that Telegram will not send again."""
        old = arrivals.c.content.is_(None) & (arrivals.c.arrived_at < datetime.now(UTC) - REMEMBERED)
        async with self._transactions.write() as connection:
            await connection.execute(delete(arrivals).where(old))

    async def probe(self) -> None:
        """Read from the table. Raises StorageUnavailable or a database error if that fails."""
        async with self._transactions.read() as connection:
            await connection.execute(select(arrivals.c.update_id).limit(1))

    def _opened(self, row: Any) -> bytes | None:
        try:
            return self._cipher.open(row.content, arrival_place(row.update_id))
        except StorageError:
            return None
