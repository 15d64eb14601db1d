"""/delete: everything kept on a person is erased, once they confirm."""

from aiogram import Bot, F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import gettext as _

from bot.ui.buttons import keyboard, replace
from bot.ui.callbacks import Show
from storage.database import Database
from storage.records import User


def setup() -> Router:
    router = Router(name="delete")
    router.message.register(ask, Command("delete"))
    router.callback_query.register(erase, F.data == Show.ERASE)
    router.callback_query.register(keep, F.data == Show.KEEP)
    return router


async def ask(message: Message) -> None:
    await message.answer(
        _(
            "<b>Erase everything I keep about you?</b>\n"
            "Your results, your history, your settings and your agreement go at once and cannot be brought "
            "back. The messages in this chat stay; you can delete them in Telegram."
        ),
        reply_markup=keyboard([(_("Yes, erase everything"), Show.ERASE)], [(_("No, keep it"), Show.KEEP)]),
    )


async def erase(callback: CallbackQuery, user: User, database: Database, bot: Bot) -> None:
    await database.users.delete(user.id)
    await callback.answer()
    await _settle(callback, bot, _("Everything I kept about you is erased. /start begins anew."))


async def keep(callback: CallbackQuery, bot: Bot) -> None:
    await callback.answer()
    await _settle(callback, bot, _("Nothing was erased."))


async def _settle(callback: CallbackQuery, bot: Bot, text: str) -> None:
    """Put the outcome where the question was, so that its buttons cannot be pressed again."""
    if not await replace(callback, text):
        await bot.send_message(callback.from_user.id, text)
