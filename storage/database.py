"""The database as one object: opened once, with its schema brought up to date and its key checked."""

import asyncio
import os
from pathlib import Path
from typing import Self

from alembic.util import CommandError
from sqlalchemy import URL, insert, make_url, select, text
from sqlalchemy.exc import ArgumentError, DatabaseError
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.broadcasts import Broadcasts
from storage.connections import Transactions, create_engine
from storage.errors import StorageError
from storage.keys import Cipher
from storage.migrate import upgrade
from storage.requests import Requests
from storage.tables import encryption_check
from storage.users import Users

DRIVER = "sqlite+aiosqlite"
EXAMPLE = f"{DRIVER}:///data/bot.db"


class Database:
    """`users`, `requests` and `broadcasts`; each of their methods is one short transaction."""

    def __init__(self, engine: AsyncEngine, cipher: Cipher) -> None:
        self._engine = engine
        self._transactions = Transactions(engine)
        self._cipher = cipher
        self.users = Users(self._transactions)
        self.requests = Requests(self._transactions, cipher)
        self.broadcasts = Broadcasts(self._transactions)

    @classmethod
    async def open(cls, url: str, key: bytes) -> Self:
        """Open, or create, the SQLite file of `url` and apply all migrations to it.

        `key` is a Fernet key: 32 bytes in URL-safe base64. Raises StorageError where the file cannot be
        written, is damaged or of a newer version, or was encrypted with another key.
        """
        cipher = Cipher(key)
        location, path = _locate(url)
        database = cls(create_engine(location), cipher)
        try:
            await asyncio.to_thread(_prepare_file, path)
            await asyncio.to_thread(upgrade, location)
            await database._check()
        except OSError as error:
            await database.close()
            raise StorageError(
                f"cannot create the database {path}: {error.strerror}; make its folder writable or change DATABASE_URL"
            ) from error
        except DatabaseError as error:
            await database.close()
            raise StorageError(_explain(path, str(error.orig))) from error
        except CommandError as error:
            await database.close()
            raise StorageError(
                f"the database {path} was written by a newer version of this program: "
                "update the program or change DATABASE_URL"
            ) from error
        except BaseException:
            await database.close()
            raise
        return database

    async def close(self) -> None:
        await self._engine.dispose()

    async def _check(self) -> None:
        async with self._transactions.read() as connection:
            verdict = (await connection.execute(text("PRAGMA quick_check(1)"))).scalar_one()
        if verdict != "ok":
            raise DatabaseError("PRAGMA quick_check", None, Exception("database disk image is malformed"))
        # Written even where a read would do: a file that cannot be written must be told at the start.
        async with self._transactions.write() as connection:
            token = (await connection.execute(select(encryption_check.c.token))).scalar_one_or_none()
            if token is None:
                token = self._cipher.encrypt({})
                await connection.execute(insert(encryption_check).values(id=1, token=token))
        self._cipher.decrypt(token)


def _locate(url: str) -> tuple[URL, Path]:
    try:
        location = make_url(url)
    except ArgumentError as error:
        raise StorageError(f"DATABASE_URL is not a URL: write it like {EXAMPLE}") from error
    if location.drivername != DRIVER or location.database in (None, "", ":memory:"):
        raise StorageError(f"DATABASE_URL must name an SQLite file: write it like {EXAMPLE}")
    return location, Path(str(location.database))


def _prepare_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # SQLite gives its log files the mode of the database: nobody else on the machine reads either.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _explain(path: Path, reason: str) -> str:
    if "not a database" in reason or "malformed" in reason:
        return f"the database {path} is damaged: restore it from a backup, or move it away to start anew"
    if "readonly" in reason or "unable to open" in reason:
        return f"the database {path} cannot be written: make it writable or change DATABASE_URL"
    return f"the database {path} cannot be used ({reason}): free it from other programs and see to the disk"
