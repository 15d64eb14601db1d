"""Another key: everything is readable with it, nothing with the old one, and a kill in the middle costs nothing."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import LargeBinary, Text, func, select

from storage import Database, StorageError
from storage.__main__ import main
from storage.cipher import Cipher
from storage.rotation import SEALED
from storage.tables import metadata
from tests.storage.filling import PERSON, everything, fill

ROOT = Path(__file__).parents[2]
# Texts and bytes that are kept in clear, or that a change of the key treats by themselves.
NOT_SEALED = {
    "broadcasts.text", "broadcasts.entities_json", "audit.detail", "encryption_check.token", "wrapped_keys.wrapped",
}  # fmt: skip
WORKER = """
import asyncio, sys
from storage import Database

def progress(table, rows):
    print(table, rows, flush=True)
    sys.stdin.readline()

async def main(url, old, new):
    database = await Database.open(url, old.encode(), new.encode())
    await database.change_key(new.encode(), progress)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def new() -> bytes:
    return Fernet.generate_key()


async def rotated(url: str, old: bytes, new: bytes) -> tuple[int, int]:
    database = await Database.open(url, old, new)
    done = await database.change_key(new)
    await database.close()
    return done.sealed, done.unreadable


def test_every_column_of_ciphertext_is_sealed_anew() -> None:
    could_be = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary | Text)
    }
    assert {f"{column.table.name}.{column.name}" for column in SEALED} == could_be - NOT_SEALED


async def test_everything_is_readable_with_the_new_key_alone(url: str, key: bytes, new: bytes) -> None:
    database = await Database.open(url, key)
    await fill(database)
    await database.staff.ban(1, 77)
    before = await everything(database)
    async with database._transactions.read() as connection:
        counts = [(await connection.execute(select(func.count(column)))).scalar_one() for column in SEALED]
    assert all(counts), "a kind of ciphertext is not in the example"
    await database.close()
    assert await rotated(url, key, new) == (sum(counts), 0)
    with pytest.raises(StorageError, match="another key"):
        await Database.open(url, key)
    with pytest.raises(StorageError, match="has the new key already"):
        await Database.open(url, key, new)
    database = await Database.open(url, new)
    assert await everything(database) == before
    # Nobody can compute whom a ban is for: it has to outlive the key.
    assert await database.staff.banned() == {database.staff.fingerprint(77)}
    await database.close()
    third = Fernet.generate_key()
    await rotated(url, new, third)
    database = await Database.open(url, third)
    assert await database.staff.banned() == {database.staff.fingerprint(77)}
    await database.close()


async def test_the_old_ciphertexts_leave_the_disk(url: str, key: bytes, new: bytes, path: Path) -> None:
    database = await Database.open(url, key)
    await fill(database)
    await database.close()
    with sqlite3.connect(path) as connection:
        sealed = [
            value for (value,) in connection.execute("SELECT result FROM requests UNION SELECT said FROM verdicts")
        ]
    connection.close()
    contents = b"".join(each.read_bytes() for each in path.parent.iterdir())
    assert sealed and all(each in contents for each in sealed)
    await rotated(url, key, new)
    contents = b"".join(each.read_bytes() for each in path.parent.iterdir())
    assert not any(each in contents for each in sealed)


@pytest.mark.parametrize("batches", [1, 3])
async def test_a_kill_in_the_middle_costs_nothing(url: str, key: bytes, new: bytes, path: Path, batches: int) -> None:
    database = await Database.open(url, key)
    await fill(database, photos=250)
    before = await everything(database)
    await database.close()
    command = [sys.executable, "-c", WORKER, url, key.decode(), new.decode()]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdin is not None
        for batch in range(batches):
            # It waits after each batch until it is told to go on.
            assert process.stdout.readline().startswith("requests")
            if batch < batches - 1:
                process.stdin.write("\n")
                process.stdin.flush()
        os.kill(process.pid, signal.SIGKILL)
    for each in (key, new):
        with pytest.raises(StorageError, match="rotate-key"):
            await Database.open(url, each)
    with pytest.raises(StorageError, match="another key"):
        await Database.open(url, key, Fernet.generate_key())
    sealed, unreadable = await rotated(url, key, new)
    # Some were sealed before the kill.
    assert 0 < sealed < 250 * 10 and unreadable == 0
    database = await Database.open(url, new)
    assert await everything(database) == before
    await database.close()


async def test_what_neither_key_opens_is_counted_and_left_alone(url: str, key: bytes, new: bytes, path: Path) -> None:
    database = await Database.open(url, key)
    await fill(database)
    await database.close()
    broken = Cipher(Fernet.generate_key()).seal(b"{}", "somewhere")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE verdicts SET said = ? WHERE request_id = 1", (broken,))
    connection.close()
    assert (await rotated(url, key, new))[1] == 1
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT said FROM verdicts WHERE request_id = 1").fetchone() == (broken,)
    connection.close()


def test_the_command_makes_the_new_key_and_says_what_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], key: bytes
) -> None:
    url, fresh = f"sqlite+aiosqlite:///{tmp_path}/bot.db", tmp_path / "new.key"

    async def prepare() -> None:
        database = await Database.open(url, key)
        await fill(database)
        await database.close()

    async def read() -> int:
        database = await Database.open(url, fresh.read_bytes())
        found = len((await database.requests.export(PERSON))["requests"])
        await database.close()
        return found

    asyncio.run(prepare())
    monkeypatch.setenv("DATA_KEY", key.decode())
    assert main(["rotate-key", url, "--new-key", str(fresh)]) == 0
    assert "sealed anew: 46 values" in capsys.readouterr().out
    assert fresh.stat().st_mode & 0o077 == 0
    assert asyncio.run(read()) == 3
    assert main(["rotate-key", url, "--new-key", str(fresh)]) == 2
    assert "has the new key already" in capsys.readouterr().err
