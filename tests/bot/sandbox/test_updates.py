"""getUpdates: offsets, limits, long polling, allowed_updates, one poller at a time; getFile."""

import asyncio

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramConflictError
from aiogram.types import Update
from aiohttp import ClientSession

from bot.sandbox import Sandbox
from bot.sandbox.client import Person
from bot.sandbox.files import DOWNLOAD_LIMIT, FileStore, Rendition
from tests.bot.sandbox.playing import picture


def texts(updates: list[Update]) -> list[str | None]:
    return [update.message.text for update in updates if update.message]


async def polling(sandbox: Sandbox, count: int = 1) -> None:
    """Returns once `count` calls of getUpdates have arrived."""
    events = sandbox.world.events
    async with asyncio.timeout(20):
        while sum(call.method == "getUpdates" for call in sandbox.world.calls) < count:
            await events.beyond(events.version, 20)


async def test_updates_stay_until_a_higher_offset_confirms_them(bot: Bot, emma: Person) -> None:
    for text in ("one", "two", "three"):
        await emma.write(text)
    first = await bot.get_updates()
    assert texts(first) == ["one", "two", "three"]
    assert texts(await bot.get_updates()) == ["one", "two", "three"]
    assert texts(await bot.get_updates(offset=first[0].update_id + 1, limit=1)) == ["two"]
    assert await bot.get_updates(offset=first[-1].update_id + 1) == []


async def test_a_negative_offset_keeps_the_last(bot: Bot, emma: Person) -> None:
    for text in ("one", "two", "three"):
        await emma.write(text)
    assert texts(await bot.get_updates(offset=-1)) == ["three"]
    assert texts(await bot.get_updates()) == ["three"]


async def test_a_poll_holds_on_until_something_happens(sandbox: Sandbox, bot: Bot, emma: Person) -> None:
    async with asyncio.TaskGroup() as group:
        poll = group.create_task(bot.get_updates(timeout=30))
        await polling(sandbox)
        assert not poll.done()
        await emma.write("at last")
    assert texts(poll.result()) == ["at last"]


async def test_a_poll_gives_up_after_its_timeout(bot: Bot, emma: Person) -> None:
    async with asyncio.timeout(20):
        assert await bot.get_updates(timeout=1) == []


async def test_a_second_poller_ends_the_first(sandbox: Sandbox, bot: Bot, emma: Person) -> None:
    async with asyncio.TaskGroup() as group:
        first = group.create_task(_outcome(bot))
        await polling(sandbox)
        second = group.create_task(bot.get_updates(timeout=30))
        await polling(sandbox, 2)
        await emma.write("for the second")
    assert isinstance(first.result(), TelegramConflictError)
    assert "terminated by other getUpdates request" in str(first.result())
    assert texts(second.result()) == ["for the second"]


async def _outcome(bot: Bot) -> object:
    try:
        return await bot.get_updates(timeout=30)
    except TelegramConflictError as error:
        return error


async def test_allowed_updates_are_remembered_until_changed(bot: Bot, emma: Person) -> None:
    await bot.get_updates(allowed_updates=["callback_query"])
    await emma.write("unseen")
    assert await bot.get_updates() == []
    await bot.get_updates(allowed_updates=[])
    await emma.write("seen")
    assert texts(await bot.get_updates()) == ["seen"]


async def test_delete_webhook_can_drop_what_waits(bot: Bot, emma: Person) -> None:
    await emma.write("one")
    assert (await bot.get_webhook_info()).pending_update_count == 1
    await bot.delete_webhook()
    assert len(await bot.get_updates()) == 1
    await bot.delete_webhook(drop_pending_updates=True)
    assert await bot.get_updates() == []


async def test_every_size_of_a_photo_can_be_fetched(bot: Bot, emma: Person) -> None:
    (message,) = await emma.send_photos(picture(400, 300))
    for size in message["photo"]:
        fetched = await bot.download(size["file_id"])
        assert fetched is not None
        assert len(fetched.read()) == size["file_size"]


async def test_a_document_of_20_mb_can_be_fetched_and_one_byte_more_cannot(bot: Bot, emma: Person) -> None:
    allowed = await emma.send_document(bytes(DOWNLOAD_LIMIT))
    file = await bot.get_file(allowed["document"]["file_id"])
    assert file.file_size == DOWNLOAD_LIMIT
    refused = await emma.send_document(bytes(DOWNLOAD_LIMIT + 1))
    assert refused["document"]["file_size"] == DOWNLOAD_LIMIT + 1
    with pytest.raises(TelegramBadRequest, match="file is too big"):
        await bot.get_file(refused["document"]["file_id"])


async def test_a_file_cannot_be_fetched_with_a_foreign_token(
    sandbox: Sandbox, http: ClientSession, bot: Bot, emma: Person
) -> None:
    sent = await emma.send_document(b"secret")
    path = (await bot.get_file(sent["document"]["file_id"])).file_path
    async with http.get(f"{sandbox.base_url}/file/bot7000000001:other/{path}") as response:
        assert response.status == 401
    async with http.get(f"{sandbox.base_url}/file/bot{sandbox.token}/documents/none") as response:
        assert response.status == 404


def test_the_oldest_files_expire_when_there_are_too_many_bytes() -> None:
    store = FileStore(kept_bytes=100)
    old, new = store.add_document(bytes(80), "old"), store.add_photo([Rendition(bytes(60), 1, 1)])[0]
    assert store.get(new.file_id).size == 60
    with pytest.raises(Exception, match="wrong file_id or the file is temporarily unavailable"):
        store.get(old.file_id)


async def test_a_bot_killed_while_it_polls_loses_nothing(sandbox: Sandbox, bot: Bot, emma: Person) -> None:
    poll = asyncio.ensure_future(bot.get_updates(timeout=30))
    await polling(sandbox)
    poll.cancel()
    await asyncio.wait([poll])
    await emma.write("still here")
    again = Bot(bot.token, session=bot.session)
    assert texts(await again.get_updates(timeout=5)) == ["still here"]
