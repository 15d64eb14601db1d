"""/digest: how often a member of the staff gets the figures."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.handlers.filters import is_admin
from bot.handlers.reminders import ask_for_clock
from bot.operator.digest import plan
from bot.telegram.client import RetryingBot
from bot.ui import digest as ui
from bot.ui.buttons import replace, topic
from bot.ui.callbacks import SetDigest
from storage.database import Database
from storage.records import User


def setup() -> Router:
    router = Router(name="digest")
    router.message.filter(is_admin)
    router.callback_query.filter(is_admin)
    router.message.register(show, F.text, Command("digest"))
    router.callback_query.register(choose, SetDigest.filter())
    return router


async def show(message: Message, database: Database) -> None:
    text, markup = ui.panel(await database.digests.every(message.chat.id))
    await message.answer(text, reply_markup=markup)


async def choose(
    callback: CallbackQuery, callback_data: SetDigest, user: User, database: Database, bot: RetryingBot
) -> None:
    if callback_data.every == "never":
        await database.digests.switch_off(user.id)
    else:
        await plan(user, callback_data.every, database)
    await callback.answer()
    await replace(callback, *ui.panel(await database.digests.every(user.id)))
    if callback_data.every != "never" and user.utc_offset is None:
        await ask_for_clock(bot, user, topic(callback.message))
