"""The buttons that change what an answer shows."""

from aiogram import Router
from aiogram.types import CallbackQuery

from bot.handlers.owned import answered_request
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
    request = await answered_request(callback, callback_data.request_id, user, database)
    if request is None:
        return
    await callback.answer()
    result = Result.stored(request.result or {})
    await replace(callback, replies.answer(result, every_kind=True), keyboard(result, request.id))
