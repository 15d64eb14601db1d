"""Erasure while somebody reads: nobody waits, and the log is emptied as soon as the reader is gone."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from storage import Database, url_of
from storage.rotation import SEALED
from tests.storage.filling import PERSON, fill

# As SQLite writes an integer of six bytes.
TRACE = PERSON.to_bytes(6, "big")


def contents(path: Path) -> bytes:
    return b"".join(path.with_name(path.name + end).read_bytes() for end in ("", "-wal", "-shm"))


@contextmanager
def snapshot(path: Path) -> Iterator[None]:
    """Another program that keeps reading the state of now."""
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM requests").fetchone()
    try:
        yield
    finally:
        reader.close()


async def known(database: Database) -> None:
    await database.users.seen(PERSON, "ru")
    for number in range(20):
        await database.requests.record(PERSON, PERSON, number, "album", "file", "unique", "photo")


async def test_erasing_without_readers_is_complete_at_once(database: Database, path: Path) -> None:
    await known(database)
    assert TRACE in contents(path)
    assert await database.users.delete(PERSON)
    assert TRACE not in contents(path)


async def test_a_reader_holds_up_neither_an_erasure_nor_anybody_else(database: Database, path: Path) -> None:
    await known(database)
    with snapshot(path):
        began = time.monotonic()
        assert not await database.users.delete(PERSON)
        assert await database.users.get(PERSON) is None
        await database.users.seen(8, "ru")
        assert time.monotonic() - began < 1
        assert TRACE in contents(path)


async def test_the_log_is_emptied_once_the_reader_is_gone_and_that_is_said(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "storage.erasure")
    monkeypatch.setattr("storage.erasure.AGAIN_S", 0.05)
    await known(database)
    wiping = asyncio.create_task(database.traces.keep_wiping())
    with snapshot(path):
        assert not await database.users.delete(PERSON)
        await asyncio.sleep(0.2)
        assert TRACE in contents(path)
        assert "erasure is complete" not in caplog.text
    async with asyncio.timeout(20):
        while "erasure is complete: the log is empty after" not in caplog.text:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert TRACE not in contents(path)
    wiping.cancel()
    with suppress(asyncio.CancelledError):
        await wiping


async def test_an_erasure_that_a_stop_cut_short_is_finished_by_the_next_start(path: Path, key: bytes) -> None:
    database = await Database.open(url_of(path), key)
    await known(database)
    with snapshot(path):
        assert not await database.users.delete(PERSON)
        await database.close()
        assert TRACE in contents(path)
    database = await Database.open(url_of(path), key)
    assert TRACE not in contents(path)
    await database.close()


def sealed_values(path: Path) -> list[bytes]:
    """Every ciphertext in the file, as bytes."""
    found = []
    with sqlite3.connect(path) as connection:
        for column in SEALED:
            rows = connection.execute(f"SELECT {column.name} FROM {column.table.name}")
            found += [value.encode() if isinstance(value, str) else value for (value,) in rows if value is not None]
    connection.close()
    return found


async def test_of_all_that_is_kept_of_a_person_no_byte_is_left(database: Database, path: Path) -> None:
    await fill(database)
    await fill(database, user_id=8)
    theirs = sealed_values(path)
    everything = b"".join(each.read_bytes() for each in path.parent.iterdir())
    # A picture lies on several pages: its beginning stands for it.
    assert len(theirs) > 50 and all(each[:200] in everything for each in theirs)
    assert await database.users.delete(PERSON) and await database.users.delete(8)
    everything = b"".join(each.read_bytes() for each in path.parent.iterdir())
    assert not any(each[:200] in everything for each in theirs)
    assert TRACE not in everything
