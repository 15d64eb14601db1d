"""The button under an answer that asks why the model answered so.

Photos are not stored, so the file is fetched from Telegram and analysed again.
"""

from aiogram import Router
from aiogram.types import CallbackQuery
from aiogram.utils.i18n import gettext as _

from bot.handlers.owned import answered_request
from bot.photos.explaining import Explainer
from bot.ui.callbacks import Explain
from storage.database import Database
from storage.records import User


def setup() -> Router:
    router = Router(name="explanation")
    router.callback_query.register(explain, Explain.filter())
    return router


async def explain(
    callback: CallbackQuery,
    callback_data: Explain,
    user: User,
    database: Database,
    explainer: Explainer,
) -> None:
    request = await answered_request(callback, callback_data.request_id, user, database)
    if request is None:
        return
    if not await explainer.promise(request.id):
        await callback.answer(_("I am at it, or have just explained it: see the messages above."))
        return
    try:
        await callback.answer(_("I am looking at your photo once more…"))
    finally:
        await explainer.explain(request)
