"""Another program's lock and a full disk: reads work at once, writes report the reason and lose nothing."""

import asyncio
import resource
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import event

from storage import Completion, Database, Outcome, StorageBusy, StorageFull, until_stored, url_of
from tests.locks import write_lock

ROOT = Path(__file__).parents[2]


async def test_reads_answer_at_once_while_another_program_writes(path: Path, key: bytes) -> None:
    database = await Database.open(url_of(path), key)
    await database.users.seen(1, "ru")
    async with write_lock(path):
        writing = asyncio.create_task(database.users.seen(2, "ru"))
        await asyncio.sleep(0.1)
        began = time.monotonic()
        # More at once than there are connections in store: new ones must not wait either.
        users = await asyncio.gather(*(database.users.seen(1, "ru") for _ in range(8)))
        assert time.monotonic() - began < 1
        assert all(user.id == 1 for user in users)
        with pytest.raises(StorageBusy, match="locked by another program"):
            await writing
    assert (await database.users.seen(2, "ru")).id == 2
    await database.close()


async def test_a_queue_of_writers_gives_up_together(database: Database, path: Path) -> None:
    async with write_lock(path):
        began = time.monotonic()
        failures = await asyncio.gather(
            *(database.users.seen(number, "ru") for number in range(10)), return_exceptions=True
        )
        assert time.monotonic() - began < 8
    assert all(isinstance(each, StorageBusy) for each in failures)
    assert [await database.users.get(number) for number in range(10)] == [None] * 10


async def test_what_was_sent_is_stored_once_the_lock_is_gone(database: Database, path: Path) -> None:
    request, _ = await database.requests.record(1, 1, 1, None, "file", "unique", "photo")
    completion = Completion(request.id, Outcome.ANSWERED, {"label": "mel"}, "reply")
    async with write_lock(path):
        storing = asyncio.create_task(until_stored(lambda: database.requests.complete_all([completion])))
        await asyncio.sleep(2.5)
        assert not storing.done()
    assert await asyncio.wait_for(storing, 20) == {request.id}
    assert (await database.requests.page(1, 0, 1))[0][0].result == {"label": "mel"}


async def test_a_full_disk_is_told_and_reads_go_on(path: Path, key: bytes) -> None:
    database = await Database.open(url_of(path), key)
    await database.users.seen(1, "ru")
    pages = sqlite3.connect(path).execute("PRAGMA page_count").fetchone()[0]

    def limit(connection: object, *_: object) -> None:
        connection.cursor().execute(f"PRAGMA max_page_count = {pages}")  # type: ignore[attr-defined]

    event.listen(database._engine.sync_engine, "checkout", limit)
    with pytest.raises(StorageFull, match="the disk takes no more"):
        for number in range(1000):
            await database.requests.record(2, 2, number, None, "file" * 200, "unique", "photo")
    assert await database.users.get(1) is not None
    recorded = len(await database.requests.unfinished())
    event.remove(database._engine.sync_engine, "checkout", limit)
    pages = 1_000_000
    event.listen(database._engine.sync_engine, "checkout", limit)
    await database.requests.record(2, 2, 2000, None, "file", "unique", "photo")
    assert len(await database.requests.unfinished()) == recorded + 1
    await database.close()


# The file size limit stands for a quota: writes fail, though with another error than on a full disk.
LIMITED = """
import asyncio, resource, sys
from pathlib import Path
from storage import Database, StorageFull, url_of

async def main(path, key):
    database = await Database.open(url_of(Path(path)), key.encode())
    await database.users.seen(1, "ru")
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
    number = 0
    try:
        while True:
            number += 1
            await database.requests.record(2, 2, number, None, "file" * 200, "unique", "photo")
    except StorageFull as error:
        print(error, number, (await database.users.get(1)).id)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await database.requests.record(2, 2, number, None, "file", "unique", "photo")
    print(len(await database.requests.unfinished()))
    await database.close()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="no limit on file sizes here")
def test_a_quota_is_told_like_a_full_disk_and_loses_nothing(path: Path, key: bytes) -> None:
    command = [sys.executable, "-c", LIMITED, str(path), key.decode()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    told, recorded = done.stdout.splitlines()
    *words, number, person = told.split()
    assert (" ".join(words), person) == ("the disk takes no more", "1")
    assert recorded == number
