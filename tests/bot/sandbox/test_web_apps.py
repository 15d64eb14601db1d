"""Buttons that open a Mini App, and what its page is given."""

from urllib.parse import parse_qs

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, WebAppInfo
from aiogram.utils.web_app import safe_parse_webapp_init_data

from bot.sandbox.client import Person, Refused
from tests.bot.sandbox.playing import EMMA


def opening(url: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Map", web_app=WebAppInfo(url=url))]])


@pytest.mark.parametrize("url", ["https://a.example/app?bot=b", "http://127.0.0.1:8080/app", "http://localhost/app"])
async def test_a_page_is_opened_with_what_telegram_signs(bot: Bot, emma: Person, url: str) -> None:
    await bot.send_message(EMMA, "x", reply_markup=opening(url))
    [*_, message] = await emma.messages()
    address, _, launch = (await emma.open_web_app(message, "Map")).partition("#")
    assert address == url
    [given] = parse_qs(launch)["tgWebAppData"]
    # Telegram's own check, as aiogram has it.
    data = safe_parse_webapp_init_data(bot.token, given)
    assert data.user is not None and data.user.id == EMMA and data.user.language_code == "en"
    with pytest.raises(ValueError, match="Invalid"):
        safe_parse_webapp_init_data("1:another", given)


@pytest.mark.parametrize("url", ["http://a.example/app", "ftp://127.0.0.1/app", "http://127.0.0.1.example/app", ""])
async def test_a_page_without_https_is_refused(bot: Bot, emma: Person, url: str) -> None:
    with pytest.raises(TelegramBadRequest, match="Only HTTPS links are allowed"):
        await bot.send_message(EMMA, "x", reply_markup=opening(url))


async def test_groups_have_no_buttons_for_mini_apps(bot: Bot, emma: Person) -> None:
    group = await emma.gather("Friends")
    with pytest.raises(TelegramBadRequest, match="BUTTON_TYPE_INVALID"):
        await bot.send_message(group, "x", reply_markup=opening("https://a.example/app"))


async def test_nobody_opens_a_page_that_no_button_leads_to(bot: Bot, emma: Person) -> None:
    await bot.send_message(EMMA, "x", reply_markup=opening("https://a.example/app"))
    [*_, message] = await emma.messages()
    with pytest.raises(Refused, match="the message has no such button"):
        await emma.act("web_app", {"message_id": message["message_id"], "url": "https://b.example/app"})
