"""Photos of an album are put together again."""

import asyncio

import pytest

from bot.photos.albums import Albums
from storage.database import Database
from tests.bot.examples import incoming
from tests.bot.stage import EMMA


async def none(chat_id: int, group: str) -> int:
    return 0


async def test_an_album_goes_to_whoever_brings_its_first_photo() -> None:
    albums = Albums(none, quiet_seconds=0.05)
    photos = [incoming(number, "a") for number in (3, 1, 2)]
    gathered = await asyncio.gather(*(albums.gather(each) for each in photos))
    assert [[each.request.id for each in group] for group in gathered] == [[1, 2, 3], [], []]


async def test_albums_of_two_people_and_single_photos_stay_apart() -> None:
    albums = Albums(none, quiet_seconds=0.05)
    single, mine, yours = incoming(1, None), incoming(2, "a", chat_id=1), incoming(3, "a", chat_id=2)
    assert await asyncio.gather(*map(albums.gather, (single, mine, yours))) == [[single], [mine], [yours]]


async def test_a_photo_that_comes_twice_after_a_kill_is_in_its_album_once() -> None:
    albums = Albums(none, quiet_seconds=0.05)
    photos = [incoming(number, "a") for number in (1, 2, 2, 1)]
    gathered = await asyncio.gather(*(albums.gather(each) for each in photos))
    assert [[each.request.id for each in group] for group in gathered] == [[1, 2], [], [], []]


async def test_an_album_of_ten_does_not_wait() -> None:
    albums = Albums(none, quiet_seconds=60)
    async with asyncio.timeout(5):
        first = asyncio.create_task(albums.gather(incoming(0, "a")))
        await asyncio.sleep(0)
        others = [incoming(number, "a") for number in range(1, 10)]
        # Nine more arrive while the first one's quiet minute runs: the wait must not last it out.
        await asyncio.gather(*map(albums.gather, others))
        assert len(await first) == 10


async def test_a_recorded_photo_of_an_album_is_waited_for_however_late_its_handler_is() -> None:
    recorded = asyncio.Event()

    async def two(chat_id: int, group: str) -> int:
        assert (chat_id, group) == (1, "a")
        recorded.set()
        return 2

    albums = Albums(two, quiet_seconds=0.01)
    first = asyncio.create_task(albums.gather(incoming(1, "a")))
    await recorded.wait()
    assert await albums.gather(incoming(2, "a")) == []
    assert [each.request.id for each in await first] == [1, 2]


async def test_a_photo_that_never_comes_keeps_its_album_back_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    async def two(chat_id: int, group: str) -> int:
        return 2

    monkeypatch.setattr("bot.photos.albums.LATE_SECONDS", 0.05)
    assert len(await Albums(two, quiet_seconds=0.01).gather(incoming(1, "a"))) == 1


async def test_what_waits_of_an_album_is_counted_without_what_is_taken_up(database: Database) -> None:
    for number, (group, edited_at) in enumerate([("a", 0), ("a", 0), ("b", 0), ("a", 5)]):
        received = ("file", "unique", "photo", None, None, edited_at)
        await database.requests.record(EMMA, EMMA, number, group, *received)
    assert await database.unread.waiting_in_album(EMMA, "a") == 2
    [first, *_] = await database.requests.unfinished()
    await database.requests.claim([first.id])
    assert await database.unread.waiting_in_album(EMMA, "a") == 1
