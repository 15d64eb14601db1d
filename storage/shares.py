"""Results and moles that are shared: one link, one reader, until a date or until it is taken back.

The link contains a token. The database has only its hash. Every access checks the share again.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.cipher import Cipher, share_name_place, share_note_place
from storage.connections import Transactions
from storage.tables import moles, requests, share_notes, shares

TOKEN_BYTES: Final = 16
LINK_LIFE: Final = timedelta(days=7)
"""After this time, a link that nobody has followed is dead."""
MOST_SHARES: Final = 50
MOST_NOTES: Final = 20
GIVEN: Final = ("request_id", "mole_id", "reader_id", "reader_name")
"""Fields of a share in its owner's export, besides its times and notes."""


@dataclass(frozen=True)
class Share:
    """One result or one mole that its owner lets one other person read, until `expires_at` if that is set.

    Exactly one of `request_id` and `mole_id` is set. The names are those in Telegram. `reader_id` is None until
    somebody accepts, unless the link is for one person only.
    """

    id: int
    owner_id: int
    request_id: int | None
    mole_id: int | None
    owner_name: str
    reader_id: int | None
    reader_name: str | None
    created_at: datetime
    accepted_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


class Unshared(StrEnum):
    """Why a link of a share does not work for this person."""

    UNKNOWN = "unknown"
    OWN = "own"
    USED = "used"
    NOT_FOR_YOU = "not_for_you"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Shares:
    """Only the owner of a share and, once accepted, its reader can get it. `now` is the present time in all methods."""

    def __init__(self, transactions: Transactions, cipher: Cipher) -> None:
        self._transactions = transactions
        self._cipher = cipher

    async def create(
        self,
        owner_id: int,
        owner_name: str,
        now: datetime,
        *,
        request_id: int | None = None,
        mole_id: int | None = None,
        expires_at: datetime | None = None,
    ) -> tuple[int, str] | None:
        """Create a share of one result or one mole; returns its number and its token, which is not stored.

        None if the result or mole is not theirs, or if they have too many shares.
        """
        token = secrets.token_urlsafe(TOKEN_BYTES)
        values = {
            "owner_id": owner_id,
            "request_id": request_id,
            "mole_id": mole_id,
            "token_hash": _hash(token),
            "owner_name": self._cipher.seal_text(owner_name, share_name_place("owner_name", _hash(token))),
            "created_at": now,
            "expires_at": expires_at,
        }
        table, number = (moles, mole_id) if request_id is None else (requests, request_id)
        owned = select(table.c.id).where(table.c.id == number, table.c.user_id == owner_id)
        kept = select(func.count()).select_from(shares).where(shares.c.owner_id == owner_id, _alive(now))
        async with self._transactions.write() as connection:
            if (await connection.execute(owned)).one_or_none() is None:
                return None
            if (await connection.execute(kept)).scalar_one() >= MOST_SHARES:
                return None
            made = await connection.execute(insert(shares).values(values).returning(shares.c.id))
            return made.scalar_one(), token

    async def bind(self, share_id: int, owner_id: int, reader_id: int, now: datetime) -> bool:
        """Reserve a link that nobody has followed yet for this person; False if there is no such link."""
        waiting = (shares.c.id == share_id) & (shares.c.owner_id == owner_id) & shares.c.accepted_at.is_(None)
        async with self._transactions.write() as connection:
            bound = update(shares).where(waiting, _alive(now)).values(reader_id=reader_id)
            return (await connection.execute(bound)).rowcount == 1

    async def offered(self, token: str, user_id: int, now: datetime) -> Share | Unshared:
        """The share of a link, if this person accepted it or it is still free; otherwise the reason."""
        async with self._transactions.read() as connection:
            return await self._offered(connection, token, user_id, now)

    async def accept(self, token: str, user_id: int, name: str, now: datetime) -> Share | Unshared:
        """Make this person the reader. If several people follow a link at once, only one becomes the reader."""
        sealed = self._cipher.seal_text(name, share_name_place("reader_name", _hash(token)))
        free = update(shares).where(
            shares.c.token_hash == _hash(token),
            shares.c.owner_id != user_id,
            or_(shares.c.reader_id.is_(None), shares.c.reader_id == user_id),
            shares.c.accepted_at.is_(None),
            _alive(now),
        )
        async with self._transactions.write() as connection:
            await connection.execute(free.values(reader_id=user_id, reader_name=sealed, accepted_at=now))
            return await self._offered(connection, token, user_id, now)

    async def given(self, owner_id: int, now: datetime) -> list[Share]:
        """A person's shares with others, including links without a reader yet; the newest first."""
        return await self._all((shares.c.owner_id == owner_id) & _alive(now))

    async def received(self, reader_id: int, now: datetime) -> list[Share]:
        """What others share with a person, the newest first."""
        accepted = shares.c.accepted_at.is_not(None)
        return await self._all((shares.c.reader_id == reader_id) & accepted & _alive(now))

    async def readable(self, share_id: int, reader_id: int, now: datetime) -> Share | None:
        """The share if this person may read it now, else None."""
        return next((each for each in await self.received(reader_id, now) if each.id == share_id), None)

    async def revoke(self, share_id: int, owner_id: int, now: datetime) -> bool:
        """Take a share back; False if it is not this person's."""
        theirs = (shares.c.id == share_id) & (shares.c.owner_id == owner_id) & shares.c.revoked_at.is_(None)
        async with self._transactions.write() as connection:
            return (await connection.execute(update(shares).where(theirs).values(revoked_at=now))).rowcount == 1

    async def add_note(self, share_id: int, reader_id: int, note: str, now: datetime) -> bool:
        """Store a reader's note; False if they may not read the share, or have left too many notes."""
        sealed = self._cipher.seal_text(note, share_note_place(share_id))
        theirs = (shares.c.id == share_id) & (shares.c.reader_id == reader_id) & shares.c.accepted_at.is_not(None)
        said = select(func.count()).select_from(share_notes).where(share_notes.c.share_id == share_id)
        async with self._transactions.write() as connection:
            if (await connection.execute(select(shares.c.id).where(theirs, _alive(now)))).one_or_none() is None:
                return False
            if (await connection.execute(said)).scalar_one() >= MOST_NOTES:
                return False
            await connection.execute(insert(share_notes).values(share_id=share_id, note=sealed, at=now))
        return True

    async def export(self, user_id: int) -> dict[str, list[dict[str, Any]]]:
        """A person's shares with others, and those with them, including ended ones, decrypted, as JSON types.

        Shares of others appear with their owner, times and the person's own notes, but without the result.
        """
        given = await self._all(shares.c.owner_id == user_id)
        received = await self._all((shares.c.reader_id == user_id) & shares.c.accepted_at.is_not(None))
        return {
            "given": [
                await self._exported(each, "request_id", "mole_id", "reader_id", "reader_name") for each in given
            ],
            "received": [await self._exported(each, "owner_name") for each in received],
        }

    async def _exported(self, share: Share, *fields: str) -> dict[str, Any]:
        query = select(share_notes).where(share_notes.c.share_id == share.id).order_by(share_notes.c.id)
        async with self._transactions.read() as connection:
            rows = (await connection.execute(query)).all()
        times = {
            name: value.isoformat() if value is not None else None
            for name in ("created_at", "accepted_at", "expires_at", "revoked_at")
            for value in [getattr(share, name)]
        }
        notes = [
            {"at": row.at.isoformat(), "note": self._cipher.open_text(row.note, share_note_place(share.id))}
            for row in rows
        ]
        return {name: getattr(share, name) for name in fields} | times | {"notes": notes}

    async def _offered(self, connection: AsyncConnection, token: str, user_id: int, now: datetime) -> Share | Unshared:
        query = select(shares).where(shares.c.token_hash == _hash(token))
        row = (await connection.execute(query)).one_or_none()
        if row is None:
            return Unshared.UNKNOWN
        share = self._share(row)
        if share.owner_id == user_id:
            return Unshared.OWN
        if share.accepted_at is not None and share.reader_id != user_id:
            return Unshared.USED
        if share.reader_id not in (None, user_id):
            return Unshared.NOT_FOR_YOU
        if share.revoked_at is not None:
            return Unshared.REVOKED
        return share if is_alive(share, now) else Unshared.EXPIRED

    async def _all(self, which: ColumnElement[bool]) -> list[Share]:
        async with self._transactions.read() as connection:
            query = select(shares).where(which).order_by(shares.c.id.desc())
            return [self._share(row) for row in (await connection.execute(query)).all()]

    def _share(self, row: Row[Any]) -> Share:
        fields = dict(row._mapping)
        token_hash = fields.pop("token_hash")
        for column in ("owner_name", "reader_name"):
            if fields[column] is not None:
                fields[column] = self._cipher.open_text(fields[column], share_name_place(column, token_hash))
        return Share(**fields)


def is_alive(share: Share, now: datetime) -> bool:
    """Whether a share is readable now, or may still become readable."""
    in_time = share.expires_at is None or now < share.expires_at
    return (
        share.revoked_at is None and in_time and (share.accepted_at is not None or now < share.created_at + LINK_LIFE)
    )


def _alive(now: datetime) -> ColumnElement[bool]:
    """`is_alive` as a condition on rows."""
    in_time = or_(shares.c.expires_at.is_(None), shares.c.expires_at > now)
    followed = or_(shares.c.accepted_at.is_not(None), shares.c.created_at > now - LINK_LIFE)
    return shares.c.revoked_at.is_(None) & in_time & followed


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
