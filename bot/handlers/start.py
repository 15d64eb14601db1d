"""/start and the agreement."""

import contextlib

from aiogram import Bot, F, Router
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import CommandStart
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import gettext as _

from bot.operator.access import Access
from bot.photos.delivery import consent_keyboard
from bot.settings import Settings
from bot.ui import texts
from bot.ui.buttons import say
from bot.ui.callbacks import Show
from bot.ui.commands import show_commands
from storage.database import Database
from storage.records import User


def setup() -> Router:
    router = Router(name="start")
    router.message.register(start, CommandStart())
    router.callback_query.register(consent, F.data == Show.CONSENT)
    return router


async def start(message: Message, user: User, settings: Settings, access: Access, bot: Bot) -> None:
    if role := access.staff().get(user.id):
        # Before their first message there was no chat for their menu.
        await show_commands(bot, user.id, role)
    if user.consented_at is not None:
        await message.answer(f"{texts.welcome()}\n\n{texts.what_i_am_not()}\n\n{texts.tips()}")
        return
    await message.answer(f"{texts.welcome()}\n\n{texts.terms(settings.operator)}", reply_markup=consent_keyboard())


async def consent(callback: CallbackQuery, user: User, database: Database, bot: Bot) -> None:
    await database.users.consent(user.id)
    await callback.answer(_("Thank you!"))
    if isinstance(callback.message, Message):
        # After a double press, the buttons are gone already.
        with contextlib.suppress(TelegramBadRequest):
            await callback.message.edit_reply_markup()
    if user.consented_at is None:
        await say(callback, bot, texts.ready())
