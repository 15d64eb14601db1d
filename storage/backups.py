"""Backs up an SQLite database while the bot runs, and restores it."""

import contextlib
import os
import sqlite3
from pathlib import Path

from storage.errors import StorageError

PAGES_AT_ONCE = 256


def backup(database: Path, target: Path) -> None:
    """Write a consistent copy of a database into a new file that only its owner can read.

    The copy is complete or absent. Other processes can write meanwhile. Blocking.

    Raises:
        StorageError: there is no database, the target exists already or cannot be written, or the copy is damaged.
    """
    if not database.exists():
        raise StorageError(f"there is no database {database}")
    if target.exists():
        raise StorageError(f"{target} exists already: name another file")
    unfinished = target.with_name(f".{target.name}.part")
    try:
        os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
        _copy(database, unfinished)
        unfinished.rename(target)
    except (OSError, sqlite3.Error) as error:
        raise StorageError(f"cannot back {database} up into {target}: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def restore(source: Path, database: Path) -> None:
    """Replace a database that no process uses by a backup. The key must be that of the backup. Blocking.

    Raises:
        StorageError: there is no backup, it is damaged, or the database cannot be written.
    """
    if not source.exists():
        raise StorageError(f"there is no backup {source}")
    unfinished = database.with_name(f".{database.name}.part")
    try:
        os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
        _copy(source, unfinished)
        # The log belongs to the old file. Together with the new file it would damage the database.
        for suffix in ("-wal", "-shm"):
            database.with_name(f"{database.name}{suffix}").unlink(missing_ok=True)
        unfinished.replace(database)
    except (OSError, sqlite3.Error) as error:
        raise StorageError(f"cannot restore {database} from {source}: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    """Copy a database page by page, and check the copy."""
    address = source.absolute().as_uri() + "?mode=ro"
    with (
        contextlib.closing(sqlite3.connect(address, uri=True)) as old,
        contextlib.closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new, pages=PAGES_AT_ONCE)
        # One file without a log, so that the copy is complete.
        new.execute("PRAGMA journal_mode = DELETE")
        [verdict] = new.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        if new.execute("SELECT count(*) FROM alembic_version").fetchone() != (1,):
            raise sqlite3.DatabaseError("it is not a database of this bot")
