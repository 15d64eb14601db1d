"""The running retraining: at most one, even if several bots share the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from storage.audit import Action, note
from storage.connections import Transactions
from storage.desk_tables import retrainings

ONLY = 1
FORGOTTEN = timedelta(hours=1)
"""After so long without a bot that watches it, a retraining counts as ended. Its machine may be gone."""


@dataclass(frozen=True)
class Retraining:
    """Who started it, the message that shows its progress, where it runs, and since when."""

    actor_id: int
    message_id: int
    machine: str
    started_at: datetime


class Retrainings:
    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def begin(self, retraining: Retraining) -> bool:
        """Note a retraining, also in the audit log; False if another one is running."""
        now = retraining.started_at
        values = {**vars(retraining), "id": ONLY, "seen_at": now}
        async with self._transactions.write() as connection:
            await connection.execute(delete(retrainings).where(retrainings.c.seen_at < now - FORGOTTEN))
            statement = self._transactions.insert(retrainings).values(values)
            begun = await connection.execute(statement.on_conflict_do_nothing(index_elements=["id"]))
            if not begun.rowcount:
                return False
            await note(connection, retraining.actor_id, Action.RETRAIN, "begin")
        return True

    async def current(self) -> Retraining | None:
        """The running one."""
        columns = retrainings.c.actor_id, retrainings.c.message_id, retrainings.c.machine, retrainings.c.started_at
        async with self._transactions.read() as connection:
            row = (await connection.execute(select(*columns))).one_or_none()
        return None if row is None else Retraining(**row._mapping)

    async def watch(self, machine: str, now: datetime) -> None:
        """Note that a bot on this machine still watches it."""
        async with self._transactions.write() as connection:
            await connection.execute(update(retrainings).where(retrainings.c.machine == machine).values(seen_at=now))

    async def end(self, machine: str) -> bool:
        """Note the end of the retraining on this machine; False if it was noted before."""
        async with self._transactions.write() as connection:
            return (await connection.execute(delete(retrainings).where(retrainings.c.machine == machine))).rowcount > 0
