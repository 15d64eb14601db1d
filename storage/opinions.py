"""Second opinions: another classifier's answers to photos that were answered. They are erased with the request."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Select, and_, select, update

from storage.cipher import Cipher, opinion_place
from storage.connections import Transactions
from storage.errors import StorageError
from storage.records import Outcome, Request
from storage.sealed import SealedRequests
from storage.tables import requests, second_opinions

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Opinion:
    """An answered request, and another classifier's answer to its photo (JSON types)."""

    request: Request
    said: Mapping[str, Any]


class Opinions:
    def __init__(self, transactions: Transactions, cipher: Cipher) -> None:
        self._transactions = transactions
        self._cipher = cipher
        self._sealed = SealedRequests(cipher)

    async def note(self, request_id: int, classifier: str, said: Mapping[str, Any]) -> None:
        """Store a classifier's answer, which replaces its earlier one. Does nothing if the request was erased."""
        values = {"said": self._cipher.seal_json(said, opinion_place(request_id, classifier)), "at": datetime.now(UTC)}
        async with self._transactions.write() as connection:
            if (await connection.execute(select(requests.c.id).where(requests.c.id == request_id))).first() is None:
                return
            statement = self._transactions.insert(second_opinions).values(
                request_id=request_id, classifier=classifier, **values
            )
            keys = ["request_id", "classifier"]
            await connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values))

    async def without(self, classifier: str, after: int, limit: int) -> list[Request]:
        """Answered requests with numbers above `after` and without an answer of this classifier, in order."""
        said = and_(second_opinions.c.request_id == requests.c.id, second_opinions.c.classifier == classifier)
        query = (
            select(requests)
            .outerjoin(second_opinions, said)
            .where(second_opinions.c.request_id.is_(None), requests.c.outcome == Outcome.ANSWERED)
            .where(requests.c.id > after)
            .order_by(requests.c.id)
            .limit(limit)
        )
        async with self._transactions.read() as connection:
            rows = (await connection.execute(query)).all()
        return await asyncio.to_thread(lambda: [self._sealed.opened(row) for row in rows])

    async def of(self, classifier: str, *, pending: bool = False) -> list[Opinion]:
        """A classifier's answers, oldest request first; `pending` leaves out those whose owner was notified."""
        query: Select[Any] = (
            select(requests, second_opinions.c.said)
            .join(second_opinions, second_opinions.c.request_id == requests.c.id)
            .where(second_opinions.c.classifier == classifier)
            .order_by(requests.c.id)
        )
        if pending:
            query = query.where(second_opinions.c.told_at.is_(None))
        async with self._transactions.read() as connection:
            rows = (await connection.execute(query)).all()
        return await asyncio.to_thread(self._opened, rows, classifier)

    async def mark_notified(self, request_id: int, classifier: str) -> bool:
        """Note before the message goes out that a person is notified. Only the first of several calls returns True."""
        this = and_(second_opinions.c.request_id == request_id, second_opinions.c.classifier == classifier)
        statement = update(second_opinions).where(this, second_opinions.c.told_at.is_(None))
        async with self._transactions.write() as connection:
            return (await connection.execute(statement.values(told_at=datetime.now(UTC)))).rowcount == 1

    async def export(self, user_id: int) -> list[dict[str, Any]]:
        """All second opinions on a person's photos, decrypted, as JSON types."""
        query = (
            select(second_opinions)
            .join(requests, requests.c.id == second_opinions.c.request_id)
            .where(requests.c.user_id == user_id)
            .order_by(second_opinions.c.request_id, second_opinions.c.classifier)
        )
        async with self._transactions.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            {
                "request_id": row.request_id,
                "classifier": row.classifier,
                "at": row.at.isoformat(),
                **self._cipher.open_json(row.said, opinion_place(row.request_id, row.classifier)),
            }
            for row in rows
        ]

    def _opened(self, rows: Sequence[Row[Any]], classifier: str) -> list[Opinion]:
        found = []
        for row in rows:
            try:
                said = self._cipher.open_json(row.said, opinion_place(row.id, classifier))
            except StorageError as error:
                logger.error("second opinion of request %d: %s", row.id, error)
                continue
            found.append(Opinion(self._sealed.opened(row), said))
        return found
