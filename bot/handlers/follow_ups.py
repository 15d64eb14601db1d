"""The buttons under the question if a doctor has seen the spot. "Yes" leads to "Was this right?"."""

from aiogram import F, Router
from aiogram.types import CallbackQuery
from aiogram.utils.i18n import gettext as _

from bot.handlers.owned import answered_request
from bot.telegram.client import RetryingBot
from bot.ui.buttons import keyboard, say
from bot.ui.callbacks import NotSeen, Report, Show
from storage.database import Database
from storage.records import User


def setup() -> Router:
    router = Router(name="follow-ups")
    router.callback_query.register(not_seen, NotSeen.filter())
    router.callback_query.register(ask_no_more, F.data == Show.NO_FOLLOW_UPS)
    return router


async def not_seen(
    callback: CallbackQuery, callback_data: NotSeen, user: User, database: Database, bot: RetryingBot
) -> None:
    request = await answered_request(callback, callback_data.request_id, user, database)
    if request is None:
        return
    await callback.answer()
    text = _(
        "That is all right. If the spot is still there, have it looked at: a family doctor can look first where a "
        "dermatologist has no time soon. If it bleeds, grows or changes, do not wait. This report may help there:"
    )
    await say(callback, bot, text, keyboard([(_("For my doctor"), Report(request_id=request.id).pack())]))


async def ask_no_more(callback: CallbackQuery, user: User, database: Database, bot: RetryingBot) -> None:
    await database.users.set_follow_ups(user.id, False)
    await callback.answer()
    await say(callback, bot, _("I do not ask such things any more. /privacy turns it on again."))
