"""sendMessage, sendPhoto, sendDocument, sendMediaGroup, copyMessage, sendChatAction and their limits."""

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    MessageEntity,
    ReplyParameters,
)

from bot.sandbox import Sandbox
from bot.sandbox.client import Person
from bot.sandbox.methods import content
from tests.bot.sandbox.playing import EMMA, IVAN, picture


def keys(**button: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(**{"text": "A", **button})]])


async def test_a_text_reaches_the_chat_with_formatting_and_keyboard(bot: Bot, emma: Person) -> None:
    sent = await bot.send_message(EMMA, "<b>x</b> &lt;", parse_mode="HTML", reply_markup=keys(callback_data="a"))
    assert sent.html_text == "<b>x</b> &lt;"
    shown = (await emma.messages())[-1]
    assert shown["text"] == "x <"
    assert shown["from"]["is_bot"]
    assert shown["entities"] == [{"type": "bold", "offset": 0, "length": 1}]
    assert shown["reply_markup"] == {"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]}


async def test_entities_are_taken_as_given(bot: Bot, emma: Person) -> None:
    sent = await bot.send_message(EMMA, "🙂x", entities=[MessageEntity(type="bold", offset=2, length=1)])
    assert sent.html_text == "🙂<b>x</b>"


async def test_a_text_of_4096_units_passes_and_one_more_does_not(bot: Bot, emma: Person) -> None:
    # Each of these is two UTF-16 units, and the markup does not count.
    await bot.send_message(EMMA, f"<b>{'🙂' * 2048}</b>", parse_mode="HTML")
    with pytest.raises(TelegramBadRequest, match="message is too long"):
        await bot.send_message(EMMA, "🙂" * 2048 + "a")


async def test_a_caption_of_1024_units_passes_and_one_more_does_not(bot: Bot, emma: Person) -> None:
    photo = BufferedInputFile(picture(), "a.jpg")
    await bot.send_photo(EMMA, photo, caption=f"<i>{'a' * 1024}</i>", parse_mode="HTML")
    with pytest.raises(TelegramBadRequest, match="message caption is too long"):
        await bot.send_photo(EMMA, photo, caption="a" * 1025)


@pytest.mark.parametrize("text", [" \n ", "<b></b>"])
async def test_a_text_of_nothing_is_refused(bot: Bot, emma: Person, text: str) -> None:
    with pytest.raises(TelegramBadRequest, match="message text is empty"):
        await bot.send_message(EMMA, text, parse_mode="HTML")


async def test_callback_data_of_64_bytes_passes_and_one_more_does_not(bot: Bot, emma: Person) -> None:
    await bot.send_message(EMMA, "a", reply_markup=keys(callback_data="я" * 32))
    with pytest.raises(TelegramBadRequest, match="BUTTON_DATA_INVALID"):
        await bot.send_message(EMMA, "a", reply_markup=keys(callback_data="я" * 32 + "a"))


async def test_a_button_must_do_something(bot: Bot, emma: Person) -> None:
    with pytest.raises(TelegramBadRequest, match="Text buttons are unallowed"):
        await bot.send_message(EMMA, "a", reply_markup=keys())


async def test_a_button_may_open_a_page_but_nothing_else(bot: Bot, emma: Person) -> None:
    await bot.send_message(EMMA, "a", reply_markup=keys(url="https://a.example"))
    with pytest.raises(TelegramBadRequest, match="Wrong HTTP URL"):
        await bot.send_message(EMMA, "a", reply_markup=keys(url="javascript:alert(1)"))


async def test_a_reply_carries_what_it_answers(bot: Bot, emma: Person) -> None:
    asked = await emma.write("well?")
    sent = await bot.send_message(EMMA, "yes", reply_parameters=ReplyParameters(message_id=asked["message_id"]))
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "well?"


async def test_a_reply_to_a_missing_message_is_refused_unless_allowed(bot: Bot, emma: Person) -> None:
    with pytest.raises(TelegramBadRequest, match="message to be replied not found"):
        await bot.send_message(EMMA, "yes", reply_parameters=ReplyParameters(message_id=999))
    allowed = ReplyParameters(message_id=999, allow_sending_without_reply=True)
    assert (await bot.send_message(EMMA, "yes", reply_parameters=allowed)).reply_to_message is None


async def test_a_bot_cannot_write_to_strangers(bot: Bot, ivan: Person) -> None:
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.send_message(424242, "hello")
    with pytest.raises(TelegramForbiddenError, match="bot can't initiate conversation with a user"):
        await bot.send_message(IVAN, "hello")


async def test_a_photo_is_sent_by_upload_and_again_by_file_id(bot: Bot, emma: Person) -> None:
    first = await bot.send_photo(EMMA, BufferedInputFile(picture(1000, 500), "a.jpg"))
    assert first.photo is not None
    assert [(size.width, size.height) for size in first.photo] == [(90, 45), (320, 160), (800, 400), (1000, 500)]
    again = await bot.send_photo(EMMA, first.photo[0].file_id)
    assert again.photo == first.photo


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "file must be non-empty"),
        (b"no image", "IMAGE_PROCESS_FAILED"),
        (picture(6000, 4001, "PNG", "1"), "PHOTO_INVALID_DIMENSIONS"),
        (picture(2100, 100, "PNG", "1"), "PHOTO_INVALID_DIMENSIONS"),
    ],
)
async def test_what_is_no_photo_is_refused(bot: Bot, emma: Person, data: bytes, complaint: str) -> None:
    with pytest.raises(TelegramBadRequest, match=complaint):
        await bot.send_photo(EMMA, BufferedInputFile(data, "a.jpg"))


