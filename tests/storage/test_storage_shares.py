"""Shares: one reader for each link, hashed tokens, sealed names and notes, and nothing left after an erasure."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from storage import Database, Outcome, url_of
from storage.retention import Retention
from storage.shares import LINK_LIFE, MOST_NOTES, MOST_SHARES, Share, Unshared

EMMA, DOCTOR, STRANGER = 7_654_321_987, 8_654_321_987, 9
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
WEEK = timedelta(days=7)


async def result_of(database: Database, user: int, number: int = 1) -> int:
    request, _ = await database.requests.record(user, user, number, None, "file", "unique", "photo")
    await database.requests.complete(request.id, Outcome.ANSWERED, {"label": "nv"}, None)
    return request.id


async def link(database: Database, until: datetime | None = None) -> str:
    """The token of a share of a result of Emma's."""
    for user in (EMMA, DOCTOR, STRANGER):
        await database.users.seen(user, "en")
    request = await result_of(database, EMMA)
    made = await database.shares.create(EMMA, "CLEAR Emma", NOW, request_id=request, expires_at=until)
    assert made is not None
    return made[1]


async def accepted(database: Database, until: datetime | None = None) -> Share:
    token = await link(database, until)
    share = await database.shares.accept(token, DOCTOR, "CLEAR Doctor", NOW)
    assert isinstance(share, Share)
    return share


def contents(path: Path) -> bytes:
    return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))


async def test_a_link_gives_its_reader_and_nobody_else_the_share(database: Database) -> None:
    share = await accepted(database)
    assert await database.shares.readable(share.id, DOCTOR, NOW) == share
    for user in (EMMA, STRANGER):
        assert await database.shares.readable(share.id, user, NOW) is None
    assert [each.reader_name for each in await database.shares.given(EMMA, NOW)] == ["CLEAR Doctor"]
    assert [each.owner_name for each in await database.shares.received(DOCTOR, NOW)] == ["CLEAR Emma"]


async def test_of_many_who_follow_a_link_at_once_one_gets_it(database: Database) -> None:
    token = await link(database)
    got = await asyncio.gather(*(database.shares.accept(token, user, "x", NOW) for user in (DOCTOR, STRANGER) * 3))
    readers = {each.reader_id for each in got if isinstance(each, Share)}
    assert len(readers) == 1
    assert {each for each in got if not isinstance(each, Share)} == {Unshared.USED}


async def test_a_link_says_why_it_gives_nothing(database: Database) -> None:
    token = await link(database, NOW + WEEK)
    assert await database.shares.offered("no such token", DOCTOR, NOW) is Unshared.UNKNOWN
    assert await database.shares.offered(token, EMMA, NOW) is Unshared.OWN
    assert await database.shares.accept(token, EMMA, "x", NOW) is Unshared.OWN
    share = await database.shares.accept(token, DOCTOR, "x", NOW)
    assert isinstance(share, Share)
    assert await database.shares.offered(token, DOCTOR, NOW) == share
    assert await database.shares.offered(token, STRANGER, NOW) is Unshared.USED
    assert await database.shares.offered(token, DOCTOR, NOW + WEEK) is Unshared.EXPIRED
    assert await database.shares.revoke(share.id, EMMA, NOW)
    assert await database.shares.offered(token, DOCTOR, NOW) is Unshared.REVOKED


async def test_a_link_that_nobody_followed_dies(database: Database) -> None:
    token = await link(database)
    assert await database.shares.accept(token, DOCTOR, "x", NOW + LINK_LIFE) is Unshared.EXPIRED
    assert await database.shares.given(EMMA, NOW + LINK_LIFE) == []
    assert isinstance(await database.shares.accept(token, DOCTOR, "x", NOW), Share)
    assert await database.shares.given(EMMA, NOW + 9 * LINK_LIFE) != []


async def test_a_link_for_one_person_is_for_nobody_else(database: Database) -> None:
    token = await link(database)
    [share] = await database.shares.given(EMMA, NOW)
    assert not await database.shares.bind(share.id, STRANGER, STRANGER, NOW)
    assert await database.shares.bind(share.id, EMMA, DOCTOR, NOW)
    assert await database.shares.received(DOCTOR, NOW) == []
    assert await database.shares.accept(token, STRANGER, "x", NOW) is Unshared.NOT_FOR_YOU
    assert isinstance(await database.shares.accept(token, DOCTOR, "x", NOW), Share)
    assert not await database.shares.bind(share.id, EMMA, STRANGER, NOW)


