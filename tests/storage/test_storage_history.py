"""Past results narrowed to some: of a time, of a mole, or by what only decryption tells."""

from datetime import UTC, datetime, timedelta

import pytest

from storage import Database, Outcome
from storage import history as storage_history
from storage.history import Narrowed

HIGH = Narrowed(matches=lambda result: result.get("risk") == "high")


async def answered(database: Database, user: int, number: int) -> list[int]:
    """So many answers, every third with a warning."""
    await database.users.seen(user, "ru")
    ids = []
    for message in range(number):
        request, _ = await database.requests.record(user, user, message, None, "file", "unique", "photo")
        result = {"risk": "high" if message % 3 == 0 else "low"}
        await database.requests.complete(request.id, Outcome.ANSWERED, result, None)
        ids.append(request.id)
    return ids


async def page(database: Database, narrowed: Narrowed, number: int = 0, user: int = 1) -> tuple[list[int], int]:
    found, total = await database.history.page(user, number, 3, narrowed)
    return [each.id for each in found], total


async def test_results_with_a_warning_are_found_across_batches(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_history, "BATCH", 4)
    ids = await answered(database, 1, 14)
    await answered(database, 2, 3)
    warned = ids[::3][::-1]
    assert await page(database, HIGH) == (warned[:3], 5)
    assert await page(database, HIGH, 1) == (warned[3:], 5)
    assert await page(database, HIGH, 9) == ([], 5)


async def test_results_of_a_time_and_of_a_mole_are_found(database: Database) -> None:
    ids = await answered(database, 1, 4)
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    assert await page(database, Narrowed(since=now - hour, until=now + hour)) == (ids[:0:-1], 4)
    assert await page(database, Narrowed(since=now + hour)) == ([], 0)
    assert await page(database, Narrowed(until=now - hour)) == ([], 0)
    mole = await database.moles.create(1, "left arm")
    assert mole is not None
    await database.moles.add_photo(mole, ids[1], {})
    assert await page(database, Narrowed(mole_id=mole.id)) == ([ids[1]], 1)
    await database.users.seen(2, "ru")
    assert await page(database, Narrowed(mole_id=mole.id), user=2) == ([], 0)


async def test_the_times_are_newest_first_and_ones_own(database: Database) -> None:
    await answered(database, 1, 3)
    await answered(database, 2, 1)
    times = await database.history.times(1)
    assert len(times) == 3 and times == sorted(times, reverse=True) and times[0].tzinfo is UTC
