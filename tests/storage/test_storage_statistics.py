"""The data for the usage figures."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import Database, Outcome, Received


async def test_requests_come_in_order_without_whose_they_are(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.statistics.BATCH", 2)
    people = [4_123_456_789, 4_123_456_790, 4_123_456_789]
    await database.requests.record_all(
        [Received(user, user, number, None, "f", "u", "photo") for number, user in enumerate(people)]
    )
    for request in await database.requests.unfinished():
        await database.requests.complete(request.id, Outcome.ANSWERED, {"label": "nv", "n": request.message_id}, None)
    found = await database.statistics.since(datetime.now(UTC) - timedelta(days=1))
    assert [each.person for each in found] == [0, 1, 0]
    assert [each.result for each in found] == [{"label": "nv", "n": number} for number in range(3)]
    assert all(each.outcome is Outcome.ANSWERED and each.completed_at for each in found)
    assert await database.statistics.since(datetime.now(UTC) + timedelta(days=1)) == []


async def test_a_result_that_cannot_be_decrypted_is_counted_without_it(database: Database, path: Path) -> None:
    request, _ = await database.requests.record(1, 1, 1, None, "f", "u", "photo")
    await database.requests.complete(request.id, Outcome.ANSWERED, {"label": "nv"}, None)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE requests SET result = x'00'")
    connection.close()
    [found] = await database.statistics.since(datetime.now(UTC) - timedelta(days=1))
    assert found.outcome is Outcome.ANSWERED and found.result is None
