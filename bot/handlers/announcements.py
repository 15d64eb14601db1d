"""Opting out of announcements and in again."""

from aiogram import Bot, Router
from aiogram.types import CallbackQuery, InlineKeyboardMarkup
from aiogram.utils.i18n import gettext as _

from bot.ui import texts
from bot.ui.buttons import keyboard, say
from bot.ui.callbacks import Announcements
from storage.database import Database
from storage.records import User


def setup() -> Router:
    router = Router(name="announcements")
    router.callback_query.register(choose, Announcements.filter())
    return router


def announcements_keyboard(wanted: bool) -> InlineKeyboardMarkup:
    """The button that turns announcements off or on."""
    text = _("Turn announcements off") if wanted else _("Turn announcements on")
    return keyboard([(text, Announcements(wanted=not wanted).pack())])


async def choose(
    callback: CallbackQuery, callback_data: Announcements, user: User, database: Database, bot: Bot
) -> None:
    await database.users.set_announcements(user.id, callback_data.wanted)
    await callback.answer()
    state = texts.announcements_state(callback_data.wanted)
    await say(callback, bot, state, announcements_keyboard(callback_data.wanted))
