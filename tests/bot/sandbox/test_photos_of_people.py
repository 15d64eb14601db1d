"""Photos that a person edits, forwards or quotes, and live photos."""

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import Message, MessageOriginHiddenUser, MessageOriginUser, ReplyParameters, Update

from bot.sandbox.client import Person, Refused
from tests.bot.sandbox.playing import EMMA, IVAN, picture


async def newest(bot: Bot) -> Update:
    return (await bot.get_updates())[-1]


async def test_another_photo_in_the_place_of_the_first_arrives_as_an_edit(bot: Bot, emma: Person) -> None:
    (sent,) = await emma.send_photos(picture(), caption="since May")
    await emma.edit_photo(sent, picture(200, 100), caption="since June")
    edited = (await newest(bot)).edited_message
    assert edited is not None
    assert edited.message_id == sent["message_id"]
    assert edited.edit_date is not None
    assert edited.photo is not None
    assert (edited.photo[-1].width, edited.photo[-1].height) == (200, 100)
    assert edited.photo[-1].file_unique_id != sent["photo"][-1]["file_unique_id"]
    assert edited.caption == "since June"
    (shown,) = [each for each in await emma.messages() if "photo" in each]
    assert shown["photo"][-1]["file_id"] == edited.photo[-1].file_id


async def test_a_caption_and_a_text_can_be_edited_and_keep_the_rest(bot: Bot, emma: Person) -> None:
    (photo,) = await emma.send_photos(picture(), caption="since May")
    await emma.edit(photo, "since June")
    edited = (await newest(bot)).edited_message
    assert edited is not None
    assert edited.caption == "since June"
    assert edited.photo is not None
    assert edited.photo[-1].file_id == photo["photo"][-1]["file_id"]
    text = await emma.write("helo")
    await emma.edit(text, "hello")
    edited = (await newest(bot)).edited_message
    assert edited is not None
    assert (edited.text, edited.caption) == ("hello", None)


async def test_only_ones_own_messages_can_be_edited(bot: Bot, emma: Person) -> None:
    sent = await bot.send_message(EMMA, "mine")
    with pytest.raises(Refused, match="message can't be edited"):
        await emma.act("edit", {"message_id": sent.message_id, "text": "yours"})
    written = await emma.write("hello")
    with pytest.raises(Refused, match="no media in the message"):
        await emma.edit_photo(written, picture())


async def test_a_live_photo_carries_its_still_as_a_photo_too(bot: Bot, emma: Person) -> None:
    await emma.send_live_photo(picture(400, 300), caption="it moves")
    message = (await newest(bot)).message
    assert message is not None
    assert message.content_type == "live_photo"
    assert message.live_photo is not None
    assert message.live_photo.photo is not None
    assert message.photo == message.live_photo.photo
    still = await bot.download(message.live_photo.photo[-1])
    assert still is not None
    assert still.read().startswith(b"\xff\xd8")
    assert await bot.download(message.live_photo) is not None


@pytest.mark.parametrize("hidden", [False, True])
async def test_a_forwarded_photo_says_where_it_comes_from(bot: Bot, emma: Person, ivan: Person, hidden: bool) -> None:
    (sent,) = await emma.send_photos(picture(), caption="mine")
    await ivan.forward(sent, hidden=hidden)
    message = (await newest(bot)).message
    assert message is not None
    assert message.from_user is not None
    assert message.from_user.id == IVAN
    assert message.photo is not None
    assert message.photo[-1].file_id == sent["photo"][-1]["file_id"]
    assert message.caption == "mine"
    if hidden:
        assert isinstance(message.forward_origin, MessageOriginHiddenUser)
        assert message.forward_origin.sender_user_name == "Emma"
    else:
        assert isinstance(message.forward_origin, MessageOriginUser)
        assert message.forward_origin.sender_user.id == EMMA


async def test_a_reply_can_quote_a_part_of_a_caption(bot: Bot, emma: Person) -> None:
    (photo,) = await emma.send_photos(picture(), caption="left arm, since May")
    await emma.write("how long?", reply_to=photo["message_id"], quote="since May")
    message = (await newest(bot)).message
    assert message is not None
    assert message.quote is not None
    assert (message.quote.text, message.quote.position, message.quote.is_manual) == ("since May", 10, True)
    assert message.reply_to_message is not None
    assert message.reply_to_message.photo is not None
    with pytest.raises(Refused, match="QUOTE_TEXT_INVALID"):
        await emma.write("how long?", reply_to=photo["message_id"], quote="since June")


async def test_the_bot_can_quote_and_forward(bot: Bot, emma: Person, ivan: Person) -> None:
    await ivan.write("hello")
    written = await emma.write("it itches, and it grew")
    reply = ReplyParameters(message_id=written["message_id"], quote="it grew")
    answered = await bot.send_message(EMMA, "since when?", reply_parameters=reply)
    assert answered.quote is not None
    assert answered.quote.text == "it grew"
    with pytest.raises(TelegramBadRequest, match="QUOTE_TEXT_INVALID"):
        wrong = ReplyParameters(message_id=written["message_id"], quote="it shrank")
        await bot.send_message(EMMA, "x", reply_parameters=wrong)
    passed: Message = await bot.forward_message(IVAN, EMMA, written["message_id"])
    assert passed.text == "it itches, and it grew"
    assert isinstance(passed.forward_origin, MessageOriginUser)
