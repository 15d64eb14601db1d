"""Migrations go up, down and up again on a file with data, and end at the schema the code speaks of."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, make_url

from storage import Database
from storage.connections import create_engine
from storage.migrate import downgrade, upgrade
from storage.tables import metadata


def tables(path: Path) -> set[str]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    connection.close()
    return {name for (name,) in rows} - {"sqlite_sequence"}


def test_up_down_up(tmp_path: Path) -> None:
    path = tmp_path / "100%.db"
    url = make_url(f"sqlite+aiosqlite:///{path}")
    expected = {*metadata.tables, "alembic_version"}
    upgrade(url)
    assert tables(path) == expected
    downgrade(url, "base")
    assert tables(path) == {"alembic_version"}
    upgrade(url)
    upgrade(url)
    assert tables(path) == expected


def test_the_last_migration_makes_the_tables_that_the_code_uses(tmp_path: Path) -> None:
    url = make_url(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}")
    upgrade(url)

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
        upgrade(make_url(f"sqlite+aiosqlite:///{path}"))
    assert tables(path) <= {"deliveries", "alembic_version"}


async def test_opening_again_keeps_what_is_there(url: str, key: bytes) -> None:
    database = await Database.open(url, key)
    await database.users.seen(7, "ru")
    await database.close()
    database = await Database.open(url, key)
    user = await database.users.get(7)
    await database.close()
    assert user is not None and user.language == "ru"
