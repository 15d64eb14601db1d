"""The faults that administrators were notified of, so that after a restart none is reported twice."""

from collections.abc import Collection
from datetime import UTC, datetime

from sqlalchemy import delete, select

from storage.connections import Transactions
from storage.desk_tables import alerts


class AlertRecords:
    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def notified(self) -> set[str]:
        """The faults that were reported and are not over."""
        async with self._transactions.read() as connection:
            return set((await connection.execute(select(alerts.c.fault))).scalars())

    async def note(self, began: Collection[str], gone: Collection[str]) -> None:
        """Note faults that are reported now, and forget those whose end is reported now."""
        now = datetime.now(UTC)
        rows = [{"fault": fault, "since": now} for fault in sorted(began)]
        async with self._transactions.write() as connection:
            if rows:
                await connection.execute(self._transactions.insert(alerts).values(rows).on_conflict_do_nothing())
            await connection.execute(delete(alerts).where(alerts.c.fault.in_(gone)))
