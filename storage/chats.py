"""Chats whose number changes: a group that becomes a supergroup."""

from sqlalchemy import select, update

from storage.cipher import Cipher
from storage.connections import Transactions
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
        async with self._transactions.write() as connection:
            rows = (await connection.execute(select(requests).where(requests.c.chat_id == old))).all()
            moved = 0
            for row in (each for each in rows if self._sealed.opened(each).is_readable):
                this = update(requests).where(requests.c.id == row.id).values(self._sealed.moved(row, new))
                # Message numbers start again in a supergroup, so one may exist already.
                moved += (await connection.execute(this.prefix_with("OR IGNORE"))).rowcount
        return moved
