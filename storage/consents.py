"""Consents beside the terms of use: given and withdrawn one by one."""

from datetime import UTC, datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.connections import Transactions
from storage.erasure import Traces
from storage.pool_tables import pool_photos
from storage.records import Purpose
from storage.tables import consents, mole_photos, mole_pictures, moles, requests, users


class Consents:
    def __init__(self, transactions: Transactions, traces: Traces) -> None:
        self._transactions = transactions
        self._traces = traces

    async def give(self, user_id: int, purpose: Purpose) -> None:
        """Note an agreement. If it holds already, its time stays."""
        values = {"user_id": user_id, "purpose": purpose, "given_at": datetime.now(UTC)}
        statement = self._transactions.insert(consents).values(values)
        anew = {"given_at": statement.excluded.given_at, "withdrawn_at": None}
        async with self._transactions.write() as connection:
            await connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["user_id", "purpose"], set_=anew, where=consents.c.withdrawn_at.is_not(None)
                )
            )

    async def withdraw(self, user_id: int, purpose: Purpose) -> None:
        """Note a withdrawal, and erase at once everything that was kept only because of this agreement."""
        async with self._transactions.write() as connection:
            await _withdraw(connection, user_id, [purpose])
        await self._traces.wipe()

    async def withdraw_all(self, user_id: int) -> None:
        """Withdraw the agreement to the terms of use, and all others with it."""
        async with self._transactions.write() as connection:
            await connection.execute(update(users).where(users.c.id == user_id).values(consented_at=None))
            await _withdraw(connection, user_id, list(Purpose))
        await self._traces.wipe()

    async def of(self, user_id: int) -> frozenset[Purpose]:
        """What a person agrees to now."""
        query = select(consents.c.purpose).where(consents.c.user_id == user_id, consents.c.withdrawn_at.is_(None))
        async with self._transactions.read() as connection:
            return frozenset(map(Purpose, (await connection.execute(query)).scalars()))

    async def who_agrees(self, purpose: Purpose) -> list[int]:
        """The ids of all who agree to this now."""
        query = select(consents.c.user_id).where(consents.c.purpose == purpose, consents.c.withdrawn_at.is_(None))
        async with self._transactions.read() as connection:
            return list((await connection.execute(query.order_by(consents.c.user_id))).scalars())


async def _withdraw(connection: AsyncConnection, user_id: int, purposes: list[Purpose]) -> None:
    held = (consents.c.user_id == user_id) & consents.c.purpose.in_(purposes) & consents.c.withdrawn_at.is_(None)
    await connection.execute(update(consents).where(held).values(withdrawn_at=datetime.now(UTC)))
    if Purpose.PHOTOS in purposes:
        theirs = select(mole_photos.c.request_id).join(moles, moles.c.id == mole_photos.c.mole_id)
        theirs = theirs.where(moles.c.user_id == user_id)
        await connection.execute(delete(mole_pictures).where(mole_pictures.c.request_id.in_(theirs)))
    if Purpose.TRAINING in purposes:
        sent = select(requests.c.id).where(requests.c.user_id == user_id)
        await connection.execute(delete(pool_photos).where(pool_photos.c.request_id.in_(sent)))
