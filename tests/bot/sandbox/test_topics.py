"""Topics of a forum and of a private chat."""

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile, InputMediaPhoto, Message, ReplyParameters

from bot.sandbox.client import Person
from tests.bot.sandbox.playing import EMMA, picture


async def newest(bot: Bot) -> Message:
    """The latest message that has reached the bot."""
    updates = await bot.get_updates()
    assert updates[-1].message is not None
    return updates[-1].message


async def forum(emma: Person) -> int:
    group = await emma.gather("Clinic", forum=True)
    await emma.post(f"/sim/groups/{group}/bot", {"status": "administrator"})
    return group


async def test_a_message_in_a_topic_says_which_and_the_answer_goes_there(bot: Bot, emma: Person) -> None:
    group = await forum(emma)
    topic = await emma.open_topic("Left arm", group)
    await emma.write("/help", chat_id=group, message_thread_id=topic)
    asked = await newest(bot)
    assert asked.is_topic_message
    assert asked.message_thread_id == topic
    answered = await asked.as_(bot).answer("here")
    assert (answered.message_thread_id, answered.is_topic_message) == (topic, True)
    outside = await bot.send_message(group, "there")
    assert outside.message_thread_id is None


async def test_photos_albums_and_files_stay_in_their_topic(bot: Bot, emma: Person) -> None:
    group = await forum(emma)
    topic = await emma.open_topic("Left arm", group)
    file = BufferedInputFile(picture(), "a.jpg")
    photo = await bot.send_photo(group, file, message_thread_id=topic)
    album = await bot.send_media_group(group, [InputMediaPhoto(media=file)] * 2, message_thread_id=topic)
    document = await bot.send_document(group, file, message_thread_id=topic)
    copied = await bot.copy_message(group, group, photo.message_id, message_thread_id=topic)
    assert {message.message_thread_id for message in (photo, *album, document)} == {topic}
    shown = {message["message_id"]: message for message in await emma.messages(group)}
    assert shown[copied.message_id]["message_thread_id"] == topic


async def test_a_reply_stays_in_the_topic_of_its_message(bot: Bot, emma: Person) -> None:
    group = await forum(emma)
    topic = await emma.open_topic("Left arm", group)
    asked = await emma.write("/help", chat_id=group, message_thread_id=topic)
    reply = ReplyParameters(message_id=asked["message_id"])
    assert (await bot.send_message(group, "here", reply_parameters=reply)).message_thread_id == topic


async def test_a_topic_that_is_not_there_is_refused(bot: Bot, emma: Person) -> None:
    for send in (
        bot.send_message(EMMA, "x", message_thread_id=7),
        bot.send_photo(EMMA, BufferedInputFile(picture(), "a.jpg"), message_thread_id=7),
        bot.send_chat_action(EMMA, "typing", message_thread_id=7),
        bot.send_message_draft(EMMA, 1, text="x", message_thread_id=7),
    ):
        with pytest.raises(TelegramBadRequest, match="message thread not found"):
            await send


async def test_the_bot_opens_renames_closes_and_deletes_a_topic(bot: Bot, emma: Person) -> None:
    group = await forum(emma)
    topic = await bot.create_forum_topic(group, "Left arm", icon_color=0xFFD67E)
    thread = topic.message_thread_id
    assert await bot.edit_forum_topic(group, thread, name="Right arm")
    assert await bot.close_forum_topic(group, thread)
    with pytest.raises(TelegramBadRequest, match="TOPIC_CLOSED"):
        await bot.send_message(group, "x", message_thread_id=thread)
    assert await bot.reopen_forum_topic(group, thread)
    await bot.send_message(group, "x", message_thread_id=thread)
    (known,) = (await emma.transcript(group))["topics"]
    assert (known["name"], known["closed"], known["icon_color"]) == ("Right arm", False, 0xFFD67E)
    assert await bot.delete_forum_topic(group, thread)
    assert (await emma.transcript(group))["topics"] == []
    assert all(message.get("message_thread_id") != thread for message in await emma.messages(group))


async def test_only_an_administrator_opens_a_topic_in_a_forum(bot: Bot, emma: Person) -> None:
    group = await emma.gather("Clinic", forum=True)
    with pytest.raises(TelegramBadRequest, match="not enough rights to create a topic"):
        await bot.create_forum_topic(group, "Left arm")


async def test_a_private_chat_has_topics_only_where_they_are_enabled(bot: Bot, emma: Person) -> None:
    with pytest.raises(TelegramBadRequest, match="the chat is not a forum"):
        await bot.create_forum_topic(EMMA, "Left arm")
    await emma.post("/sim/bot", {"has_topics_enabled": True})
    assert (await bot.get_me()).has_topics_enabled
    topic = await bot.create_forum_topic(EMMA, "Left arm")
    await emma.write("hello", message_thread_id=topic.message_thread_id)
    assert (await newest(bot)).message_thread_id == topic.message_thread_id
    sent = await bot.send_message(EMMA, "here", message_thread_id=topic.message_thread_id)
    assert sent.is_topic_message


@pytest.mark.parametrize("name", ["", "x" * 129])
async def test_a_topic_has_a_name_of_1_to_128_characters(bot: Bot, emma: Person, name: str) -> None:
    await emma.post("/sim/bot", {"has_topics_enabled": True})
    with pytest.raises(TelegramBadRequest):
        await bot.create_forum_topic(EMMA, name)
