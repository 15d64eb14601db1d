"""Moles, their photos and reminders: each for its owner, encrypted, erased with everything else."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import Database, Outcome, url_of
from storage.moles import MOST_MOLES
from storage.records import Mole

IVAN, EMMA = 7, 8
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
FINDINGS = {"marks": {"area": 0.1}, "domain": "phone"}


async def photo(database: Database, user: int, number: int) -> int:
    """An answered request of somebody."""
    request, _ = await database.requests.record(user, user, number, None, "file", "unique", "photo")
    await database.requests.complete(request.id, Outcome.ANSWERED, {"label": "nv"}, None)
    return request.id


async def mole_of(database: Database, user: int, name: str = "left shoulder") -> Mole:
    await database.users.seen(user, "en")
    await database.users.consent(user)
    mole = await database.moles.create(user, name)
    assert mole is not None
    return mole


def contents(path: Path) -> bytes:
    return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))


async def test_a_mole_has_its_name_and_photos_in_the_order_they_came(database: Database) -> None:
    mole = await mole_of(database, IVAN, "за <b>ухом</b>")
    for number in (1, 2):
        assert await database.moles.add_photo(mole, await photo(database, IVAN, number), FINDINGS | {"n": number})
    assert [each.name for each in await database.moles.of_user(IVAN)] == ["за <b>ухом</b>"]
    photos = await database.moles.photos(mole)
    assert [each.findings["n"] for each in photos] == [1, 2]
    assert await database.moles.of_request(photos[0].request.id, IVAN) == mole


async def test_nobody_else_gets_renames_or_forgets_a_mole(database: Database) -> None:
    mole = await mole_of(database, IVAN)
    await database.users.seen(EMMA, "en")
    assert await database.moles.get_owned(mole.id, EMMA) is None
    assert not await database.moles.rename(mole.id, EMMA, "mine")
    assert not await database.moles.forget(mole.id, EMMA)
    theirs = await photo(database, EMMA, 1)
    assert not await database.moles.add_photo(mole, theirs, FINDINGS)
    assert await database.moles.get_owned(mole.id, IVAN) == mole


async def test_a_photo_belongs_to_one_mole_however_many_ask(database: Database) -> None:
    first, second = await mole_of(database, IVAN), await mole_of(database, IVAN, "right hand")
    request = await photo(database, IVAN, 1)
    added = await asyncio.gather(
        *(database.moles.add_photo(mole, request, FINDINGS) for mole in (first, first, second, second))
    )
    assert sorted(added) == [False, False, False, True]


async def test_there_are_not_more_moles_than_one_may_follow(database: Database) -> None:
    for _ in range(MOST_MOLES):
        await mole_of(database, IVAN)
    assert await database.moles.create(IVAN, "one more") is None


async def test_a_mole_that_was_forgotten_leaves_the_results_and_takes_no_photo(database: Database) -> None:
    mole = await mole_of(database, IVAN)
    request = await photo(database, IVAN, 1)
    await database.moles.add_photo(mole, request, FINDINGS)
    await database.reminders.set(mole.id, 1, NOW)
    assert await database.moles.forget(mole.id, IVAN)
    assert await database.requests.get_owned(request, IVAN) is not None
    assert await database.reminders.claim_due(NOW) == []
    assert not await database.moles.add_photo(mole, request, FINDINGS)


async def test_names_and_findings_are_not_in_the_file_and_go_with_the_person(path: Path, key: bytes) -> None:
    database = await Database.open(url_of(path), key)
    mole = await mole_of(database, IVAN, "CLEAR-NAME")
    await database.moles.add_photo(mole, await photo(database, IVAN, 1), {"outline": "CLEAR-OUTLINE"})
    await database.reminders.set(mole.id, 3, NOW)
    assert b"CLEAR" not in contents(path)
    exported = await database.moles.export(IVAN)
    assert exported[0]["name"] == "CLEAR-NAME"
    assert exported[0]["photos"][0]["findings"] == {"outline": "CLEAR-OUTLINE"}
    assert exported[0]["reminder"] == {"months": 3, "due_at": NOW.isoformat()}
    assert await database.users.delete(IVAN)
    assert await database.moles.export(IVAN) == []
    assert await database.reminders.claim_due(NOW) == []
    await database.close()


async def test_a_mole_goes_with_the_last_of_its_photos_when_they_are_too_old(database: Database) -> None:
    old, empty = await mole_of(database, IVAN), await mole_of(database, IVAN, "new and still empty")
    await database.users.consent(IVAN)
    await database.moles.add_photo(old, await photo(database, IVAN, 1), FINDINGS)
    assert await database.retention.erase_older_than(timedelta(days=1)) == 0
    assert await database.moles.of_user(IVAN) == [old, empty]
    assert await database.retention.erase_older_than(timedelta(seconds=-60)) > 0
    assert await database.moles.of_user(IVAN) == []


async def test_a_due_reminder_is_claimed_once_and_again_only_after_its_lease(database: Database) -> None:
    mole = await mole_of(database, IVAN)
    await database.reminders.set(mole.id, 3, NOW)
    assert await database.reminders.claim_due(NOW - timedelta(seconds=1)) == []
    # Several bots ask at once.
    claims = await asyncio.gather(*(database.reminders.claim_due(NOW) for _ in range(5)))
    assert [[each.mole.name for each in claim] for claim in claims if claim] == [["left shoulder"]]
    [again] = await database.reminders.claim_due(NOW + timedelta(minutes=6))
    await database.reminders.settle(again, NOW + timedelta(days=90))
    assert await database.reminders.claim_due(NOW + timedelta(days=1)) == []
    assert await database.reminders.get(mole.id) == (3, NOW + timedelta(days=90))


async def test_a_reminder_that_was_changed_while_it_was_sent_stays_as_changed(database: Database) -> None:
    mole = await mole_of(database, IVAN)
    await database.reminders.set(mole.id, 1, NOW)
    [claimed] = await database.reminders.claim_due(NOW)
    await database.reminders.set(mole.id, 6, NOW + timedelta(days=180))
    await database.reminders.settle(claimed, NOW + timedelta(days=30))
    assert await database.reminders.get(mole.id) == (6, NOW + timedelta(days=180))
    await database.reminders.switch_off(mole.id)
    assert await database.reminders.get(mole.id) is None


async def test_whoever_blocks_the_bot_is_not_reminded(database: Database) -> None:
    mole = await mole_of(database, IVAN)
    await database.reminders.set(mole.id, 1, NOW)
    await database.users.mark_blocked(IVAN)
    assert await database.reminders.claim_due(NOW) == []
    await database.users.seen(IVAN, "en")
    assert len(await database.reminders.claim_due(NOW)) == 1


@pytest.mark.parametrize("minutes", [180, -210])
async def test_the_persons_clock_is_kept(database: Database, minutes: int) -> None:
    await database.users.seen(IVAN, "ru")
    await database.users.set_utc_offset(IVAN, minutes)
    user = await database.users.get(IVAN)
    assert user is not None and user.utc_offset == minutes