async def test_access_ends_at_its_date_and_when_it_is_taken_back(database: Database) -> None:
    share = await accepted(database, NOW + WEEK)
    assert await database.shares.readable(share.id, DOCTOR, NOW + WEEK - timedelta(seconds=1)) == share
    assert await database.shares.readable(share.id, DOCTOR, NOW + WEEK) is None
    assert not await database.shares.revoke(share.id, DOCTOR, NOW)
    assert await database.shares.revoke(share.id, EMMA, NOW)
    assert not await database.shares.revoke(share.id, EMMA, NOW)
    assert await database.shares.readable(share.id, DOCTOR, NOW) is None
    assert not await database.shares.add_note(share.id, DOCTOR, "too late", NOW)
    assert await database.shares.given(EMMA, NOW) == await database.shares.received(DOCTOR, NOW) == []


async def test_nobody_shares_what_is_not_theirs_nor_without_end(database: Database) -> None:
    share = await accepted(database)
    assert await database.shares.create(STRANGER, "x", NOW, request_id=share.request_id) is None
    mole = await database.moles.create(EMMA, "left arm")
    assert mole is not None
    assert await database.shares.create(STRANGER, "x", NOW, mole_id=mole.id) is None
    for _ in range(MOST_SHARES - 1):
        assert await database.shares.create(EMMA, "x", NOW, mole_id=mole.id) is not None
    assert await database.shares.create(EMMA, "x", NOW, mole_id=mole.id) is None


async def test_notes_are_those_of_the_reader_and_bounded(database: Database) -> None:
    share = await accepted(database)
    assert not await database.shares.add_note(share.id, STRANGER, "no business of mine", NOW)
    for number in range(MOST_NOTES):
        assert await database.shares.add_note(share.id, DOCTOR, f"note {number}", NOW)
    assert not await database.shares.add_note(share.id, DOCTOR, "one too many", NOW)
    [given] = (await database.shares.export(EMMA))["given"]
    assert [each["note"] for each in given["notes"]] == [f"note {number}" for number in range(MOST_NOTES)]


async def test_each_side_exports_what_is_theirs(database: Database) -> None:
    share = await accepted(database)
    await database.shares.add_note(share.id, DOCTOR, "come in", NOW)
    emmas, doctors = await database.shares.export(EMMA), await database.shares.export(DOCTOR)
    assert emmas["given"][0]["request_id"] == share.request_id and emmas["given"][0]["reader_name"] == "CLEAR Doctor"
    assert emmas["received"] == doctors["given"] == []
    [received] = doctors["received"]
    assert received["notes"] == [{"at": NOW.isoformat(), "note": "come in"}]
    assert received["owner_name"] == "CLEAR Emma" and "request_id" not in received
    assert await database.shares.export(STRANGER) == {"given": [], "received": []}


async def test_neither_token_nor_names_nor_notes_are_in_the_file(path: Path, key: bytes) -> None:
    database = await Database.open(url_of(path), key)
    token = await link(database)
    share = await database.shares.accept(token, DOCTOR, "CLEAR Doctor", NOW)
    assert isinstance(share, Share)
    await database.shares.add_note(share.id, DOCTOR, "CLEAR note", NOW)
    kept = contents(path)
    assert b"CLEAR" not in kept and token.encode() not in kept
    assert hashlib.sha256(token.encode()).hexdigest().encode() in kept
    await database.close()


async def test_a_share_goes_with_its_owner_its_reader_its_result_and_its_mole(path: Path, key: bytes) -> None:
    database = await Database.open(url_of(path), key)
    share = await accepted(database)
    # As SQLite writes an integer of six bytes.
    assert DOCTOR.to_bytes(6, "big") in contents(path)
    await database.users.delete(DOCTOR)
    assert DOCTOR.to_bytes(6, "big") not in contents(path)
    assert (await database.shares.export(EMMA))["given"] == []
    made = await database.shares.create(EMMA, "x", NOW, request_id=share.request_id)
    assert made is not None
    _, token = made
    await database.users.delete(EMMA)
    assert await database.shares.offered(token, STRANGER, NOW) is Unshared.UNKNOWN
    assert EMMA.to_bytes(6, "big") not in contents(path)
    await database.users.seen(EMMA, "en")
    mole = await database.moles.create(EMMA, "left arm")
    assert mole is not None
    made = await database.shares.create(EMMA, "x", NOW, mole_id=mole.id)
    assert made is not None
    _, token = made
    await database.moles.forget(mole.id, EMMA)
    assert await database.shares.offered(token, STRANGER, NOW) is Unshared.UNKNOWN
    await database.close()


async def test_a_reader_who_never_agreed_stays_as_long_as_something_is_shared_with_them(database: Database) -> None:
    await database.users.seen(DOCTOR, "en")
    since = datetime.now(UTC)
    share = await accepted(database)
    now = datetime.now(UTC) + WEEK
    retention = Retention(database._transactions, database.traces, lambda: now)
    await retention.erase_older_than(now - since)
    assert await database.shares.readable(share.id, DOCTOR, NOW) == share
    # The result is past its time a moment later, and then nothing is shared any more.
    await retention.erase_older_than(timedelta())
    assert await database.shares.readable(share.id, DOCTOR, NOW) is None
    assert await database.users.get(DOCTOR) is None
