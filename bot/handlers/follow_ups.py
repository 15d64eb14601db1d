"""What is pressed under the question whether somebody has seen a spot; "yes" leads to "Was this right?"."""

from aiogram import F, Router
from aiogram.types import CallbackQuery
from aiogram.utils.i18n import gettext as _

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
    # The number in a button is only a claim: the database gives a request to its owner alone.
    request = await database.requests.get_owned(callback_data.request_id, user.id)
    if request is None or not request.is_answered:
        await callback.answer(_("This result is no longer there."), show_alert=True)
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
