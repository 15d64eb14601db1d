"""Photos that replace another photo by an edit of its message. Each has its own request."""

from datetime import UTC, datetime

from sqlalchemy import insert, select, update

from storage.cipher import Cipher
from storage.connections import Transactions
from storage.erasure import Erasures
from storage.records import COMMITTED, Outcome, Received, Request
from storage.sealed import SealedRequests
from storage.tables import requests


class Edits:
    def __init__(self, transactions: Transactions, cipher: Cipher, erasures: Erasures) -> None:
        self._transactions = transactions
        self._erasures = erasures
        self._sealed = SealedRequests(cipher)

    async def record(self, edit: Received, arrived: float = float("inf")) -> bool:
        """Record the photo of an edited message; returns whether the photo has changed.

        The request of the earlier photo is closed unless it was answered. An edit of an unknown or erased message is
        ignored.
        """
        of_message = (requests.c.chat_id == edit.chat_id) & (requests.c.message_id == edit.message_id)
        async with self._transactions.write() as connection:
            earlier = (await connection.execute(select(requests).where(of_message))).all()
            latest = max(earlier, key=lambda row: row.edited_at, default=None)
            if latest is None or latest.edited_at >= edit.edited_at or self._erasures.since(edit.user_id, arrived):
                return False
            if self._sealed.opened(latest).file_unique_id == edit.file_unique_id:
                return False
            unanswered = of_message & requests.c.outcome.in_((Outcome.RECEIVED, Outcome.WORKING))
            await connection.execute(update(requests).where(unanswered).values(outcome=Outcome.REPLACED))
            new = {**self._sealed.received(edit), "outcome": Outcome.RECEIVED, "created_at": datetime.now(UTC)}
            await connection.execute(insert(requests).values(new))
            return True

    async def answered_before(self, request: Request) -> bool:
        """Whether an earlier photo of the same message was answered, or is about to be."""
        earlier = (requests.c.chat_id == request.chat_id) & (requests.c.message_id == request.message_id)
        # An answer that is being sent cannot be stopped.
        earlier &= (requests.c.edited_at < request.edited_at) & requests.c.outcome.in_(COMMITTED)
        async with self._transactions.read() as connection:
            return (await connection.execute(select(requests.c.id).where(earlier).limit(1))).first() is not None
