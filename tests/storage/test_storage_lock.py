"""One process on one database; names of files with any characters."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from storage import Database, DatabaseInUse, StorageError, url_of
from storage.migrate import downgrade

ROOT = Path(__file__).parents[2]
HOLDER = """
import asyncio, sys
from pathlib import Path
from storage import Database, url_of

async def main(path, key):
    database = await Database.open(url_of(Path(path)), key.encode())
    print("open", flush=True)
    await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_second_process_is_told_in_one_line_until_the_first_is_killed(path: Path, key: bytes) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path), key.decode()], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(
            DatabaseInUse, match=r"^another bot is running on the database .*bot\.db: stop it"
        ) as caught:
            await Database.open(url_of(path), key)
        assert "\n" not in str(caught.value)
        os.kill(holder.pid, signal.SIGKILL)
    await (await Database.open(url_of(path), key)).close()


async def test_the_lock_is_given_back_by_closing_and_by_a_failed_start(path: Path, key: bytes) -> None:
    database = await Database.open(url_of(path), key)
    with pytest.raises(DatabaseInUse):
        await Database.open(url_of(path), key)
    await database.close()
    good = path.read_bytes()
    path.write_text("meeting notes, " * 1000)
    with pytest.raises(Exception, match="is damaged"):
        await Database.open(url_of(path), key)
    await asyncio.to_thread(path.write_bytes, good)
    await (await Database.open(url_of(path), key)).close()


@pytest.mark.parametrize("name", ["a?b", "a#b", "a%41b", "100%", "a b", "file:x?mode=memory", "дом"])
async def test_a_folder_of_any_name_holds_its_database(tmp_path: Path, key: bytes, name: str) -> None:
    folder = tmp_path / name
    database = await Database.open(url_of(folder / "bot.db"), key)
    await database.users.seen(1, "ru")
    await database.close()
    assert [each.name for each in tmp_path.iterdir()] == [name]
    assert {"bot.db", "bot.db.lock"} <= {each.name for each in folder.iterdir()}


async def test_a_short_work_goes_on_beside_the_process_that_has_the_lock(url: str, key: bytes) -> None:
    database = await Database.open(url, key)
    beside = await Database.open_beside(url, key)
    await beside.users.seen(1, "ru")
    assert await database.users.get(1) is not None
    await beside.close()
    with pytest.raises(DatabaseInUse):
        await Database.open(url, key)
    with pytest.raises(StorageError, match="another key"):
        await Database.open_beside(url, Fernet.generate_key())
    await database.close()


async def test_beside_another_version_nothing_is_opened(path: Path, key: bytes) -> None:
    with pytest.raises(StorageError, match="there is no database"):
        await Database.open_beside(url_of(path), key)
    assert not path.parent.exists()
    await (await Database.open(url_of(path), key)).close()
    await asyncio.to_thread(downgrade, url_of(path), key, "0015")
    with pytest.raises(StorageError, match="start the bot of this version first"):
        await Database.open_beside(url_of(path), key)
