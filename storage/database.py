"""The database as one object. Opening it updates the schema and checks the key."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from alembic.util import CommandError
from asyncpg import InterfaceError, PostgresError
from sqlalchemy import URL, insert, select, text
from sqlalchemy.exc import DatabaseError, DBAPIError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.alerts import AlertRecords
from storage.arrivals import CHANNEL, Arrivals
from storage.broadcasts import Broadcasts
from storage.chats import Chats
from storage.cipher import CHECK, Cipher
from storage.connections import Transactions, create_engine
from storage.consents import Consents
from storage.digests import Digests
from storage.edits import Edits
from storage.erasure import Erasures, Traces
from storage.errors import ServerGone, StorageBusy, StorageError, StorageUnavailable
from storage.follow_ups import FollowUps
from storage.history import History
from storage.labels import Labels
from storage.location import locate
from storage.lock import InstanceLock
from storage.migrate import newest, upgrade
from storage.mole_pictures import MolePictures
from storage.moles import Moles
from storage.opinions import Opinions
from storage.postgresql import SessionLock, begin_term, unavailable
from storage.reminders import Reminders
from storage.requests import Requests
from storage.retention import Retention
from storage.retrainings import Retrainings
from storage.rotation import CURRENT, FINGERPRINTS, NEXT, Rotated, rotate
from storage.shares import Shares
from storage.staff import Staff
from storage.statistics import Statistics
from storage.tables import encryption_check, wrapped_keys
from storage.training_pool import TrainingPool
from storage.unread import Unread
from storage.users import Users
from storage.verdicts import Verdicts


class Database:
    """One repository for each kind of data. Each of their methods is one short transaction.

    All methods raise StorageUnavailable if the database is locked by another program or the disk is full. `retention`
    erases old data. `traces.keep_wiping` must run beside the bot, because it completes erasures.
    """

    def __init__(self, engine: AsyncEngine, cipher: Cipher, lock: InstanceLock | SessionLock) -> None:
        self._engine = engine
        self._transactions = Transactions(engine)
        self._cipher = cipher
        self._lock = lock
        self.traces = Traces(self._transactions)
        erasures = Erasures()
        self.users = Users(self._transactions, self.traces, erasures)
        self.requests = Requests(self._transactions, cipher, erasures)
        self.unread = Unread(self._transactions, cipher)
        self.history = History(self._transactions, cipher, self.requests)
        self.edits = Edits(self._transactions, cipher, erasures)
        self.chats = Chats(self._transactions, cipher)
        self.broadcasts = Broadcasts(self._transactions, cipher)
        self.staff = Staff(self._transactions, cipher)
        self.statistics = Statistics(self._transactions, cipher)
        self.moles = Moles(self._transactions, cipher, self.requests)
        self.reminders = Reminders(self._transactions, cipher)
        self.verdicts = Verdicts(self._transactions, cipher)
        self.shares = Shares(self._transactions, cipher)
        self.consents = Consents(self._transactions, self.traces)
        self.mole_pictures = MolePictures(self._transactions, cipher)
        self.training_pool = TrainingPool(self._transactions, cipher)
        self.labels = Labels(self._transactions, cipher)
        self.follow_ups = FollowUps(self._transactions, cipher)
        self.opinions = Opinions(self._transactions, cipher)
        self.retrainings = Retrainings(self._transactions)
        self.digests = Digests(self._transactions)
        self.alerts = AlertRecords(self._transactions)
        self.retention = Retention(self._transactions, self.traces)
        self.arrivals = Arrivals(self._transactions, cipher)

    @classmethod
    async def open(cls, url: str | URL, key: bytes, successor: bytes | None = None) -> Self:
        """Open the database of `url` and apply all migrations. A missing SQLite file is created.

        `key` is 32 bytes in URL-safe base64. Raises DatabaseInUse if another process uses it, and StorageError if the
        file cannot be written, the server cannot be reached, the database is damaged or of a newer version, or it was
        encrypted with another key. During a change of the key, it opens only with both `key` and `successor`, to finish
        the change.
        """
        database, path = cls._at(url, key)
        location = database._engine.url
        async with database._opening(path):
            if path is not None:
                await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
            await database._lock.acquire()
            if path is not None:
                await asyncio.to_thread(_create, path)
            await asyncio.to_thread(upgrade, location, key)
            if path is None:
                async with database._transactions.write() as connection:
                    term = await begin_term(connection)
                database._transactions.term = term
            await database._check(Cipher(successor) if successor is not None else None)
            # The log may still have data that an earlier process erased or a migration encrypted.
            await database.traces.wipe()
        return database

    @classmethod
    async def open_beside(cls, url: str | URL, key: bytes) -> Self:
        """Open a database that another process may be using, for a short task on data that it does not cache.

        Raises StorageError as `open` does, and if there is no database or it has another schema.
        """
        database, path = cls._at(url, key)
        async with database._opening(path):
            if path is not None and not path.exists():
                raise StorageError(f"there is no database {path}: change DATA_DIR or DATABASE_URL, or start the bot")
            async with database._transactions.read() as connection:
                version = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one()
            if version != newest(database._engine.url, key):
                raise StorageError(
                    "the database has the schema of another version: start the bot of this version first"
                )
            await database._check(None)
        return database

    @classmethod
    async def attach(cls, url: str | URL, key: bytes) -> Self:
        """A database for `arrivals` alone, beside the process that has it for itself.

        Nothing is looked at before `admits`.
        """
        return cls._at(url, key)[0]

    async def admits(self) -> None:
        """Return if this database is there and its key is ours.

        Raises StorageError if the key is another one or is being changed, and StorageUnavailable if the database cannot
        be used now or has no tables yet.
        """
        try:
            async with self._transactions.read() as connection:
                tokens = {row.id: row.token for row in (await connection.execute(select(encryption_check))).all()}
            await self.arrivals.probe()
        except ProgrammingError as error:
            raise StorageBusy("the database has no such tables yet") from error
        if CURRENT not in tokens:
            raise StorageBusy("the database is being made")
        self._check_key(tokens, None)

    async def keep(self, news: asyncio.Event) -> None:
        """Prove that this process has the database for itself, until it is lost; see SessionLock.

        Meanwhile `news` is set by what other processes add to `arrivals`.
        """
        await self._lock.keep(CHANNEL, news)

    async def confirmed(self) -> None:
        """Return once what only one process may do can begin; never, if `keep` has ended."""
        await self._lock.confirmed()

    @classmethod
    def _at(cls, url: str | URL, key: bytes) -> tuple[Self, Path | None]:
        location, path = locate(url)
        lock = SessionLock(location) if path is None else InstanceLock(path)
        return cls(create_engine(location), Cipher(key), lock), path

    @asynccontextmanager
    async def _opening(self, path: Path | None) -> AsyncIterator[None]:
        """Close the database if it cannot be opened, and say why in one line."""
        name = self._engine.url.database if path is None else path
        try:
            yield
        except (DBAPIError, InterfaceError, PostgresError, StorageUnavailable, OSError) as error:
            await self.close()
            if path is None:
                cause = getattr(error, "orig", error)
                is_temporary = isinstance(error, StorageUnavailable) or unavailable(cause) is not None
                reason = str(cause).partition("\n")[0]
                raise (ServerGone if is_temporary else StorageError)(
                    f"the database {name} cannot be used ({reason}): see that the server runs, "
                    "has this database, and lets this user in, or change DATABASE_URL"
                ) from error
            if not isinstance(error, OSError):
                raise StorageError(_explain(path, str(getattr(error, "orig", error)))) from error
            raise StorageError(
                f"cannot create the database {path}: {error.strerror}; make its folder writable or change DATABASE_URL"
            ) from error
        except CommandError as error:
            await self.close()
            raise StorageError(
                f"the database {name} was written by a newer version of this program: "
                "update the program or change DATABASE_URL"
            ) from error
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        await self._engine.dispose()
        await self._lock.release()

    async def change_key(self, successor: bytes, progress: Callable[[str, int], None] | None = None) -> Rotated:
        """Encrypt everything with another key; see `rotation.rotate`. After this, the object can read nothing."""
        rotated = await rotate(self._transactions, self._cipher, Cipher(successor), progress)
        await self.traces.wipe()
        return rotated

    async def _check(self, successor: Cipher | None) -> None:
        if self._engine.dialect.name == "sqlite":
            async with self._transactions.read() as connection:
                verdict = (await connection.execute(text("PRAGMA quick_check(1)"))).scalar_one()
            if verdict != "ok":
                raise DatabaseError("PRAGMA quick_check", None, Exception("database disk image is malformed"))
        # This writes, so that a read-only file is reported at the start.
        async with self._transactions.write() as connection:
            rows = (await connection.execute(select(encryption_check))).all()
            tokens = {row.id: row.token for row in rows}
            if CURRENT not in tokens:
                tokens[CURRENT] = self._cipher.seal(b"{}", CHECK)
                await connection.execute(insert(encryption_check).values(id=CURRENT, token=tokens[CURRENT]))
            wrapped = select(wrapped_keys.c.wrapped).where(wrapped_keys.c.name == FINGERPRINTS)
            fingerprints = (await connection.execute(wrapped)).scalar_one_or_none()
        self._check_key(tokens, successor)
        if fingerprints is not None:
            self._cipher.adopt_fingerprint_key(fingerprints)

    def _check_key(self, tokens: Mapping[int, bytes], successor: Cipher | None) -> None:
        if NEXT in tokens and successor is None:
            raise StorageError(
                "the key of the database is being changed: run `python -m storage rotate-key` to its end, "
                "with the same two keys"
            )
        try:
            self._cipher.open(tokens[CURRENT], CHECK)
            if NEXT in tokens and successor is not None:
                successor.open(tokens[NEXT], CHECK)
        except StorageError as error:
            if successor is not None and NEXT not in tokens and successor.opens(tokens[CURRENT], CHECK):
                raise StorageError("the database has the new key already: nothing is left to do") from error
            raise StorageError(
                "the database was encrypted with another key: set the DATA_KEY or key file it was made with"
            ) from error


def _create(path: Path) -> None:
    # SQLite gives its log files the mode of the database, so no other user can read either.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _explain(path: Path, reason: str) -> str:
    if "not a database" in reason or "malformed" in reason:
        return f"the database {path} is damaged: restore it from a backup, or move it away to start anew"
    if "readonly" in reason or "unable to open" in reason:
        return f"the database {path} cannot be written: make it writable or change DATABASE_URL"
    return f"the database {path} cannot be used ({reason}): free it from other programs and see to the disk"
