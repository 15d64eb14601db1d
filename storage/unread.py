"""Photos that were not analysed: waiting ones, and refused ones that can be opened again."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, update

from storage.cipher import Cipher
from storage.connections import Transactions
from storage.records import Outcome, Request
from storage.sealed import SealedRequests
from storage.tables import requests

# As many as an album and a few single photos.
MOST: Final = 20


class Unread:
    def __init__(self, transactions: Transactions, cipher: Cipher) -> None:
        self._transactions = transactions
        self._sealed = SealedRequests(cipher)

    async def waiting_in_album(self, chat_id: int, media_group_id: str) -> int:
        """How many photos of an album are recorded but not claimed yet. Photos from an edit do not count."""
        album = (requests.c.chat_id == chat_id) & (requests.c.media_group_id == media_group_id)
        query = select(func.count()).where(album, requests.c.edited_at == 0, requests.c.outcome == Outcome.RECEIVED)
        async with self._transactions.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def refused_since(self, user_id: int, since: datetime) -> list[Request]:
        """The latest refused photos of a person since `since`, in the order of sending."""
        theirs = (requests.c.user_id == user_id) & (requests.c.outcome == Outcome.REFUSED)
        query = select(requests).where(theirs, requests.c.created_at > since).order_by(requests.c.id.desc()).limit(MOST)
        async with self._transactions.read() as connection:
            rows = (await connection.execute(query)).all()
        return [self._sealed.opened(row) for row in reversed(rows)]

    async def reopen(self, request_ids: Collection[int], user_id: int) -> set[int]:
        """Let refused requests of this person be claimed again; returns which.

        Of two calls, only one gets a request.
        """
        theirs = requests.c.id.in_(request_ids) & (requests.c.user_id == user_id)
        statement = (
            update(requests)
            .where(theirs, requests.c.outcome == Outcome.REFUSED)
            .values(outcome=Outcome.RECEIVED, completed_at=None)
            .returning(requests.c.id)
        )
        async with self._transactions.write() as connection:
            return set((await connection.execute(statement)).scalars())
