"""/help, and the advice on photos that comes with a refusal."""

from aiogram import Bot, F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.ui import texts
from bot.ui.buttons import say
from bot.ui.callbacks import Show


def setup() -> Router:
    router = Router(name="help")
    router.message.register(show_help, Command("help"))
    router.callback_query.register(show_tips, F.data == Show.TIPS)
    return router


async def show_help(message: Message) -> None:
    await message.answer(texts.help_text())


async def show_tips(callback: CallbackQuery, bot: Bot) -> None:
    await callback.answer()
    await say(callback, bot, texts.tips())
