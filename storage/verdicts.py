"""A doctor's later verdict on a spot, as the person reports it. It is erased together with the result."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from storage.cipher import Cipher, verdict_place
from storage.connections import Transactions
from storage.records import Verdict
from storage.tables import requests, verdicts


class Verdicts:
    def __init__(self, transactions: Transactions, cipher: Cipher) -> None:
        self._transactions = transactions
        self._cipher = cipher

    async def note(self, request_id: int, user_id: int, verdict: Verdict) -> bool:
        """Store the verdict on a person's own result, which replaces an earlier one; False if the result is not
        theirs."""
        theirs = select(requests.c.id).where(requests.c.id == request_id, requests.c.user_id == user_id)
        said = {"label": verdict.label, "biopsy": verdict.biopsy}
        values = {"said": self._cipher.seal_json(said, verdict_place(request_id)), "at": datetime.now(UTC)}
        async with self._transactions.write() as connection:
            if (await connection.execute(theirs)).one_or_none() is None:
                return False
            statement = self._transactions.insert(verdicts).values(request_id=request_id, **values)
            await connection.execute(statement.on_conflict_do_update(index_elements=["request_id"], set_=values))
        return True

    async def of(self, request_id: int, user_id: int) -> Verdict | None:
        """The verdict on a person's own result."""
        query = (
            select(verdicts.c.said)
            .join(requests, requests.c.id == verdicts.c.request_id)
            .where(requests.c.id == request_id, requests.c.user_id == user_id)
        )
        async with self._transactions.read() as connection:
            sealed = (await connection.execute(query)).scalar_one_or_none()
        return None if sealed is None else Verdict(**self._cipher.open_json(sealed, verdict_place(request_id)))

    async def export(self, user_id: int) -> list[dict[str, Any]]:
        """All verdicts of a person, decrypted, as JSON types."""
        query = (
            select(verdicts)
            .join(requests, requests.c.id == verdicts.c.request_id)
            .where(requests.c.user_id == user_id)
            .order_by(verdicts.c.request_id)
        )
        async with self._transactions.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            {
                "request_id": row.request_id,
                "at": row.at.isoformat(),
                **self._cipher.open_json(row.said, verdict_place(row.request_id)),
            }
            for row in rows
        ]