async def test_a_photo_over_10_mb_is_refused(bot: Bot, emma: Person) -> None:
    padded = picture() + bytes(content.PHOTO_LIMIT)
    with pytest.raises(TelegramBadRequest, match="is too big for a photo; the maximum size is 10485760 bytes"):
        await bot.send_photo(EMMA, BufferedInputFile(padded, "a.jpg"))


async def test_a_document_keeps_its_bytes_and_its_name(bot: Bot, emma: Person) -> None:
    sent = await bot.send_document(EMMA, BufferedInputFile(b"{}", "export.json"), caption="all of it")
    assert sent.document is not None
    assert (sent.document.file_name, sent.document.mime_type) == ("export.json", "application/json")
    kept = await bot.download(sent.document)
    assert kept is not None
    assert kept.read() == b"{}"


async def test_a_file_id_of_another_kind_or_of_nothing_is_refused(bot: Bot, emma: Person) -> None:
    sent = await bot.send_document(EMMA, BufferedInputFile(picture(), "a.jpg"))
    assert sent.document is not None
    with pytest.raises(TelegramBadRequest, match="can't use file of type Document as Photo"):
        await bot.send_photo(EMMA, sent.document.file_id)
    with pytest.raises(TelegramBadRequest, match="wrong file_id or the file is temporarily unavailable"):
        await bot.send_photo(EMMA, "AgACnothing")
    with pytest.raises(TelegramBadRequest, match="failed to get HTTP URL content"):
        await bot.send_photo(EMMA, "https://a.example/a.jpg")


async def test_an_album_is_separate_messages_of_one_group(bot: Bot, emma: Person) -> None:
    photo = BufferedInputFile(picture(), "a.jpg")
    sent = await bot.send_media_group(EMMA, [InputMediaPhoto(media=photo, caption="two"), InputMediaPhoto(media=photo)])
    assert len({message.message_id for message in sent}) == 2
    assert len({message.media_group_id for message in sent}) == 1
    assert [message.caption for message in sent] == ["two", None]


@pytest.mark.parametrize(("count", "word"), [(1, "few"), (11, "many")])
async def test_an_album_has_two_to_ten(bot: Bot, emma: Person, count: int, word: str) -> None:
    photo = InputMediaPhoto(media=BufferedInputFile(picture(), "a.jpg"))
    with pytest.raises(TelegramBadRequest, match=f"too {word} messages to send as an album"):
        await bot.send_media_group(EMMA, [photo] * count)


async def test_an_album_goes_out_whole_or_not_at_all(bot: Bot, emma: Person) -> None:
    before = await emma.messages()
    good = InputMediaPhoto(media=BufferedInputFile(picture(), "a.jpg"))
    with pytest.raises(TelegramBadRequest, match="IMAGE_PROCESS_FAILED"):
        await bot.send_media_group(EMMA, [good, InputMediaPhoto(media=BufferedInputFile(b"no", "b.jpg"))])
    with pytest.raises(TelegramBadRequest, match="can't be mixed"):
        await bot.send_media_group(EMMA, [good, InputMediaDocument(media=BufferedInputFile(b"no", "b.jpg"))])
    assert await emma.messages() == before


async def test_a_copy_has_the_content_and_a_keyboard_of_its_own(bot: Bot, emma: Person) -> None:
    source = await bot.send_photo(EMMA, BufferedInputFile(picture(), "a.jpg"), caption="news")
    copied = await bot.copy_message(EMMA, EMMA, source.message_id, reply_markup=keys(callback_data="off"))
    shown = (await emma.messages())[-1]
    assert shown["message_id"] == copied.message_id
    assert shown["caption"] == "news"
    assert shown["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "off"
    with pytest.raises(TelegramBadRequest, match="message to copy not found"):
        await bot.copy_message(EMMA, EMMA, 999)


async def test_a_chat_action_is_seen_by_whoever_watches(bot: Bot, sandbox: Sandbox, emma: Person) -> None:
    async with sandbox.world.events.subscribe() as queue:
        await bot.send_chat_action(EMMA, "upload_photo")
        seen = [queue.get_nowait() for _ in range(queue.qsize())]
    assert [(event.chat_id, event.data) for event in seen if event is not None and event.kind == "action"] == [
        (EMMA, {"action": "upload_photo"})
    ]
    with pytest.raises(TelegramBadRequest, match="wrong parameter action in request"):
        await bot.send_chat_action(EMMA, "dancing")
