"""Photos of an album are put together again."""

import asyncio

from bot.photos.albums import Albums
from tests.bot.examples import incoming


async def test_an_album_goes_to_whoever_brings_its_first_photo() -> None:
    albums = Albums(quiet_seconds=0.05)
    photos = [incoming(number, "a") for number in (3, 1, 2)]
    gathered = await asyncio.gather(*(albums.gather(each) for each in photos))
    assert [[each.request.id for each in group] for group in gathered] == [[1, 2, 3], [], []]


async def test_albums_of_two_people_and_single_photos_stay_apart() -> None:
    albums = Albums(quiet_seconds=0.05)
    single, mine, yours = incoming(1, None), incoming(2, "a", chat_id=1), incoming(3, "a", chat_id=2)
    assert await asyncio.gather(*map(albums.gather, (single, mine, yours))) == [[single], [mine], [yours]]


async def test_an_album_of_ten_does_not_wait() -> None:
    albums = Albums(quiet_seconds=60)
    async with asyncio.timeout(5):
        first = asyncio.create_task(albums.gather(incoming(0, "a")))
        await asyncio.sleep(0)
        others = [incoming(number, "a") for number in range(1, 10)]
        # Nine more arrive while the first one's quiet minute runs: the wait must not last it out.
        await asyncio.gather(*map(albums.gather, others))
        assert len(await first) == 10
