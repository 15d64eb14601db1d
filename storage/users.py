"""People: their language, their consent, and their erasure."""

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Row, and_, func, select, update

from storage.connections import Transactions
from storage.erasure import Erasures, Traces, erase_people
from storage.pool_tables import pool_photos
from storage.records import DeliveryState, Holdings, User
from storage.tables import broadcasts, deliveries, mole_pictures, moles, requests, users, verdicts


def is_recipient() -> ColumnElement[bool]:
    """The condition for announcements: people who agreed to the terms, did not opt out and do not block the bot."""
    return and_(users.c.consented_at.is_not(None), users.c.announcements, users.c.blocked_at.is_(None))


class Users:
    def __init__(self, transactions: Transactions, traces: Traces, erasures: Erasures) -> None:
        self._transactions = transactions
        self._traces = traces
        self._erasures = erasures

    async def get(self, user_id: int) -> User | None:
        async with self._transactions.read() as connection:
            row = (await connection.execute(select(users).where(users.c.id == user_id))).one_or_none()
        return _user(row) if row is not None else None

    async def seen(self, user_id: int, language_hint: str | None) -> User:
        """The person who has just written. Creates a new person.

        `language_hint` counts until a language is known. A person who writes no longer blocks the bot.
        """
        user = await self.seen_at(user_id, language_hint, float("inf"))
        if user is None:
            raise LookupError("nobody is erased in the future")
        return user

    async def seen_at(self, user_id: int, language_hint: str | None, moment: float) -> User | None:
        """Like `seen`, for somebody who wrote at `moment` (of `time.monotonic`); None if they were erased since."""
        user = await self.get(user_id)
        # Most messages change nothing and must not wait for the disk.
        if user is not None and _is_up_to_date(user, language_hint):
            return user
        statement = self._transactions.insert(users).values(
            id=user_id, language=language_hint, announcements=True, created_at=datetime.now(UTC)
        )
        upsert = statement.on_conflict_do_update(
            index_elements=[users.c.id],
            set_={
                "language": func.coalesce(users.c.language, statement.excluded.language),
                "blocked_at": None,
            },
        ).returning(*users.c)
        async with self._transactions.write() as connection:
            if self._erasures.since(user_id, moment):
                return None
            return _user((await connection.execute(upsert)).one())

    async def seen_all(self, language_hints: Mapping[int, str | None], moment: float = float("inf")) -> None:
        """Like `seen_at`, for many people: id -> language hint."""
        async with self._transactions.read() as connection:
            rows = await connection.execute(select(users).where(users.c.id.in_(language_hints)))
            known = {user.id: user for user in map(_user, rows)}
        for user_id, hint in language_hints.items():
            if user_id not in known or not _is_up_to_date(known[user_id], hint):
                await self.seen_at(user_id, hint, moment)

    async def set_language(self, user_id: int, language: str) -> None:
        await self._update(user_id, language=language)

    async def set_utc_offset(self, user_id: int, minutes: int) -> None:
        """Store by how many minutes the person's clock is ahead of UTC."""
        await self._update(user_id, utc_offset=minutes)

    async def set_follow_ups(self, user_id: int, wanted: bool) -> None:
        """Set whether the person may be asked weeks later if a doctor has seen the spot."""
        await self._update(user_id, follow_ups=wanted)

    async def hint(self, user_id: int) -> bool:
        """Note that the person reads how to hold the phone; False if that was noted before."""
        statement = update(users).where(users.c.id == user_id, users.c.hinted_at.is_(None))
        async with self._transactions.write() as connection:
            return (await connection.execute(statement.values(hinted_at=datetime.now(UTC)))).rowcount == 1

    async def consent(self, user_id: int) -> None:
        """Store the agreement. The time of the first agreement stays."""
        now = datetime.now(UTC)
        await self._update(user_id, consented_at=func.coalesce(users.c.consented_at, now))

    async def set_announcements(self, user_id: int, wanted: bool) -> None:
        """Opt in or out. Opting out also removes the person from announcements that are under way."""
        async with self._transactions.write() as connection:
            await connection.execute(update(users).where(users.c.id == user_id).values(announcements=wanted))
            if not wanted:
                await connection.execute(
                    update(deliveries)
                    .where(deliveries.c.user_id == user_id, deliveries.c.state == DeliveryState.PENDING)
                    .values(state=DeliveryState.SKIPPED, updated_at=datetime.now(UTC))
                )

    async def mark_blocked(self, user_id: int) -> None:
        """Store that the person blocks the bot. The time when it was first noticed stays."""
        await self._update(user_id, blocked_at=func.coalesce(users.c.blocked_at, datetime.now(UTC)))

    async def mark_active(self, user_id: int) -> None:
        await self._update(user_id, blocked_at=None)

    async def count_recipients(self) -> int:
        async with self._transactions.read() as connection:
            query = select(func.count()).select_from(users).where(is_recipient())
            return (await connection.execute(query)).scalar_one()

    async def holdings(self, user_id: int) -> Holdings:
        """How much is kept of a person."""
        theirs = select(requests.c.id).where(requests.c.user_id == user_id)
        counted = [
            (requests, requests.c.user_id == user_id),
            (moles, moles.c.user_id == user_id),
            (mole_pictures, mole_pictures.c.request_id.in_(theirs)),
            (pool_photos, pool_photos.c.request_id.in_(theirs)),
            (verdicts, verdicts.c.request_id.in_(theirs)),
            (broadcasts, broadcasts.c.admin_id == user_id),
        ]
        async with self._transactions.read() as connection:
            counts = [
                (await connection.execute(select(func.count()).select_from(table).where(condition))).scalar_one()
                for table, condition in counted
            ]
        return Holdings(*counts)

    async def delete(self, user_id: int) -> bool:
        """Erase all data on a person: requests, deliveries, own announcements.

        True if nothing is left on the disk either. False if a reader uses the old state: then the write-ahead log keeps
        the old pages until `Traces.keep_wiping` has emptied it.
        """
        async with self._transactions.write() as connection:
            self._erasures.note(user_id)
            await erase_people(connection, [user_id])
        return await self._traces.wipe()

    async def _update(self, user_id: int, **values: object) -> None:
        async with self._transactions.write() as connection:
            await connection.execute(update(users).where(users.c.id == user_id).values(**values))


def _is_up_to_date(user: User, language_hint: str | None) -> bool:
    return user.blocked_at is None and (user.language is not None or not language_hint)


def _user(row: Row[tuple[object, ...]]) -> User:
    return User(**row._mapping)
