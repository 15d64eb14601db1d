"""A photo is in the database before its update is confirmed to Telegram."""

import time
from pathlib import Path

import pytest
from aiogram import Bot
from aiogram.methods import GetUpdates
from aiogram.types import Update

from bot.photos.inbox import Inbox
from bot.samples import sample
from bot.sandbox import Sandbox
from bot.sandbox.groups import Groups
from bot.sandbox.people import Destination, People
from bot.telegram.client import RetryingBot
from storage.database import Database
from storage.records import Outcome
from tests.bot.stage import EMMA, IVAN


async def test_photos_are_recorded_before_anybody_sees_their_updates(
    sandbox: Sandbox, database: Database, bot: RetryingBot
) -> None:
    people = People(sandbox.world)
    people.write(EMMA, "hello")
    await people.send_photos(EMMA, [sample("mole")] * 2, None)
    people.send_document(EMMA, b"x", "x.png", "image/png", None)
    people.send_clip(EMMA, "animation", b"x")
    # Never acknowledged, so it comes again; that makes no second record.
    for _ in range(2):
        await bot.get_updates(timeout=0)
    requests = await database.requests.unfinished()
    assert [request.kind for request in requests] == ["photo", "photo", "document"]
    assert requests[0].media_group_id == requests[1].media_group_id is not None
    assert {request.outcome for request in requests} == {Outcome.RECEIVED}
    user = await database.users.get(EMMA)
    assert user is not None and user.language == "en"


def in_family(sandbox: Sandbox) -> tuple[People, Destination, str]:
    """Those who write, their group, and the name by which the bot is spoken to there."""
    group = Groups(sandbox.world).create("Family", [EMMA, IVAN])
    return People(sandbox.world), Destination(chat_id=group.id), f"@{sandbox.world.bot.username}"


async def test_what_is_asked_in_a_group_is_recorded_too_before_anybody_sees_it(
    sandbox: Sandbox, database: Database, bot: RetryingBot
) -> None:
    people, place, name = in_family(sandbox)
    for each in (EMMA, IVAN):
        await database.users.seen(each, "en")
    await people.send_photos(EMMA, [sample("mole")], f"{name} it bleeds", place)
    [quiet] = await people.send_photos(EMMA, [sample("mole")], "look at this", place)
    replying = Destination(chat_id=place.chat_id, reply_to=quiet.message_id)
    people.write(EMMA, f"{name} and it?", place=replying)
    # It is somebody else's photo.
    people.write(IVAN, f"{name} what is it?", place=replying)
    people.send_document(EMMA, b"x", "x.png", "image/png", name, place=place)
    for _ in range(2):
        await bot.get_updates(timeout=0)
    requests = await database.requests.unfinished()
    assert [(each.user_id, each.chat_id, each.kind) for each in requests] == [
        (EMMA, place.chat_id, kind) for kind in ("photo", "photo", "document")
    ]
    assert [each.note for each in requests] == [f"{name} it bleeds", "look at this", name]


async def test_of_strangers_and_of_those_who_block_the_bot_a_group_leaves_nothing(
    sandbox: Sandbox, database: Database, bot: RetryingBot
) -> None:
    people, place, name = in_family(sandbox)
    await database.users.seen(IVAN, "en")
    await database.users.mark_blocked(IVAN)
    for each in (EMMA, IVAN):
        await people.send_photos(each, [sample("mole")], name, place)
    await bot.get_updates(timeout=0)
    assert await database.requests.unfinished() == []
    assert await database.users.get(EMMA) is None


async def test_by_webhook_a_stranger_in_a_group_is_handled_before_the_update_is_confirmed(
    sandbox: Sandbox, database: Database, bot: RetryingBot
) -> None:
    people, place, name = in_family(sandbox)
    await people.send_photos(EMMA, [sample("mole")], name, place)
    update = (await bot.get_updates(timeout=0))[-1]
    inbox = Inbox(database)
    assert not await inbox.take(update, time.monotonic())
    await database.users.seen(EMMA, "en")
    assert await inbox.take(update, time.monotonic())
    assert [each.user_id for each in await database.requests.unfinished()] == [EMMA]


async def test_a_photo_that_no_database_can_take_holds_up_no_other(database: Database) -> None:
    def photo(user_id: int) -> Update:
        sizes = [{"file_id": "file", "file_unique_id": "unique", "width": 9, "height": 9}]
        sender, chat = {"id": user_id, "is_bot": False, "first_name": "Emma"}, {"id": user_id, "type": "private"}
        message = {"message_id": 1, "date": 1, "chat": chat, "from": sender, "photo": sizes}
        return Update.model_validate({"update_id": user_id % 1000, "message": message})

    async def poll(bot: Bot, method: GetUpdates) -> list[Update]:
        return [photo(2**70), photo(EMMA)]

    inbox = Inbox(database)
    await inbox(poll, Bot("1:token"), GetUpdates())  # type: ignore[arg-type]
    assert [each.user_id for each in await database.requests.unfinished()] == [EMMA]
    user = await database.users.get(EMMA)
    assert user is not None and user.language == "en"


async def test_updates_that_cannot_be_recorded_stay_with_telegram(
    sandbox: Sandbox, database: Database, bot: RetryingBot, tmp_path: Path
) -> None:
    await People(sandbox.world).send_photos(EMMA, [sample("mole")], None)
    await database.close()
    (tmp_path / "bot.db").write_bytes(b"not a database any more" * 100)
    with pytest.raises(Exception, match="database"):
        await bot.get_updates(timeout=0)
    assert sandbox.world.updates.pending == 1
