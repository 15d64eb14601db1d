"""Migrations go up, down and up again on a file with data, and end at the schema of the code."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from cryptography.fernet import Fernet
from sqlalchemy import Connection, make_url

from storage import Database, StorageError, url_of
from storage.connections import create_engine
from storage.migrate import downgrade, upgrade
from storage.tables import metadata

KEY = Fernet.generate_key()


def tables(path: Path) -> set[str]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    connection.close()
    return {name for (name,) in rows} - {"sqlite_sequence"}


def test_up_down_up(tmp_path: Path) -> None:
    path = tmp_path / "100%.db"
    url = make_url(f"sqlite+aiosqlite:///{path}")
    expected = {*metadata.tables, "alembic_version"}
    upgrade(url, KEY)
    assert tables(path) == expected
    downgrade(url, KEY, "base")
    assert tables(path) == {"alembic_version"}
    upgrade(url, KEY)
    upgrade(url, KEY)
    assert tables(path) == expected


def test_the_last_migration_makes_the_tables_that_the_code_uses(tmp_path: Path) -> None:
    url = make_url(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}")
    upgrade(url, KEY)

    def differences(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    async def compare() -> object:
        engine = create_engine(url)
        async with engine.connect() as connection:
            found = await connection.run_sync(differences)
        await engine.dispose()
        return found

    assert asyncio.run(compare()) == []


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE deliveries (taken INTEGER)")
    connection.close()
    with pytest.raises(Exception, match="already exists"):
        upgrade(make_url(f"sqlite+aiosqlite:///{path}"), KEY)
    assert tables(path) <= {"deliveries", "alembic_version"}


async def test_opening_again_keeps_what_is_there(url: str, key: bytes) -> None:
    database = await Database.open(url, key)
    await database.users.seen(7, "ru")
    await database.close()
    database = await Database.open(url, key)
    user = await database.users.get(7)
    await database.close()
    assert user is not None and user.language == "ru"


def as_released(path: Path, key: bytes) -> None:
    """A database of release 1.7: file ids are plain text, results are encrypted with Fernet."""
    upgrade(url_of(path), key, "0003")
    fernet = Fernet(key)
    now = "2026-11-01 12:00:00.000000"
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO encryption_check VALUES (1, ?)", (fernet.encrypt(b"{}"),))
        connection.execute("INSERT INTO users VALUES (7, 'ru', ?, 1, NULL, ?)", (now, now))
        for number in range(1, 1202):
            connection.execute(
                "INSERT INTO requests (id, user_id, chat_id, message_id, file_id, file_unique_id, kind, outcome,"
                " created_at, reply_file_id, result) VALUES (?, 7, 7, ?, ?, ?, 'photo', ?, ?, ?, ?)",
                (
                    number,
                    number,
                    f"CLEAR-file-{number}",
                    f"CLEAR-unique-{number}",
                    "answered" if number % 2 else "received",
                    now,
                    f"CLEAR-reply-{number}" if number % 2 else None,
                    fernet.encrypt(b'{"label": "mel"}') if number % 2 else None,
                ),
            )
        # The last number was given before, to somebody who is erased.
        connection.execute("UPDATE sqlite_sequence SET seq = 5000 WHERE name = 'requests'")
        connection.execute(
            "INSERT INTO broadcasts (admin_id, chat_id, kind, text, entities_json, photo_file_id, state, created_at)"
            " VALUES (7, 7, 'photo', 'news', '[]', 'CLEAR-photo', 'running', ?)",
            (now,),
        )
    connection.close()


def contents(path: Path) -> bytes:
    return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))


async def test_a_database_of_the_last_release_is_encrypted_anew_and_keeps_all(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    await asyncio.to_thread(as_released, path, KEY)
    assert b"CLEAR" in contents(path)
    database = await Database.open(url_of(path), KEY)
    assert b"CLEAR" not in contents(path)
    answered, total = await database.requests.page(7, 0, 1000)
    assert total == len(answered) == 601
    for each in answered:
        assert (each.file_id, each.file_unique_id) == (f"CLEAR-file-{each.id}", f"CLEAR-unique-{each.id}")
        assert (each.reply_file_id, each.result) == (f"CLEAR-reply-{each.id}", {"label": "mel"})
    assert len(await database.requests.unfinished()) == 600
    assert [each.file_id for each in await database.broadcasts.running()] == ["CLEAR-photo"]
    fresh, _ = await database.requests.record(7, 7, 9000, None, "file", "unique", "photo")
    assert fresh.id == 5001
    await database.close()


async def test_an_upgrade_with_another_key_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    await asyncio.to_thread(as_released, path, KEY)
    with pytest.raises(StorageError, match="encrypted with another key"):
        await Database.open(url_of(path), Fernet.generate_key())
    database = await Database.open(url_of(path), KEY)
    assert (await database.requests.page(7, 0, 1))[1] == 601
    await database.close()


def test_data_of_the_last_release_goes_up_down_and_up_again(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    as_released(path, KEY)

    def rows() -> list[tuple[object, ...]]:
        with sqlite3.connect(path) as connection:
            found = connection.execute("SELECT id, file_id, file_unique_id, reply_file_id FROM requests").fetchall()
            tokens = connection.execute("SELECT result FROM requests WHERE result NOT NULL").fetchall()
            photo = connection.execute("SELECT photo_file_id FROM broadcasts").fetchall()
        connection.close()
        return [*found, *photo, *((Fernet(KEY).decrypt(token),) for (token,) in tokens)]

    before = rows()
    upgrade(url_of(path), KEY)
    downgrade(url_of(path), KEY, "0003")
    assert rows() == before
    upgrade(url_of(path), KEY)
    assert b"CLEAR-file" not in contents(path)


def test_the_clock_of_an_upgraded_database_is_that_of_its_latest_row(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    as_released(path, KEY)
    upgrade(url_of(path), KEY)
    with sqlite3.connect(path) as connection:
        [row] = connection.execute("SELECT * FROM retention_clock").fetchall()
    connection.close()
    assert row[:3] == (1, "2026-11-01 12:00:00.000000", 0.0)
