"""The bot's database, read beside it: who may look, their moles, and the pictures that they let the bot keep."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from inference.analysis import Risk
from inference.comparison.change import Measurement
from storage.database import Database
from storage.records import Mole, MolePhoto, Purpose, User


@dataclass(frozen=True)
class Followed:
    """A mole with its photos, the oldest first."""

    mole: Mole
    photos: tuple[MolePhoto, ...]

    @property
    def measurements(self) -> list[Measurement]:
        return [Measurement.from_json(each.findings) for each in self.photos]

    @property
    def risk(self) -> Risk | None:
        """Of the answer to the last photo."""
        return risk_of(self.photos[-1]) if self.photos else None


def risk_of(photo: MolePhoto) -> Risk | None:
    """Of the answer to a photo."""
    stated: Any = (photo.request.result or {}).get("risk")
    return None if stated is None else Risk(stated)


class Records:
    """What is asked of the database.

    Every method raises StorageError or StorageUnavailable while the database cannot be read.

    Args:
        open_database: is called when the database is first needed, because the bot may start later and make it.
    """

    def __init__(self, open_database: Callable[[], Awaitable[Database]]) -> None:
        self._open_database = open_database
        self._opening = asyncio.Lock()
        self._database: Database | None = None

    async def person(self, user_id: int) -> User | None:
        """Somebody who agrees to the terms and is not banned."""
        database = await self._opened()
        user = await database.users.get(user_id)
        if user is None or user.consented_at is None:
            return None
        staff = database.staff
        return None if staff.fingerprint(user_id) in await staff.banned() else user

    async def moles(self, user: User) -> list[Followed]:
        """A person's moles, in the order in which they were made."""
        database = await self._opened()
        return [await self._with_photos(each) for each in await database.moles.of_user(user.id)]

    async def mole(self, user: User, mole_id: int) -> Followed | None:
        """The mole if it is this person's own."""
        mole = await (await self._opened()).moles.get_owned(mole_id, user.id)
        return None if mole is None else await self._with_photos(mole)

    async def kept(self, user: User) -> tuple[bool, frozenset[int]]:
        """Whether a person lets the bot keep photos of moles, and the requests whose photos it keeps."""
        database = await self._opened()
        agrees = Purpose.PHOTOS in await database.consents.of(user.id)
        return agrees, frozenset(request for _, request in await database.mole_pictures.kept_of(user.id))

    async def picture(self, user: User, request_id: int) -> bytes | None:
        """A kept photo of a person, a JPEG."""
        return await (await self._opened()).mole_pictures.of(request_id, user.id)

    async def close(self) -> None:
        if self._database is not None:
            await self._database.close()

    async def _with_photos(self, mole: Mole) -> Followed:
        return Followed(mole, tuple(await (await self._opened()).moles.photos(mole)))

    async def _opened(self) -> Database:
        async with self._opening:
            if self._database is None:
                self._database = await self._open_database()
            return self._database
