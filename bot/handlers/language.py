"""/language."""

from aiogram import Bot, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import I18n
from aiogram.utils.i18n import gettext as _

from bot.operator.access import Access
from bot.ui.buttons import keyboard, replace
from bot.ui.callbacks import ChooseLanguage
from bot.ui.commands import show_commands
from bot.ui.i18n import LANGUAGES
from storage.database import Database
from storage.records import User


def setup() -> Router:
    router = Router(name="language")
    router.message.register(ask, Command("language"))
    router.callback_query.register(choose, ChooseLanguage.filter())
    return router


async def ask(message: Message) -> None:
    buttons = [(name, ChooseLanguage(code=code).pack()) for code, name in LANGUAGES.items()]
    await message.answer(_("In which language shall I answer?"), reply_markup=keyboard(buttons))


async def choose(
    callback: CallbackQuery,
    callback_data: ChooseLanguage,
    user: User,
    database: Database,
    bot: Bot,
    access: Access,
    i18n: I18n,
) -> None:
    await callback.answer()
    if callback_data.code not in LANGUAGES:
        return
    await database.users.set_language(user.id, callback_data.code)
    with i18n.use_locale(callback_data.code):
        await replace(callback, _("I will answer in English."))
        await show_commands(bot, user.id, access.staff().get(user.id))
