"""/help, /howto, and the advice on photos that comes with a refusal."""

from aiogram import Bot, F, Router
from aiogram.filters import Command
from aiogram.types import BufferedInputFile, CallbackQuery, Message

from bot.guidance.advice import howto_picture
from bot.ui import texts
from bot.ui.buttons import topic
from bot.ui.callbacks import Show


def setup() -> Router:
    router = Router(name="help")
    router.message.register(show_help, Command("help"))
    router.message.register(show_howto, Command("howto"))
    router.callback_query.register(show_tips, F.data == Show.TIPS)
    return router


async def show_help(message: Message) -> None:
    await message.answer(texts.help_text())


async def show_howto(message: Message) -> None:
    await message.answer_photo(await _picture(), caption=texts.tips())


async def show_tips(callback: CallbackQuery, bot: Bot) -> None:
    await callback.answer()
    thread = topic(callback.message)
    await bot.send_photo(callback.from_user.id, await _picture(), caption=texts.tips(), message_thread_id=thread)


async def _picture() -> BufferedInputFile:
    return BufferedInputFile(await howto_picture(), "howto.jpg")
