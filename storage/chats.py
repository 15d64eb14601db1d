"""Requests that change their chat: with a group that becomes a supergroup, or from a group to a private chat."""

from sqlalchemy import exists, select, update

from storage.cipher import Cipher
from storage.connections import Transactions
from storage.records import Request
from storage.sealed import SealedRequests
from storage.tables import requests


class Chats:
    def __init__(self, transactions: Transactions, cipher: Cipher) -> None:
        self._transactions = transactions
        self._sealed = SealedRequests(cipher)

    async def move(self, old: int, new: int) -> int:
        """Move all requests of one chat to another chat in one transaction; returns how many.

        Their ciphertexts are bound to the chat, so they are encrypted again. Requests that cannot be decrypted stay
        where they are.
        """
        there = requests.alias()
        async with self._transactions.write() as connection:
            rows = (await connection.execute(select(requests).where(requests.c.chat_id == old))).all()
            moved = 0
            for row in (each for each in rows if self._sealed.opened(each).is_readable):
                # Message numbers start again in a supergroup, so one may exist already.
                same = (
                    there.c.chat_id == new,
                    there.c.message_id == row.message_id,
                    there.c.edited_at == row.edited_at,
                )
                this = update(requests).where(requests.c.id == row.id, ~exists().where(*same))
                moved += (await connection.execute(this.values(self._sealed.moved(row, new)))).rowcount
        return moved

    async def take_over(self, request_id: int, message_id: int) -> Request | None:
        """Make a request be about this message of its sender's private chat; None if it was erased meanwhile."""
        this = select(requests).where(requests.c.id == request_id)
        async with self._transactions.write() as connection:
            row = (await connection.execute(this)).one_or_none()
            if row is None:
                return None
            values = self._sealed.moved(row, row.user_id, message_id)
            await connection.execute(update(requests).where(requests.c.id == request_id).values(values))
            return self._sealed.opened((await connection.execute(this)).one())
