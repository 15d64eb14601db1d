"""Confirmed announcements: buttons to pause, continue and cancel, and their list in /broadcasts."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.filters import is_admin
from bot.operator.broadcasts import Broadcaster
from bot.ui import broadcasts as ui
from bot.ui.buttons import replace
from bot.ui.callbacks import BroadcastStep, Step
from storage.database import Database
from storage.records import BroadcastState

LISTED = 10


def setup() -> Router:
    router = Router(name="broadcasts")
    router.message.filter(is_admin)
    router.callback_query.filter(is_admin)
    router.message.register(past, F.text, Command("broadcasts"))
    router.callback_query.register(control, BroadcastStep.filter(F.step.in_({Step.PAUSE, Step.RESUME, Step.END})))
    return router


async def past(message: Message, database: Database) -> None:
    found = await database.broadcasts.latest(LISTED)
    await message.answer(ui.past([(each, await database.broadcasts.counts(each.id)) for each in found]))


async def control(
    callback: CallbackQuery, callback_data: BroadcastStep, database: Database, broadcaster: Broadcaster
) -> None:
    change = {Step.PAUSE: broadcaster.pause, Step.RESUME: broadcaster.go_on, Step.END: broadcaster.stop}
    if not await change[callback_data.step](callback_data.draft, callback.from_user.id):
        await callback.answer(_("That is no longer possible: it has gone on meanwhile."), show_alert=True)
        return
    await callback.answer()
    broadcast = await database.broadcasts.get(callback_data.draft)
    if broadcast is not None:
        # Show it at once. The broadcaster shows it too, but it waits while Telegram asks broadcasts to pause.
        counts = await database.broadcasts.counts(broadcast.id)
        if broadcast.state in (BroadcastState.RUNNING, BroadcastState.PAUSED):
            await replace(callback, *ui.progress(broadcast, counts, None))
        else:
            await replace(callback, ui.summary(broadcast, counts))
