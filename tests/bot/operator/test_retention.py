"""Results are erased when their time is over."""

import asyncio
from datetime import timedelta

import pytest

from bot.operator.retention import erase_expired, keep_erasing
from bot.supervisor import Supervisor
from storage.database import Database
from storage.records import Received


async def test_requests_past_their_retention_time_are_erased_round_after_round(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.operator.retention.INTERVAL", timedelta(milliseconds=1))
    request, _ = await database.requests.record(1, 1, 1, None, "f", "u", "photo")
    await erase_expired(database, days=1)
    assert await database.requests.get_owned(request.id, 1) is not None
    supervisor = Supervisor()
    supervisor.start(keep_erasing(database, days=0), "retention")
    async with asyncio.timeout(20):
        while await database.requests.unfinished():
            pass
        # Not `record`, which reads what it wrote: by then it may be erased.
        assert await database.requests.record_all([Received(1, 1, 2, None, "f", "u", "photo")]) == 1
        while await database.requests.unfinished():
            pass
    await supervisor.stop()
