"""/privacy."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import InlineKeyboardMarkup, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.announcements import announcements_keyboard
from bot.settings import Settings
from bot.ui import texts
from bot.ui.buttons import keyboard
from bot.ui.callbacks import Show
from storage.records import User


def setup() -> Router:
    router = Router(name="privacy")
    router.message.register(privacy, Command("privacy"))
    return router


async def privacy(message: Message, user: User, settings: Settings) -> None:
    await message.answer(
        texts.privacy(settings.operator, user, settings.retention_days),
        reply_markup=InlineKeyboardMarkup(
            inline_keyboard=[
                *keyboard([(_("What I agree to"), Show.AGREEMENTS)]).inline_keyboard,
                *announcements_keyboard(user.announcements).inline_keyboard,
            ]
        ),
    )
