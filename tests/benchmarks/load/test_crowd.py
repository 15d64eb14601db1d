"""The people who put the bot under load."""

import asyncio

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from aiohttp import ClientSession

from benchmarks.load.chats import Chats
from benchmarks.load.crowd import Crowd
from bot.sandbox import Sandbox

BUTTON = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="agree", callback_data="agree")]])


async def test_nobody_has_joined_before_the_bot_has_said_its_last_word_to_them() -> None:
    """A word that came later would be taken for the answer to what they ask first."""
    async with Sandbox() as sandbox, ClientSession() as http:
        bot = Bot(sandbox.token, session=AiohttpSession(api=TelegramAPIServer.from_base(sandbox.base_url)))
        chats = Chats(http, sandbox.base_url)
        following = asyncio.create_task(chats.follow())
        await asyncio.wait_for(chats.ready.wait(), 10)
        joining = asyncio.create_task(Crowd(http, sandbox.base_url, chats, [], seed=0).gather(1))
        [started] = await bot.get_updates(timeout=10)
        assert started.message is not None
        welcome = await bot.send_message(started.message.chat.id, "welcome", reply_markup=BUTTON)
        [agreed] = await bot.get_updates(offset=started.update_id + 1, timeout=10)
        assert agreed.callback_query is not None
        await bot.edit_message_reply_markup(chat_id=welcome.chat.id, message_id=welcome.message_id)
        done, _ = await asyncio.wait([joining], timeout=0.3)
        assert not done
        await bot.send_message(welcome.chat.id, "ready")
        [person] = await asyncio.wait_for(joining, 10)
        assert person.id == welcome.chat.id
        following.cancel()
        await bot.session.close()
