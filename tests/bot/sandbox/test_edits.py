"""Edits, deletions and answers to buttons."""

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    Message,
)

from bot.sandbox.client import Person, Refused
from tests.bot.sandbox.playing import EMMA, picture

KEYS = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="A", callback_data="a")]])


async def pressed(bot: Bot, person: Person) -> CallbackQuery:
    """A query from a button that the person has just pressed."""
    sent = await bot.send_message(EMMA, "choose", reply_markup=KEYS)
    await person.press(sent.message_id, "a")
    (update,) = await bot.get_updates(offset=-1)
    assert update.callback_query is not None
    return update.callback_query


async def test_an_edit_changes_the_message_in_place(bot: Bot, emma: Person) -> None:
    sent = await bot.send_message(EMMA, "one", reply_markup=KEYS)
    edited = await bot.edit_message_text("<b>two</b>", chat_id=EMMA, message_id=sent.message_id, parse_mode="HTML")
    assert isinstance(edited, Message)
    assert edited.html_text == "<b>two</b>"
    assert edited.edit_date
    shown = (await emma.messages())[-1]
    assert (shown["message_id"], shown["text"]) == (sent.message_id, "two")
    assert "reply_markup" not in shown


async def test_an_edit_that_changes_nothing_is_refused(bot: Bot, emma: Person) -> None:
    sent = await bot.send_message(EMMA, "<b>one</b>", parse_mode="HTML", reply_markup=KEYS)
    where = {"chat_id": EMMA, "message_id": sent.message_id}
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_message_text("<strong>one</strong> ", **where, parse_mode="HTML", reply_markup=KEYS)
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_message_reply_markup(**where, reply_markup=KEYS)
    await bot.edit_message_text("one", **where, reply_markup=KEYS)


async def test_only_the_bots_own_messages_can_be_edited(bot: Bot, emma: Person) -> None:
    asked = await emma.write("mine")
    with pytest.raises(TelegramBadRequest, match="message can't be edited"):
        await bot.edit_message_text("yours", chat_id=EMMA, message_id=asked["message_id"])
    with pytest.raises(TelegramBadRequest, match="message to edit not found"):
        await bot.edit_message_text("yours", chat_id=EMMA, message_id=999)


async def test_text_and_caption_are_not_each_other(bot: Bot, emma: Person) -> None:
    text = await bot.send_message(EMMA, "text")
    photo = await bot.send_photo(EMMA, BufferedInputFile(picture(), "a.jpg"), caption="caption")
    with pytest.raises(TelegramBadRequest, match="there is no caption in the message to edit"):
        await bot.edit_message_caption(chat_id=EMMA, message_id=text.message_id, caption="x")
    with pytest.raises(TelegramBadRequest, match="there is no text in the message to edit"):
        await bot.edit_message_text("x", chat_id=EMMA, message_id=photo.message_id)
    edited = await bot.edit_message_caption(chat_id=EMMA, message_id=photo.message_id, caption="better")
    assert isinstance(edited, Message)
    assert edited.caption == "better"


async def test_media_can_be_replaced(bot: Bot, emma: Person) -> None:
    sent = await bot.send_photo(EMMA, BufferedInputFile(picture(), "a.jpg"), caption="one")
    media = InputMediaPhoto(media=BufferedInputFile(picture(30, 30), "b.jpg"), caption="two")
    edited = await bot.edit_message_media(media, chat_id=EMMA, message_id=sent.message_id)
    assert isinstance(edited, Message)
    assert edited.photo is not None
    assert (edited.photo[-1].width, edited.caption) == (30, "two")
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        again = InputMediaPhoto(media=edited.photo[0].file_id, caption="two")
        await bot.edit_message_media(again, chat_id=EMMA, message_id=sent.message_id)


async def test_a_message_is_deleted_once(bot: Bot, emma: Person) -> None:
    sent = await bot.send_message(EMMA, "soon gone")
    await bot.delete_message(EMMA, sent.message_id)
    assert all(message["message_id"] != sent.message_id for message in await emma.messages())
    with pytest.raises(TelegramBadRequest, match="message to delete not found"):
        await bot.delete_message(EMMA, sent.message_id)


async def test_deleting_many_passes_over_those_that_are_gone(bot: Bot, emma: Person) -> None:
    sent = await bot.send_message(EMMA, "soon gone")
    await bot.delete_messages(EMMA, [sent.message_id, 999])
    assert [message["text"] for message in await emma.messages()] == ["hello"]
    with pytest.raises(TelegramBadRequest, match="wrong number of message identifiers"):
        await bot.delete_messages(EMMA, list(range(1, 102)))


async def test_a_button_press_reaches_the_bot_and_its_answer_the_person(bot: Bot, emma: Person) -> None:
    query = await pressed(bot, emma)
    assert (query.data, query.from_user.id) == ("a", EMMA)
    assert isinstance(query.message, Message)
    assert query.message.text == "choose"
    await bot.answer_callback_query(query.id, "noted", show_alert=True)
    (press,) = (await emma.transcript())["callback_answers"]
    assert (press["answered"], press["text"], press["show_alert"]) == (True, "noted", True)


async def test_a_second_answer_to_one_press_is_refused(bot: Bot, emma: Person) -> None:
    query = await pressed(bot, emma)
    await bot.answer_callback_query(query.id)
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await bot.answer_callback_query(query.id)
    with pytest.raises(TelegramBadRequest, match="query ID is invalid"):
        await bot.answer_callback_query("123")


async def test_an_answer_of_more_than_200_units_is_refused(bot: Bot, emma: Person) -> None:
    query = await pressed(bot, emma)
    with pytest.raises(TelegramBadRequest, match="MESSAGE_TOO_LONG"):
        await bot.answer_callback_query(query.id, "a" * 201)
    await bot.answer_callback_query(query.id, "a" * 200)


@pytest.mark.parametrize(("message_id", "data"), [(999, "a"), (2, "b")])
async def test_only_a_button_that_is_there_can_be_pressed(bot: Bot, emma: Person, message_id: int, data: str) -> None:
    await bot.send_message(EMMA, "choose", reply_markup=KEYS)
    with pytest.raises(Refused, match="no such"):
        await emma.press(message_id, data)
