"""A database moves from SQLite to PostgreSQL and back, and is backed up and restored, with all that is in it."""

import asyncio
import sqlite3
import stat
from itertools import permutations
from pathlib import Path

import pytest

from benchmarks.load.servers import Server
from storage import Database, Outcome, StorageError, url_of
from storage.__main__ import main
from storage.backups import backup
from storage.staff import Role
from tests.storage.conftest import BACKENDS


async def fill(database: Database) -> None:
    for user_id in (7, 8, 9):
        await database.users.seen(user_id, "ru")
        await database.users.consent(user_id)
    for number in range(3):
        request, _ = await database.requests.record(7, 7, number, None, f"file-{number}", "unique", "photo")
        await database.requests.complete(request.id, Outcome.ANSWERED, {"label": "mel"}, "reply")
    erased, _ = await database.requests.record(9, 9, 1, None, "file", "unique", "photo")
    assert erased.id == 4
    await database.users.delete(9)
    draft = await database.broadcasts.create(7, 7, "photo", "news", "[]", "a photo")
    assert await database.broadcasts.confirm(draft.id, draft.admin_id)
    await database.staff.grant(1, 7, Role.ADMIN)
    await database.staff.ban(1, 5)


async def check(database: Database) -> None:
    found, total = await database.requests.page(7, 0, 10)
    assert total == 3 and [each.file_id for each in found] == ["file-2", "file-1", "file-0"]
    assert all(each.result == {"label": "mel"} for each in found)
    [running] = await database.broadcasts.running()
    assert running.file_id == "a photo" and (await database.broadcasts.counts(running.id)).pending == 2
    assert await database.staff.roles() == {7: Role.ADMIN}
    assert database.staff.fingerprint(5) in await database.staff.banned()
    following, _ = await database.requests.record(8, 8, 1, None, "file", "unique", "photo")
    assert following.id == 5, "a number that was erased is not given again"


@pytest.fixture
def urls(tmp_path: Path, server: Server) -> dict[str, str]:
    """An empty database of each kind."""
    return {
        "sqlite": str(url_of(tmp_path / "one" / "bot.db")),
        "postgresql": server.new_database().render_as_string(),
    }


@pytest.mark.parametrize(("source", "target"), list(permutations(BACKENDS, 2)), ids=["up", "down"])
async def test_a_copy_has_everything_and_goes_on_where_the_old_one_was(
    urls: dict[str, str],
    key: bytes,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    source: str,
    target: str,
) -> None:
    monkeypatch.setenv("DATA_KEY", key.decode())
    database = await Database.open(urls[source], key)
    await fill(database)
    await database.close()
    assert await asyncio.to_thread(main, ["copy", urls[source], urls[target]]) == 0
    assert " 3 rows" in capsys.readouterr().out
    database = await Database.open(urls[target], key)
    await check(database)
    await database.close()
    # What is there already is not mixed with something else.
    assert await asyncio.to_thread(main, ["copy", urls[source], urls[target]]) == 2
    assert "not empty" in capsys.readouterr().err


async def test_a_database_in_use_is_not_copied(
    urls: dict[str, str], key: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_KEY", key.decode())
    database = await Database.open(urls["postgresql"], key)
    assert await asyncio.to_thread(main, ["copy", urls["postgresql"], urls["sqlite"]]) == 2
    assert "another bot is running" in capsys.readouterr().err
    await database.close()


def test_without_a_key_nothing_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATA_KEY", raising=False)
    urls = [str(url_of(tmp_path / name)) for name in ("a.db", "b.db")]
    assert main(["copy", *urls]) == 2
    assert main(["copy", *urls, "--key", str(tmp_path / "absent")]) == 2
    assert "set DATA_KEY" in capsys.readouterr().err and list(tmp_path.iterdir()) == []


async def test_a_backup_made_while_the_bot_runs_is_restored(
    path: Path, key: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "backup.db"
    database = await Database.open(url_of(path), key)
    await fill(database)
    assert await asyncio.to_thread(main, ["backup", str(path), str(saved)]) == 0
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    await database.users.delete(7)
    # Not under a bot that runs.
    assert await asyncio.to_thread(main, ["restore", str(saved), str(path)]) == 2
    assert "another bot is running" in capsys.readouterr().err
    await database.close()
    assert await asyncio.to_thread(main, ["restore", str(saved), str(path)]) == 0
    database = await Database.open(url_of(path), key)
    await check(database)
    await database.close()


async def test_a_backup_is_restored_where_there_is_no_database(path: Path, key: bytes, tmp_path: Path) -> None:
    database = await Database.open(url_of(path), key)
    await fill(database)
    await database.close()
    backup(path, tmp_path / "backup.db")
    (tmp_path / "new").mkdir()
    elsewhere = tmp_path / "new" / "bot.db"
    assert await asyncio.to_thread(main, ["restore", str(tmp_path / "backup.db"), str(elsewhere)]) == 0
    database = await Database.open(url_of(elsewhere), key)
    await check(database)
    await database.close()


async def test_what_is_no_backup_leaves_the_database_as_it_is(
    path: Path, key: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await (await Database.open(url_of(path), key)).close()
    before = path.read_bytes()
    texts, other = tmp_path / "texts", tmp_path / "other.db"
    texts.write_text("meeting notes, " * 1000)
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE notes (text)")
    connection.close()
    for source in (texts, other, tmp_path / "absent"):
        assert await asyncio.to_thread(main, ["restore", str(source), str(path)]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
    assert path.read_bytes() == before
    assert not [each for each in path.parent.iterdir() if each.name.endswith(".part")]


def test_a_backup_replaces_nothing(path: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="there is no database"):
        backup(path, tmp_path / "backup.db")
    taken = tmp_path / "taken"
    taken.write_text("mine")
    path.parent.mkdir()
    path.write_bytes(b"")
    with pytest.raises(StorageError, match="exists already"):
        backup(path, taken)
    assert taken.read_text() == "mine"
