"""`kill -9` of a real process at random moments: committed data is there afterwards."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from storage import Database, DeliveryState, Outcome

ROOT = Path(__file__).parents[2]
PEOPLE = 2000

# Announces each step on standard output only after the call that commits it has returned.
WORKER = f"""
import asyncio, sys
from storage import Database, DeliveryState, Outcome

async def main(url, key):
    database = await Database.open(url, key.encode())
    for number in range({PEOPLE}):
        request, _ = await database.requests.record(number, number, 1, None, "file", "unique", "photo")
        print("recorded", number, flush=True)
        await database.requests.claim([request.id])
        print("claimed", number, flush=True)
        await database.requests.complete(request.id, Outcome.ANSWERED, {{"number": number}}, "reply")
        print("completed", number, flush=True)
        if number % 10 == 0:
            await database.users.consent(number)
            broadcast = await database.broadcasts.create(number, number, "text", "news", "[]", None)
            await database.broadcasts.confirm(broadcast.id, broadcast.admin_id)
            await database.broadcasts.mark_sending(broadcast.id, number)
            print("sending", broadcast.id, number, flush=True)
            await database.broadcasts.mark(broadcast.id, number, DeliveryState.SENT)
            print("sent", broadcast.id, number, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("steps", [1, 8, 57])
async def test_what_was_committed_survives(url: str, key: bytes, path: Path, steps: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, url, key.decode()], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(steps)]
        os.kill(process.pid, signal.SIGKILL)
        told += process.stdout.readlines()
    assert process.returncode == -signal.SIGKILL
    assert all(line.endswith("\n") for line in told) and path.with_name("bot.db-wal").stat().st_size

    began = time.monotonic()
    database = await Database.open(url, key)
    assert time.monotonic() - began < 10
    for line in told:
        step, *numbers = line.split()
        if step in ("recorded", "claimed", "completed"):
            (request,) = (await database.requests.export(int(numbers[0])))["requests"]
            if step == "completed":
                assert (request["outcome"], request["result"]) == (
                    Outcome.ANSWERED,
                    {"number": int(numbers[0])},
                )
        else:
            broadcast, user = map(int, numbers)
            assert not await database.broadcasts.mark_sending(broadcast, user)
            counts = await database.broadcasts.counts(broadcast)
            assert counts.sent if step == "sent" else counts.sent + counts.sending

    unfinished = await database.requests.unfinished()
    assert len(unfinished) <= 1
    completed = {line.split()[1] for line in told if line.startswith("completed")}
    assert not completed & {str(each.user_id) for each in unfinished}
    for each in unfinished:
        await database.requests.release([each.id])
        assert await database.requests.claim([each.id])
    for broadcast in await database.broadcasts.running():
        await database.broadcasts.mark(broadcast.id, broadcast.admin_id, DeliveryState.SENT)
    await database.close()
