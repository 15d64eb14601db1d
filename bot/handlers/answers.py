"""The buttons that change what an answer shows."""

from aiogram import Router
from aiogram.types import CallbackQuery
from aiogram.utils.i18n import gettext as _

from bot.results import Result
from bot.ui import replies
from bot.ui.actions import keyboard
from bot.ui.buttons import replace
from bot.ui.callbacks import AllKinds
from storage.database import Database
from storage.records import User


def setup() -> Router:
    router = Router(name="answers")
    router.callback_query.register(all_kinds, AllKinds.filter())
    return router


async def all_kinds(callback: CallbackQuery, callback_data: AllKinds, user: User, database: Database) -> None:
    # The number in a button is only a claim: the database gives a request to its owner alone.
    request = await database.requests.get_owned(callback_data.request_id, user.id)
    if request is None or not request.is_answered or request.result is None:
        await callback.answer(_("This result is no longer there."), show_alert=True)
        return
    await callback.answer()
    result = Result.stored(request.result)
    await replace(callback, replies.answer(result, every_kind=True), keyboard(result, request.id))
