"""Opening a database: the pragmas for durability and erasure, and one clear line for every error."""

import asyncio
import sqlite3
import stat
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import make_url, text

from storage import Database, StorageError
from storage.connections import LOW_PRIORITY_AT_ONCE, Transactions, create_engine, low_priority


async def fault(url: str, key: bytes) -> str:
    with pytest.raises(StorageError) as caught:
        await Database.open(url, key)
    line = str(caught.value)
    assert line and "\n" not in line
    return line


async def test_the_file_is_private_and_in_wal_mode(database: Database, path: Path) -> None:
    await database.users.seen(1, None)
    assert {each.name for each in path.parent.iterdir()} == {"bot.db", "bot.db-wal", "bot.db-shm", "bot.db.lock"}
    for each in path.parent.iterdir():
        assert stat.S_IMODE(each.stat().st_mode) == 0o600, each


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("secure_delete", 1), ("foreign_keys", 1)],
)
async def test_every_connection_has_its_pragmas(url: str, path: Path, pragma: str, value: object) -> None:
    path.parent.mkdir()
    engine = create_engine(make_url(url))
    async with engine.connect() as connection:
        assert (await connection.execute(text(f"PRAGMA {pragma}"))).scalar_one() == value
    await engine.dispose()


async def test_another_key_is_told_at_the_start_and_harms_nothing(url: str, key: bytes) -> None:
    await (await Database.open(url, key)).close()
    assert "encrypted with another key: set the DATA_KEY" in await fault(url, Fernet.generate_key())
    await (await Database.open(url, key)).close()


async def test_a_malformed_key_is_told_before_a_file_is_made(url: str, path: Path) -> None:
    assert "DATA_KEY is not a key" in await fault(url, b"nonsense")
    assert not path.exists()


async def test_a_folder_that_cannot_be_made(tmp_path: Path, key: bytes) -> None:
    (tmp_path / "file").touch()
    line = await fault(f"sqlite+aiosqlite:///{tmp_path}/file/bot.db", key)
    assert f"{tmp_path}/file/bot.db" in line and "change DATABASE_URL" in line


async def test_a_folder_in_place_of_the_file(tmp_path: Path, key: bytes) -> None:
    assert "change DATABASE_URL" in await fault(f"sqlite+aiosqlite:///{tmp_path}", key)


async def test_a_file_system_without_writing(key: bytes) -> None:
    assert "/proc/bot.db" in await fault("sqlite+aiosqlite:////proc/bot.db", key)


async def test_a_file_that_is_no_database(url: str, path: Path, key: bytes) -> None:
    path.parent.mkdir()
    path.write_text("meeting notes, " * 1000)
    assert f"{path} is damaged" in await fault(url, key)
    assert path.read_text() == "meeting notes, " * 1000


async def test_a_page_damaged_in_the_middle(url: str, path: Path, key: bytes) -> None:
    database = await Database.open(url, key)
    for user in range(500):
        await database.requests.record(user, user, 1, None, "file", "unique", "photo")
    await database.users.delete(0)
    await database.close()
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xa5" * 4096
    path.write_bytes(content)
    assert f"{path} is damaged" in await fault(url, key)


async def test_a_file_cut_short(url: str, path: Path, key: bytes) -> None:
    await (await Database.open(url, key)).close()
    path.write_bytes(path.read_bytes()[: 3 * 4096 + 100])
    assert f"{path} is damaged" in await fault(url, key)


async def test_a_database_of_a_newer_version(url: str, path: Path, key: bytes) -> None:
    await (await Database.open(url, key)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert "newer version of this program" in await fault(url, key)


@pytest.mark.parametrize(
    "wrong",
    [
        "bot.db",
        "postgresql://localhost/bot",
        "postgresql+asyncpg://localhost",
        "sqlite:///bot.db",
        "sqlite+aiosqlite://",
        "",
    ],
)
async def test_a_url_of_something_else(wrong: str, key: bytes) -> None:
    assert "sqlite+aiosqlite:///data/bot.db" in await fault(wrong, key)


async def test_a_crowd_at_low_priority_does_not_hold_up_somebody_in_a_hurry(url: str, path: Path) -> None:
    path.parent.mkdir()
    engine = create_engine(make_url(url))
    transactions = Transactions(engine)

    async def look() -> None:
        async with transactions.read():
            pass

    async with AsyncExitStack() as crowd:
        with low_priority():
            for _ in range(LOW_PRIORITY_AT_ONCE):
                await crowd.enter_async_context(transactions.read())
            late = asyncio.create_task(look())
        await look()
        async with transactions.write():
            pass
        assert not late.done()
    await late
    await engine.dispose()
