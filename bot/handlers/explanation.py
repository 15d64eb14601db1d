"""The button under an answer that asks why the model answered so.

Photos are not stored, so the file is fetched from Telegram and analysed again.
"""

from aiogram import Router
from aiogram.types import CallbackQuery
from aiogram.utils.i18n import gettext as _

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
    # The number in a button is only a claim: the database gives a request to its owner alone.
    request = await database.requests.get_owned(callback_data.request_id, user.id)
    if request is None or not request.is_answered or request.result is None:
        await callback.answer(_("This result is no longer there."), show_alert=True)
        return
    if not await explainer.promise(request.id):
        await callback.answer(_("I am at it, or have just explained it: see the messages above."))
        return
    try:
        await callback.answer(_("I am looking at your photo once more…"))
    finally:
        await explainer.explain(request)
