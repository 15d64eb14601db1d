"""The data for the operator's figures: requests without their owners."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from storage.cipher import Cipher, request_place, verdict_place
from storage.connections import Transactions
from storage.errors import StorageError
from storage.records import Outcome
from storage.tables import requests, verdicts

# Batch size for reading and decrypting results: a short time in a thread, and little memory.
BATCH = 1000


@dataclass(frozen=True)
class Handled:
    """One request, for the figures.

    `person` is the same number for all requests of one person in one list, and has no meaning elsewhere. `result` is
    None if there is none yet or it cannot be decrypted.
    """

    person: int
    created_at: datetime
    completed_at: datetime | None
    outcome: Outcome
    result: Mapping[str, Any] | None


@dataclass(frozen=True)
class JudgedAnswer:
    """A doctor's verdict on a result, without its owner: `risk` as answered; `said` is a class or `other`."""

    risk: str | None
    said: str
    biopsy: bool


class Statistics:
    def __init__(self, transactions: Transactions, cipher: Cipher) -> None:
        self._transactions = transactions
        self._cipher = cipher

    async def since(self, moment: datetime) -> list[Handled]:
        """All requests recorded at `moment` or later, oldest first."""
        found: list[Handled] = []
        people: dict[int, int] = {}
        last = 0
        query = select(requests).where(requests.c.created_at >= moment).order_by(requests.c.id).limit(BATCH)
        while True:
            async with self._transactions.read() as connection:
                rows = (await connection.execute(query.where(requests.c.id > last))).all()
            if not rows:
                return found
            found += await asyncio.to_thread(self._opened, rows, people)
            last = rows[-1].id

    async def verdicts(self) -> list[JudgedAnswer]:
        """Every answer with a doctor's verdict, the oldest first."""
        found: list[JudgedAnswer] = []
        last = 0
        query = select(requests, verdicts.c.said).join(verdicts, verdicts.c.request_id == requests.c.id)
        query = query.order_by(requests.c.id).limit(BATCH)
        while True:
            async with self._transactions.read() as connection:
                rows = (await connection.execute(query.where(requests.c.id > last))).all()
            if not rows:
                return found
            found += await asyncio.to_thread(lambda batch: [*filter(None, map(self._judged, batch))], rows)
            last = rows[-1].id

    def _judged(self, row: Row[Any]) -> JudgedAnswer | None:
        try:
            said = self._cipher.open_json(row.said, verdict_place(row.id))
        except StorageError:
            return None
        return JudgedAnswer((self._result(row) or {}).get("risk"), said["label"], said["biopsy"])

    def _opened(self, rows: Sequence[Row[Any]], people: dict[int, int]) -> list[Handled]:
        return [
            Handled(
                people.setdefault(row.user_id, len(people)),
                row.created_at,
                row.completed_at,
                Outcome(row.outcome),
                self._result(row),
            )
            for row in rows
        ]

    def _result(self, row: Row[Any]) -> Mapping[str, Any] | None:
        if row.result is None:
            return None
        try:
            return self._cipher.open_json(
                row.result, request_place("result", row.user_id, row.chat_id, row.message_id, row.edited_at)
            )
        except StorageError:
            return None
