"""Which of the staff get a digest, and when the next one is due. Only one of several bots sends it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, or_, select, update

from storage.connections import Transactions
from storage.desk_tables import digests

LEASE = timedelta(minutes=5)


class Every(StrEnum):
    """How often a digest comes."""

    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True)
class DueDigest:
    """A digest that is due for a member of the staff."""

    user_id: int
    every: Every
    due_at: datetime


class Digests:
    """A claim is a lease, as with reminders. If a bot dies between sending and noting, the digest is sent again."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def every(self, user_id: int) -> Every | None:
        """How often somebody gets one; None means never."""
        async with self._transactions.read() as connection:
            query = select(digests.c.every).where(digests.c.user_id == user_id)
            found = (await connection.execute(query)).scalar_one_or_none()
        return None if found is None else Every(found)

    async def set(self, user_id: int, every: Every, due_at: datetime) -> None:
        """Send one at `due_at`, and then every day or week."""
        values = {"every": every, "due_at": due_at, "leased_until": None}
        statement = self._transactions.insert(digests).values(user_id=user_id, **values)
        async with self._transactions.write() as connection:
            await connection.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=values))

    async def switch_off(self, user_id: int) -> None:
        async with self._transactions.write() as connection:
            await connection.execute(delete(digests).where(digests.c.user_id == user_id))

    async def claim_due(self, now: datetime) -> list[DueDigest]:
        """Claim the due digests that no other bot has."""
        free = or_(digests.c.leased_until.is_(None), digests.c.leased_until <= now)
        claimed = update(digests).where(digests.c.due_at <= now, free).values(leased_until=now + LEASE)
        columns = digests.c.user_id, digests.c.every, digests.c.due_at
        async with self._transactions.write() as connection:
            rows = (await connection.execute(claimed.returning(*columns))).all()
        return [DueDigest(row.user_id, Every(row.every), row.due_at) for row in rows]

    async def settle(self, sent: DueDigest, next_due: datetime) -> None:
        """Note that it was sent. A digest that was changed meanwhile stays unchanged."""
        same = (digests.c.user_id == sent.user_id) & (digests.c.due_at == sent.due_at)
        async with self._transactions.write() as connection:
            await connection.execute(update(digests).where(same).values(due_at=next_due, leased_until=None))
