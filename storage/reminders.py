"""Reminders of moles. Each is claimed before it is sent, so that only one of several bots sends it.

A claim is a lease. If the bot that has it dies, another bot takes it when the lease is over. If a bot dies between
sending and noting it, the reminder is sent again. That is better than no reminder.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update

from storage.cipher import Cipher
from storage.connections import Transactions
from storage.moles import opened_mole
from storage.records import Reminder
from storage.tables import moles, reminders, users

LEASE = timedelta(minutes=5)
AT_ONCE = 20


class Reminders:
    def __init__(self, transactions: Transactions, cipher: Cipher) -> None:
        self._transactions = transactions
        self._cipher = cipher

    async def set(self, mole_id: int, months: int, due_at: datetime) -> None:
        """Set the reminder of a mole: at `due_at`, then every `months` months. Replaces an earlier one."""
        values = {"months": months, "due_at": due_at, "leased_until": None}
        statement = self._transactions.insert(reminders).values(mole_id=mole_id, **values)
        async with self._transactions.write() as connection:
            await connection.execute(statement.on_conflict_do_update(index_elements=["mole_id"], set_=values))

    async def switch_off(self, mole_id: int) -> None:
        """Delete the reminder of a mole."""
        async with self._transactions.write() as connection:
            await connection.execute(delete(reminders).where(reminders.c.mole_id == mole_id))

    async def get(self, mole_id: int) -> tuple[int, datetime] | None:
        """Months and time of a mole's reminder; None if there is none."""
        async with self._transactions.read() as connection:
            query = select(reminders.c.months, reminders.c.due_at).where(reminders.c.mole_id == mole_id)
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else (row.months, row.due_at)

    async def claim_due(self, now: datetime) -> list[Reminder]:
        """Claim some of the due reminders that no other bot has; the longest due first.

        People who block the bot are left out until they write again, and those who took their agreement back until
        they agree anew.
        """
        free = or_(reminders.c.leased_until.is_(None), reminders.c.leased_until <= now)
        due = (
            select(reminders.c.mole_id)
            .join(moles, moles.c.id == reminders.c.mole_id)
            .join(users, users.c.id == moles.c.user_id)
            .where(reminders.c.due_at <= now, free, users.c.blocked_at.is_(None), users.c.consented_at.is_not(None))
            .order_by(reminders.c.due_at)
            .limit(AT_ONCE)
        )
        async with self._transactions.write() as connection:
            # The condition is repeated, because another bot may just have claimed it. PostgreSQL waits for that bot's
            # transaction.
            claimed = update(reminders).where(reminders.c.mole_id.in_(due), free).values(leased_until=now + LEASE)
            ours = (await connection.execute(claimed.returning(reminders.c.mole_id))).scalars().all()
            query = (
                select(moles, reminders.c.months, reminders.c.due_at)
                .join(reminders, reminders.c.mole_id == moles.c.id)
                .where(moles.c.id.in_(ours))
                .order_by(reminders.c.due_at)
            )
            rows = (await connection.execute(query)).all()
        return [Reminder(opened_mole(self._cipher, row), row.months, row.due_at) for row in rows]

    async def settle(self, reminder: Reminder, next_due: datetime) -> None:
        """Note that a reminder was sent. A reminder that was changed meanwhile stays unchanged."""
        same = (reminders.c.mole_id == reminder.mole.id) & (reminders.c.due_at == reminder.due_at)
        async with self._transactions.write() as connection:
            await connection.execute(update(reminders).where(same).values(due_at=next_due, leased_until=None))
