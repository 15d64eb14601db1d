"""The training pool: encrypted photos of people who had agreed before they sent them. They go with the agreement."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.cipher import Cipher, pool_picture_place
from storage.connections import Transactions
from storage.labels import Label, opened_label
from storage.pool_tables import pool_labels, pool_photos
from storage.records import Outcome, Purpose, Request
from storage.sealed import SealedRequests
from storage.tables import consents, mole_photos, requests


@dataclass(frozen=True)
class PoolPhoto:
    """A photo of the pool: `picture` is a JPEG, `outlines` are its stored outlines, `result` is the bot's answer.

    `person` and `lesion` are keyed hashes: photos of one person, and of one mole, share them.
    """

    request_id: int
    person: str
    lesion: str
    picture: bytes
    outlines: bytes
    result: Mapping[str, Any]
    labels: Sequence[Label]


class TrainingPool:
    def __init__(self, transactions: Transactions, cipher: Cipher) -> None:
        self._transactions = transactions
        self._cipher = cipher
        self._sealed = SealedRequests(cipher)

    async def keep(self, request_id: int, picture: bytes, outlines: bytes, most_bytes: int) -> bool:
        """Keep the photo of an answered request, a JPEG, and the outlines in it.

        False if its owner did not agree before they sent it, if it is kept already or erased, or if the pool would have
        more than `most_bytes`.
        """
        sealed = {
            name: self._cipher.seal(value, pool_picture_place(name, request_id))
            for name, value in (("picture", picture), ("outlines", outlines))
        }
        size = sum(map(len, sealed.values()))
        values = {"request_id": request_id, **sealed, "size": size, "kept_at": datetime.now(UTC)}
        kept = self._transactions.insert(pool_photos).values(values).on_conflict_do_nothing()
        used = select(func.coalesce(func.sum(pool_photos.c.size), 0))
        # The agreement is checked in the same transaction. So a withdrawal comes before it, or finds the photo.
        async with self._transactions.write() as connection:
            if (await connection.execute(_agreed().where(requests.c.id == request_id))).one_or_none() is None:
                return False
            if (await connection.execute(used)).scalar_one() + size > most_bytes:
                return False
            return (await connection.execute(kept)).rowcount == 1

    async def replace_outlines(self, request_id: int, outlines: bytes) -> None:
        """Keep other outlines with a photo, in place of those it has."""
        sealed = self._cipher.seal(outlines, pool_picture_place("outlines", request_id))
        this = pool_photos.c.request_id == request_id
        size = pool_photos.c.size - func.length(pool_photos.c.outlines) + len(sealed)
        async with self._transactions.write() as connection:
            await connection.execute(update(pool_photos).where(this).values(outlines=sealed, size=size))

    async def waiting(self, since: datetime, after: int, limit: int) -> list[Request]:
        """Answered requests that may be kept but are not: with numbers above `after`, not before `since`, in order."""
        missing = ~select(pool_photos.c.request_id).where(pool_photos.c.request_id == requests.c.id).exists()
        query = _agreed().where(requests.c.created_at >= since, requests.c.id > after, missing)
        async with self._transactions.read() as connection:
            rows = (await connection.execute(query.order_by(requests.c.id).limit(limit))).all()
        return [self._sealed.opened(row) for row in rows]

    async def size(self) -> int:
        """The bytes of all photos in the pool."""
        async with self._transactions.read() as connection:
            return int((await connection.execute(select(func.coalesce(func.sum(pool_photos.c.size), 0)))).scalar_one())

    async def get(self, request_id: int) -> PoolPhoto | None:
        """A photo of the pool by the number of its request."""
        query = _photos().where(pool_photos.c.request_id == request_id)
        async with self._transactions.read() as connection:
            row = (await connection.execute(query)).one_or_none()
            return None if row is None else self._opened(row, await self._labels(connection, request_id))

    async def ids(self) -> list[int]:
        """The numbers of all photos in the pool, in order."""
        async with self._transactions.read() as connection:
            query = select(pool_photos.c.request_id).order_by(pool_photos.c.request_id)
            return list((await connection.execute(query)).scalars())

    async def all(self) -> AsyncIterator[PoolPhoto]:
        """All photos of the pool, one in memory at a time. Photos that are erased meanwhile are left out."""
        for number in await self.ids():
            photo = await self.get(number)
            if photo is not None:
                yield photo

    async def export(self, user_id: int) -> AsyncIterator[PoolPhoto]:
        """A person's photos in the pool, one at a time."""
        query = select(pool_photos.c.request_id).join(requests, requests.c.id == pool_photos.c.request_id)
        async with self._transactions.read() as connection:
            numbers = list((await connection.execute(query.where(requests.c.user_id == user_id))).scalars())
        for number in sorted(numbers):
            photo = await self.get(number)
            if photo is not None:
                yield photo

    async def _labels(self, connection: AsyncConnection, request_id: int) -> list[Label]:
        query = select(pool_labels).where(pool_labels.c.request_id == request_id).order_by(pool_labels.c.id)
        return [opened_label(self._cipher, row) for row in (await connection.execute(query)).all()]

    def _opened(self, row: Row[Any], labels: Sequence[Label]) -> PoolPhoto:
        request = self._sealed.opened(row)
        lesion = f"request {request.id}" if row.mole_id is None else f"mole {row.mole_id}"
        return PoolPhoto(
            request.id,
            self._cipher.fingerprint(str(request.user_id), "pool person"),
            self._cipher.fingerprint(lesion, "pool lesion"),
            self._cipher.open(row.picture, pool_picture_place("picture", request.id)),
            self._cipher.open(row.outlines, pool_picture_place("outlines", request.id)),
            request.result or {},
            labels,
        )


def _photos() -> Select[Any]:
    return (
        select(requests, pool_photos.c.picture, pool_photos.c.outlines, mole_photos.c.mole_id)
        .join(pool_photos, pool_photos.c.request_id == requests.c.id)
        .outerjoin(mole_photos, mole_photos.c.request_id == requests.c.id)
    )


def _agreed() -> Select[Any]:
    """Answered requests whose owners agreed to training before they sent the photo, and still do."""
    return (
        select(requests)
        .join(consents, consents.c.user_id == requests.c.user_id)
        .where(
            requests.c.outcome == Outcome.ANSWERED,
            consents.c.purpose == Purpose.TRAINING,
            consents.c.withdrawn_at.is_(None),
            consents.c.given_at <= requests.c.created_at,
        )
    )
