"""/delete: erases all data on a person after they confirm."""

from aiogram import Bot, F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import gettext as _

from bot.operator.rereading import Rereading
from bot.photos.explaining import Explainer
from bot.photos.service import PhotoService
from bot.settings import Settings
from bot.supervisor import Supervisor
from bot.ui import erasing
from bot.ui.buttons import danger, keyboard, replace, say
from bot.ui.callbacks import Show
from storage.database import Database
from storage.records import User


def setup() -> Router:
    router = Router(name="delete")
    router.message.register(ask, Command("delete"))
    router.callback_query.register(erase, F.data == Show.ERASE)
    router.callback_query.register(keep, F.data == Show.KEEP)
    return router


async def ask(message: Message, user: User, database: Database, settings: Settings) -> None:
    await message.answer(
        erasing.question(await database.users.holdings(user.id), settings.operator, settings.backup_days),
        reply_markup=keyboard([danger(_("Yes, erase everything"), Show.ERASE)], [(_("No, keep it"), Show.KEEP)]),
    )


async def erase(
    callback: CallbackQuery,
    database: Database,
    bot: Bot,
    photo_service: PhotoService,
    explainer: Explainer,
    rereading: Rereading,
    supervisor: Supervisor,
) -> None:
    user_id = callback.from_user.id
    complete = await database.users.delete(user_id)
    photo_service.forget(user_id)
    explainer.forget(user_id)
    rereading.forget(user_id)
    await callback.answer()
    erased = _("Everything I kept about you is erased. /start begins anew.")
    if complete:
        await _settle(callback, bot, erased)
        return
    traces = _(
        "Traces of it are still in the log of the database, which another program is reading. "
        "I will tell you when they are gone."
    )
    await _settle(callback, bot, f"{erased}\n\n{traces}")
    supervisor.start(_tell_when_wiped(callback, database, bot), "word of a complete erasure")


async def _tell_when_wiped(callback: CallbackQuery, database: Database, bot: Bot) -> None:
    """Say when the erasure is complete. A stop loses this message, but the next start wipes the log first."""
    await database.traces.until_wiped()
    await say(callback, bot, _("The last traces of your data are gone from the database too."))


async def keep(callback: CallbackQuery, bot: Bot) -> None:
    await callback.answer()
    await _settle(callback, bot, _("Nothing was erased."))


async def _settle(callback: CallbackQuery, bot: Bot, text: str) -> None:
    """Replace the question by the outcome, so that its buttons cannot be pressed again."""
    if not await replace(callback, text):
        await say(callback, bot, text)
