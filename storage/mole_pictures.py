"""Photos of moles, kept with their owners' agreement: encrypted, and erased with the agreement, the mole or the
request."""

from collections.abc import AsyncIterator

from sqlalchemy import select

from storage.cipher import Cipher, mole_picture_place
from storage.connections import Transactions
from storage.records import Mole, Purpose
from storage.tables import consents, mole_photos, mole_pictures, moles


class MolePictures:
    def __init__(self, transactions: Transactions, cipher: Cipher) -> None:
        self._transactions = transactions
        self._cipher = cipher

    async def keep(self, mole: Mole, request_id: int, picture: bytes) -> bool:
        """Keep the photo of a mole, a JPEG; False if its owner does not agree, or the photo is of no such mole."""
        agreed = select(consents.c.user_id).where(
            consents.c.user_id == mole.user_id,
            consents.c.purpose == Purpose.PHOTOS,
            consents.c.withdrawn_at.is_(None),
        )
        of_mole = select(mole_photos.c.request_id).where(
            mole_photos.c.request_id == request_id, mole_photos.c.mole_id == mole.id
        )
        sealed = self._cipher.seal(picture, mole_picture_place(request_id))
        kept = self._transactions.insert(mole_pictures).values(request_id=request_id, picture=sealed)
        # The agreement is checked in the same transaction. So a withdrawal comes before it, or finds the picture.
        async with self._transactions.write() as connection:
            for condition in (agreed, of_mole):
                if (await connection.execute(condition)).one_or_none() is None:
                    return False
            await connection.execute(kept.on_conflict_do_nothing())
        return True

    async def of(self, request_id: int, user_id: int) -> bytes | None:
        """The kept photo of a person's own request, a JPEG."""
        query = (
            select(mole_pictures.c.picture)
            .join(mole_photos, mole_photos.c.request_id == mole_pictures.c.request_id)
            .join(moles, moles.c.id == mole_photos.c.mole_id)
            .where(mole_pictures.c.request_id == request_id, moles.c.user_id == user_id)
        )
        async with self._transactions.read() as connection:
            sealed = (await connection.execute(query)).scalar_one_or_none()
        return None if sealed is None else self._cipher.open(sealed, mole_picture_place(request_id))

    async def kept_of(self, user_id: int) -> list[tuple[int, int]]:
        """Mole and request of each kept photo of a person, the oldest first."""
        query = (
            select(mole_photos.c.mole_id, mole_photos.c.request_id)
            .join(mole_pictures, mole_pictures.c.request_id == mole_photos.c.request_id)
            .join(moles, moles.c.id == mole_photos.c.mole_id)
            .where(moles.c.user_id == user_id)
            .order_by(mole_photos.c.request_id)
        )
        async with self._transactions.read() as connection:
            return [(row.mole_id, row.request_id) for row in (await connection.execute(query)).all()]

    async def export(self, user_id: int) -> AsyncIterator[tuple[int, int, bytes]]:
        """Mole, request and picture of each kept photo of a person, one at a time."""
        for mole_id, request_id in await self.kept_of(user_id):
            picture = await self.of(request_id, user_id)
            if picture is not None:
                yield mole_id, request_id, picture
