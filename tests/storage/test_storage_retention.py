"""The retention time: who and what is past it, and by which clock."""

import logging
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import Database, url_of
from storage.records import Purpose
from storage.retention import Retention
from tests.storage.filling import PERSON, fill

AGE = timedelta(days=30)
DAY = timedelta(days=1)


@dataclass
class Clock:
    """A clock and a running time that the test moves."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    ran: timedelta = timedelta()

    def run(self, duration: timedelta) -> None:
        self.now += duration
        self.ran += duration

    def retention(self, database: Database) -> Retention:
        return Retention(
            database._transactions, database.traces, now=lambda: self.now, monotonic=lambda: self.ran.total_seconds()
        )


def backdate(path: Path, table: str, column: str, row: int, days: int) -> None:
    moment = datetime.now(UTC) - timedelta(days=days)
    with sqlite3.connect(path) as connection:
        connection.execute(
            f"UPDATE {table} SET {column} = ? WHERE id = ?", (moment.strftime("%Y-%m-%d %H:%M:%S.%f"), row)
        )
    connection.close()


async def test_retention_erases_the_old_on_the_disk_too(database: Database, path: Path) -> None:
    old, _ = await database.requests.record(1, 1, 1, "old-album", "file", "unique", "photo")
    new, _ = await database.requests.record(1, 1, 2, "new-album", "file", "unique", "photo")
    backdate(path, "requests", "created_at", old.id, 31)
    assert await database.retention.erase_older_than(AGE) == 1
    assert await database.retention.erase_older_than(AGE) == 0
    assert [each.id for each in await database.requests.unfinished()] == [new.id]
    kept = b"".join(each.read_bytes() for each in path.parent.iterdir())
    assert b"old-album" not in kept and b"new-album" in kept


async def test_people_who_never_agreed_or_blocked_the_bot_expire_too(database: Database, path: Path) -> None:
    for user in range(1, 7):
        await database.users.seen(user, "ru")
        backdate(path, "users", "created_at", user, 31)
    for user in (2, 3, 4):
        await database.users.consent(user)
    await database.users.mark_blocked(3)
    backdate(path, "users", "blocked_at", 3, 31)
    # Noticed anew by every announcement: the first time counts.
    await database.users.mark_blocked(3)
    await database.users.mark_blocked(4)
    await database.requests.record(5, 5, 1, None, "file", "unique", "photo")
    backdate(path, "users", "created_at", 6, 29)
    await database.requests.record(3, 3, 1, None, "file", "unique", "photo")
    assert await database.retention.erase_older_than(AGE) == 2
    assert [user for user in range(1, 7) if await database.users.get(user)] == [2, 4, 5, 6]
    assert [each.user_id for each in await database.requests.unfinished()] == [5]


async def test_a_clock_that_jumps_ahead_erases_nothing_and_is_told(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    retention = clock.retention(database)
    await database.requests.record(1, 1, 1, None, "file", "unique", "photo")
    assert await retention.erase_older_than(AGE) == 0
    clock.now += timedelta(days=400)
    # What is written under the wrong clock must not make it look right.
    await database.requests.record(1, 1, 2, None, "file", "unique", "photo")
    for _ in range(24):
        clock.run(timedelta(hours=1))
        assert await retention.erase_older_than(AGE) == 0
    assert "400 days after it was last seen" in caplog.text and "check the clock" in caplog.text
    clock.now -= timedelta(days=400)
    caplog.clear()
    assert await retention.erase_older_than(AGE) == 0
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert len(await database.requests.unfinished()) == 2


async def test_a_jump_is_noticed_across_a_restart(path: Path, key: bytes) -> None:
    clock = Clock()
    database = await Database.open(url_of(path), key)
    await database.requests.record(1, 1, 1, None, "file", "unique", "photo")
    await clock.retention(database).erase_older_than(AGE)
    await database.close()
    clock.now += timedelta(days=400)
    database = await Database.open(url_of(path), key)
    # However often it starts, only the time that it runs counts.
    for _ in range(100):
        assert await clock.retention(database).erase_older_than(AGE) == 0
    await database.close()


async def test_after_a_long_pause_the_clock_is_trusted_once_it_ran_three_days(database: Database) -> None:
    clock = Clock()
    await database.requests.record(1, 1, 1, None, "file", "unique", "photo")
    await clock.retention(database).erase_older_than(AGE)
    clock.now += timedelta(days=40)
    for _ in range(2):
        # A new process each day and a half.
        retention = clock.retention(database)
        assert await retention.erase_older_than(AGE) == 0
        clock.run(1.5 * DAY)
        erased = await retention.erase_older_than(AGE)
    # The request, and the person who never agreed.
    assert erased == 2


async def test_what_is_written_while_the_clock_is_behind_is_not_lost_when_it_is_right(
    database: Database, path: Path
) -> None:
    clock = Clock()
    retention = clock.retention(database)
    await retention.erase_older_than(AGE)
    right = clock.now
    clock.now -= timedelta(days=400)
    for number in range(3):
        clock.run(timedelta(hours=1))
        request, _ = await database.requests.record(1, 1, number, None, "file", "unique", "photo")
        backdate(path, "requests", "created_at", request.id, 400)
        assert await retention.erase_older_than(AGE) == 0
    # One more comes before the clock is put right, and a round sees both at once.
    request, _ = await database.requests.record(1, 1, 9, None, "file", "unique", "photo")
    backdate(path, "requests", "created_at", request.id, 400)
    clock.now = right + timedelta(hours=4)
    for _ in range(80):
        assert await retention.erase_older_than(AGE) == 0
        clock.run(timedelta(hours=1))
    assert len(await database.requests.unfinished()) == 4


async def test_a_hundred_years_are_no_overflow(database: Database) -> None:
    await database.requests.record(1, 1, 1, None, "file", "unique", "photo")
    assert await database.retention.erase_older_than(timedelta(days=36_500)) == 0


async def test_a_moles_first_photo_stays_with_an_agreement_while_the_mole_is_followed(
    database: Database, path: Path
) -> None:
    mole = await fill(database)
    first, second, last = [each.request.id for each in await database.moles.photos(mole)]
    for number in (first, second):
        backdate(path, "requests", "created_at", number, 31)
    # The second one, and the first one in the training pool.
    assert await database.retention.erase_older_than(AGE) == 2
    assert [each.request.id for each in await database.moles.photos(mole)] == [first, last]
    assert [number for _, number in await database.mole_pictures.kept_of(PERSON)] == [first, last]
    # No newer photo within the time: it is followed no more, and all of it goes.
    backdate(path, "requests", "created_at", last, 31)
    await database.retention.erase_older_than(AGE)
    assert await database.moles.photos(mole) == []


async def test_without_an_agreement_a_moles_first_photo_goes_with_its_age(database: Database, path: Path) -> None:
    mole = await fill(database)
    await database.consents.withdraw(PERSON, Purpose.PHOTOS)
    first, second, last = [each.request.id for each in await database.moles.photos(mole)]
    backdate(path, "requests", "created_at", first, 31)
    await database.retention.erase_older_than(AGE)
    assert [each.request.id for each in await database.moles.photos(mole)] == [second, last]
