"""A person's consents, one button each, under /privacy."""

from aiogram import Bot, F, Router
from aiogram.types import CallbackQuery, InlineKeyboardMarkup
from aiogram.utils.i18n import gettext as _

from bot.settings import Settings
from bot.ui import agreements as ui
from bot.ui.buttons import replace, say
from bot.ui.callbacks import Agree, Matter, Show
from storage.database import Database
from storage.records import Purpose, User

PURPOSES = {Matter.PHOTOS: Purpose.PHOTOS, Matter.TRAINING: Purpose.TRAINING}


def setup() -> Router:
    router = Router(name="agreements")
    router.callback_query.register(show, F.data == Show.AGREEMENTS)
    router.callback_query.register(ask_to_withdraw, F.data == Show.ASK_WITHDRAW)
    router.callback_query.register(choose, Agree.filter())
    return router


async def show(callback: CallbackQuery, user: User, database: Database, settings: Settings, bot: Bot) -> None:
    await callback.answer()
    await say(callback, bot, *await _screen(user, database, settings))


async def choose(
    callback: CallbackQuery, callback_data: Agree, user: User, database: Database, settings: Settings, bot: Bot
) -> None:
    matter, wanted = callback_data.matter, callback_data.wanted
    if wanted and user.consented_at is None:
        await callback.answer(_("Agree to the terms first: /start"), show_alert=True)
        return
    match matter:
        case Matter.FOLLOW_UPS:
            await database.users.set_follow_ups(user.id, wanted)
        case Matter.USE:
            if not wanted:
                await database.consents.withdraw_all(user.id)
        case _ if wanted:
            await database.consents.give(user.id, PURPOSES[matter])
        case _:
            await database.consents.withdraw(user.id, PURPOSES[matter])
    await callback.answer(_("Noted."))
    now = await database.users.get(user.id) or user
    screen = await _screen(now, database, settings)
    # After a double press, the message shows this already.
    if not await replace(callback, *screen) and callback.message is None:
        await say(callback, bot, *screen)


async def ask_to_withdraw(callback: CallbackQuery, bot: Bot) -> None:
    await callback.answer()
    await say(callback, bot, *ui.question())


async def _screen(user: User, database: Database, settings: Settings) -> tuple[str, InlineKeyboardMarkup]:
    return ui.screen(user, await database.consents.of(user.id), settings.retention_days)
