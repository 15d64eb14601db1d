"""Moles that people follow, and their photos. Only its owner can get a mole."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from storage.cipher import Cipher, mole_findings_place, mole_name_place
from storage.connections import Transactions
from storage.records import Mole, MolePhoto
from storage.requests import Requests
from storage.tables import mole_photos, moles, reminders, requests

MOST_MOLES = 100


class Moles:
    def __init__(self, transactions: Transactions, cipher: Cipher, requests_: Requests) -> None:
        self._transactions = transactions
        self._cipher = cipher
        self._requests = requests_

    async def create(self, user_id: int, name: str) -> Mole | None:
        """Create a mole; None if the person has reached the limit of moles."""
        async with self._transactions.write() as connection:
            query = select(func.count()).select_from(moles).where(moles.c.user_id == user_id)
            if (await connection.execute(query)).scalar_one() >= MOST_MOLES:
                return None
            fresh = insert(moles).values(user_id=user_id, name="", created_at=datetime.now(UTC)).returning(*moles.c)
            row = (await connection.execute(fresh)).one()
            # The ciphertext is bound to the number of the mole, which is known only now.
            named = update(moles).where(moles.c.id == row.id).values(name=self._sealed(name, row.id))
            return self._mole((await connection.execute(named.returning(*moles.c))).one())

    async def get_owned(self, mole_id: int, user_id: int) -> Mole | None:
        """The mole if it is this person's own, else None."""
        query = select(moles).where(moles.c.id == mole_id, moles.c.user_id == user_id)
        async with self._transactions.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return self._mole(row) if row is not None else None

    async def of_user(self, user_id: int) -> list[Mole]:
        """A person's moles, in the order in which they were made."""
        query = select(moles).where(moles.c.user_id == user_id).order_by(moles.c.id)
        async with self._transactions.read() as connection:
            return [self._mole(row) for row in (await connection.execute(query)).all()]

    async def of_request(self, request_id: int, user_id: int) -> Mole | None:
        """The mole to which a photo of this person belongs, if any."""
        query = (
            select(moles)
            .join(mole_photos, mole_photos.c.mole_id == moles.c.id)
            .where(mole_photos.c.request_id == request_id, moles.c.user_id == user_id)
        )
        async with self._transactions.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return self._mole(row) if row is not None else None

    async def rename(self, mole_id: int, user_id: int, name: str) -> bool:
        """Rename a mole; False if it is not this person's."""
        owned = (moles.c.id == mole_id) & (moles.c.user_id == user_id)
        async with self._transactions.write() as connection:
            renamed = update(moles).where(owned).values(name=self._sealed(name, mole_id))
            return (await connection.execute(renamed)).rowcount == 1

    async def forget(self, mole_id: int, user_id: int) -> bool:
        """Stop following a mole: erase its name, findings and reminder. The results stay in the history."""
        owned = (moles.c.id == mole_id) & (moles.c.user_id == user_id)
        async with self._transactions.write() as connection:
            return (await connection.execute(delete(moles).where(owned))).rowcount == 1

    async def add_photo(self, mole: Mole, request_id: int, findings: Mapping[str, Any]) -> bool:
        """Add a photo of the mole's owner to it; False if it belongs to a mole already, or is not theirs.

        If the same photo is added several times at once, only one call returns True.
        """
        place = mole_findings_place(mole.id, request_id)
        values = {
            "request_id": request_id,
            "mole_id": mole.id,
            "findings": self._cipher.seal_json(findings, place),
            "added_at": datetime.now(UTC),
        }
        theirs = select(requests.c.id).where(requests.c.id == request_id, requests.c.user_id == mole.user_id)
        async with self._transactions.write() as connection:
            if (await connection.execute(theirs)).one_or_none() is None:
                return False
            kept = select(moles.c.id).where(moles.c.id == mole.id)
            if (await connection.execute(kept)).one_or_none() is None:
                return False
            added = self._transactions.insert(mole_photos).values(values).on_conflict_do_nothing()
            return (await connection.execute(added)).rowcount == 1

    async def photos(self, mole: Mole) -> list[MolePhoto]:
        """A mole's photos, the oldest first."""
        query = (
            select(mole_photos.c.request_id, mole_photos.c.findings)
            .where(mole_photos.c.mole_id == mole.id)
            .order_by(mole_photos.c.request_id)
        )
        async with self._transactions.read() as connection:
            rows = (await connection.execute(query)).all()
        found = []
        for row in rows:
            request = await self._requests.get_owned(row.request_id, mole.user_id)
            if request is not None:
                place = mole_findings_place(mole.id, row.request_id)
                found.append(MolePhoto(request, self._cipher.open_json(row.findings, place)))
        return found

    async def set_findings(self, mole: Mole, request_id: int, findings: Mapping[str, Any]) -> None:
        """Replace what was found in a photo of a mole."""
        sealed = self._cipher.seal_json(findings, mole_findings_place(mole.id, request_id))
        of_mole = (mole_photos.c.mole_id == mole.id) & (mole_photos.c.request_id == request_id)
        async with self._transactions.write() as connection:
            await connection.execute(update(mole_photos).where(of_mole).values(findings=sealed))

    async def export(self, user_id: int) -> list[dict[str, Any]]:
        """All data on a person's moles, decrypted, as JSON types."""
        exported = []
        for mole in await self.of_user(user_id):
            photos = [{"request_id": each.request.id, "findings": each.findings} for each in await self.photos(mole)]
            exported.append(
                {
                    "id": mole.id,
                    "name": mole.name,
                    "created_at": mole.created_at.isoformat(),
                    "photos": photos,
                    "reminder": await self._exported_reminder(mole.id),
                }
            )
        return exported

    async def _exported_reminder(self, mole_id: int) -> dict[str, Any] | None:
        async with self._transactions.read() as connection:
            query = select(reminders).where(reminders.c.mole_id == mole_id)
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else {"months": row.months, "due_at": row.due_at.isoformat()}

    def _sealed(self, name: str, mole_id: int) -> str:
        return self._cipher.seal_text(name, mole_name_place(mole_id))

    def _mole(self, row: Row[Any]) -> Mole:
        return opened_mole(self._cipher, row)


def opened_mole(cipher: Cipher, row: Row[Any]) -> Mole:
    """The mole of a row, decrypted."""
    return Mole(row.id, row.user_id, cipher.open_text(row.name, mole_name_place(row.id)), row.created_at)
