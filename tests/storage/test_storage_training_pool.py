"""The training pool: by agreement alone, from the agreement on, and gone with it from the disk too."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import Database, Outcome
from storage.records import Purpose, Request
from storage.training_pool import PoolPhoto
from tests.storage.filling import OUTLINES, PERSON, PICTURE, fill
from tests.storage.test_storage_erasure import contents
from tests.storage.test_storage_retention import AGE, backdate

MUCH = 10**9


async def answered(database: Database, user: int, number: int = 1, outcome: Outcome = Outcome.ANSWERED) -> Request:
    request, _ = await database.requests.record(user, user, number, None, "file", "unique", "photo")
    await database.requests.complete(request.id, outcome, {"label": "nv", "domain": "phone"}, None)
    return request


async def kept(database: Database, user: int, number: int = 1) -> int:
    """A photo in the pool of somebody who agrees to that."""
    await database.users.seen(user, "ru")
    await database.consents.give(user, Purpose.TRAINING)
    request = await answered(database, user, number)
    assert await database.training_pool.keep(request.id, PICTURE, OUTLINES, MUCH)
    return request.id


async def of(database: Database, user: int) -> list[PoolPhoto]:
    return [each async for each in database.training_pool.export(user)]


async def test_only_photos_that_came_after_the_agreement_are_kept(database: Database) -> None:
    await database.users.seen(1, "ru")
    before = await answered(database, 1, 1)
    since = datetime.now(UTC) - timedelta(days=1)
    await database.consents.give(1, Purpose.PHOTOS)
    assert not await database.training_pool.keep(before.id, PICTURE, OUTLINES, MUCH)
    await database.consents.give(1, Purpose.TRAINING)
    refused = await answered(database, 1, 2, Outcome.REFUSED)
    after = await answered(database, 1, 3)
    assert [each.id for each in await database.training_pool.waiting(since, 0, 10)] == [after.id]
    assert not await database.training_pool.keep(before.id, PICTURE, OUTLINES, MUCH)
    assert not await database.training_pool.keep(refused.id, PICTURE, OUTLINES, MUCH)
    assert await database.training_pool.keep(after.id, PICTURE, OUTLINES, MUCH)
    assert not await database.training_pool.keep(after.id, PICTURE, OUTLINES, MUCH)
    assert await database.training_pool.waiting(since, 0, 10) == []
    [photo] = await of(database, 1)
    assert (photo.request_id, photo.picture, photo.outlines) == (after.id, PICTURE, OUTLINES)
    assert photo.result["domain"] == "phone"
    assert await of(database, 2) == []


async def test_what_waits_is_read_on_from_a_number_and_from_a_time(database: Database) -> None:
    await database.users.seen(1, "ru")
    await database.consents.give(1, Purpose.TRAINING)
    numbers = [(await answered(database, 1, number)).id for number in range(3)]
    yesterday, tomorrow = (datetime.now(UTC) + timedelta(days=days) for days in (-1, 1))
    found = await database.training_pool.waiting(yesterday, numbers[0], 1)
    assert [each.id for each in found] == numbers[1:2]
    assert await database.training_pool.waiting(tomorrow, 0, 10) == []


async def test_a_full_pool_takes_no_more(database: Database) -> None:
    first = await kept(database, 1)
    size = await database.training_pool.size()
    assert size > len(PICTURE) + len(OUTLINES)
    second = await answered(database, 1, 2)
    assert not await database.training_pool.keep(second.id, PICTURE, OUTLINES, 2 * size - 1)
    assert await database.training_pool.keep(second.id, PICTURE, OUTLINES, 2 * size)
    assert await database.training_pool.ids() == [first, second.id]


async def test_photos_of_one_person_and_of_one_mole_share_a_hash(database: Database) -> None:
    await fill(database)
    other = await kept(database, PERSON, 99)
    mine = await of(database, PERSON)
    await kept(database, 5, 1)
    [theirs] = await of(database, 5)
    assert len({each.person for each in mine}) == 1 and theirs.person != mine[0].person
    assert len({each.lesion for each in mine if each.request_id != other}) == 1
    assert len({each.lesion for each in mine} | {theirs.lesion}) == 3
    assert str(PERSON) not in mine[0].person


def ciphertexts(path: Path, number: int) -> list[bytes]:
    """What the database file has of a photo."""
    queries = ("SELECT picture FROM pool_photos", "SELECT outlines FROM pool_photos", "SELECT said FROM pool_labels")
    with sqlite3.connect(path) as connection:
        found = [connection.execute(f"{each} WHERE request_id = ?", (number,)).fetchone()[0] for each in queries]
    connection.close()
    return found


@pytest.mark.parametrize("way", ["training", "terms", "erasure"])
async def test_a_withdrawal_takes_the_photos_from_the_disk_too(database: Database, path: Path, way: str) -> None:
    mine, other = [await kept(database, user) for user in (1, 2)]
    for number in (mine, other):
        await database.labels.give(number, 3, "nv", outlines=False)
    await database.consents.give(1, Purpose.PHOTOS)
    gone, stays = ciphertexts(path, mine), ciphertexts(path, other)
    assert all(each in contents(path) for each in gone + stays)
    if way == "training":
        await database.consents.withdraw(1, Purpose.TRAINING)
        assert await database.consents.of(1) == {Purpose.PHOTOS}
    elif way == "terms":
        await database.consents.withdraw_all(1)
    else:
        await database.users.delete(1)
    assert await database.training_pool.ids() == [other]
    assert not any(each in contents(path) for each in gone)
    assert all(each in contents(path) for each in stays)


async def test_agreeing_again_brings_nothing_back(database: Database) -> None:
    number = await kept(database, 1)
    await database.consents.withdraw(1, Purpose.TRAINING)
    await database.consents.give(1, Purpose.TRAINING)
    assert not await database.training_pool.keep(number, PICTURE, OUTLINES, MUCH)
    assert await of(database, 1) == []


async def test_a_withdrawal_of_another_agreement_leaves_the_pool_alone(database: Database) -> None:
    number = await kept(database, 1)
    await database.consents.give(1, Purpose.PHOTOS)
    await database.consents.withdraw(1, Purpose.PHOTOS)
    assert await database.training_pool.ids() == [number]


async def test_retention_ends_the_pool_even_of_a_photo_that_stays_for_its_mole(database: Database, path: Path) -> None:
    mole = await fill(database, photos=2)
    first, second = [each.request.id for each in await database.moles.photos(mole)]
    backdate(path, "requests", "created_at", first, 31)
    await database.retention.erase_older_than(AGE)
    assert await database.training_pool.ids() == [second]
    assert len(await database.moles.photos(mole)) == 2


async def test_what_is_held_for_training_is_counted(database: Database) -> None:
    await fill(database)
    held = await database.users.holdings(PERSON)
    assert (held.training, held.pictures, held.verdicts) == (3, 3, 3)
