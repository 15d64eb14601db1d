"""Buttons under a message, and keyboards in place of the letters."""

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    KeyboardButtonRequestUsers,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

from bot.sandbox.client import Person, Refused
from tests.bot.sandbox.playing import ADMIN, EMMA, IVAN


def inline(**fields: object) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton.model_validate({"text": "A", **fields})]])


def choosing(**fields: object) -> ReplyKeyboardMarkup:
    request = KeyboardButtonRequestUsers.model_validate({"request_id": 7, **fields})
    return ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="My doctor", request_users=request)]])


async def test_buttons_have_colours_and_copy_texts(bot: Bot, emma: Person) -> None:
    await bot.send_message(EMMA, "x", reply_markup=inline(callback_data="off", style="danger"))
    await bot.send_message(EMMA, "x", reply_markup=inline(copy_text=CopyTextButton(text="AB-12")))
    coloured, copying = [message["reply_markup"]["inline_keyboard"][0][0] for message in (await emma.messages())[-2:]]
    assert coloured["style"] == "danger"
    assert copying["copy_text"] == {"text": "AB-12"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"callback_data": "a", "style": "purple"}, "invalid button style specified"),
        ({"copy_text": {"text": ""}}, "BUTTON_COPY_TEXT_INVALID"),
        ({"copy_text": {"text": "x" * 257}}, "BUTTON_COPY_TEXT_INVALID"),
        ({"style": "danger"}, "Text buttons are unallowed"),
    ],
)
async def test_buttons_that_telegram_would_not_take_are_refused(
    bot: Bot, emma: Person, fields: dict[str, object], words: str
) -> None:
    with pytest.raises(TelegramBadRequest, match=words):
        await bot.send_message(EMMA, "x", reply_markup=inline(**fields))


async def test_a_person_picks_others_with_a_button_that_asks_for_them(bot: Bot, emma: Person) -> None:
    await bot.send_message(EMMA, "Who?", reply_markup=choosing(max_quantity=2, request_name=True))
    keyboard = (await emma.transcript())["keyboard"]
    assert keyboard["keyboard"][0][0]["request_users"]["request_id"] == 7
    await emma.share(7, IVAN, ADMIN)
    (update,) = await bot.get_updates()
    assert update.message is not None
    shared = update.message.users_shared
    assert shared is not None
    assert shared.request_id == 7
    assert [(user.user_id, user.first_name) for user in shared.users] == [(IVAN, "Иван"), (ADMIN, "Admin")]
    await bot.send_message(EMMA, "Thanks", reply_markup=ReplyKeyboardRemove(remove_keyboard=True))
    assert (await emma.transcript())["keyboard"] is None


async def test_names_are_shared_only_where_they_are_asked_for(bot: Bot, emma: Person) -> None:
    await bot.send_message(EMMA, "Who?", reply_markup=choosing())
    shared = (await emma.share(7, IVAN))["users_shared"]
    assert shared["users"] == [{"user_id": IVAN}]


async def test_no_more_people_are_picked_than_the_button_allows(bot: Bot, emma: Person) -> None:
    with pytest.raises(Refused, match="no such button"):
        await emma.share(7, IVAN)
    await bot.send_message(EMMA, "Who?", reply_markup=choosing())
    with pytest.raises(Refused, match="wrong number of users selected"):
        await emma.share(7, IVAN, ADMIN)
    with pytest.raises(Refused, match="no such button"):
        await emma.share(8, IVAN)


async def test_people_are_asked_for_in_private_chats_only(bot: Bot, emma: Person) -> None:
    group = await emma.gather("Family")
    with pytest.raises(TelegramBadRequest, match="users can be requested in private chats only"):
        await bot.send_message(group, "Who?", reply_markup=choosing())
    with pytest.raises(TelegramBadRequest, match="wrong max_quantity"):
        await bot.send_message(EMMA, "Who?", reply_markup=choosing(max_quantity=11))


async def test_a_deep_link_starts_the_bot_with_its_payload(bot: Bot, emma: Person) -> None:
    await emma.write("/start share_AB-12")
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.text == "/start share_AB-12"
    assert update.message.entities is not None
    assert update.message.entities[0].extract_from(update.message.text) == "/start"
