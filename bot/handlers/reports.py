"""The button "For my doctor": a report of one answer, or of a mole over time, as a file."""

from aiogram import F, Router
from aiogram.types import CallbackQuery
from aiogram.utils.i18n import gettext as _

from bot.handlers.owned import answered_request
from bot.moles.buttons import Act, OfMole
from bot.moles.service import MoleService
from bot.photos.delivery import place, send_text
from bot.photos.reading import NotRead
from bot.reports.desk import ReportDesk
from bot.telegram.client import RetryingBot
from bot.ui.buttons import copying, keyboard, topic
from bot.ui.callbacks import Report
from storage.database import Database
from storage.records import User


def setup() -> Router:
    router = Router(name="reports")
    router.callback_query.register(report, Report.filter())
    router.callback_query.register(mole_report, OfMole.filter(F.act == Act.REPORT))
    return router


async def report(
    callback: CallbackQuery,
    callback_data: Report,
    user: User,
    database: Database,
    bot: RetryingBot,
    report_desk: ReportDesk,
) -> None:
    request = await answered_request(callback, callback_data.request_id, user, database)
    if request is None:
        return
    with report_desk.claim("result", request.id) as ours:
        if not ours:
            await callback.answer(_("I am writing this report already…"))
            return
        await callback.answer(_("I am writing the report…"))
        try:
            content = await report_desk.result(request)
        except NotRead as error:
            await send_text(bot, request, error.result)
            return
        await bot.send_document(
            request.chat_id,
            content,
            caption=_("For a doctor: print it, or show it on the screen. It holds your photo and no name."),
            **place(request),
            reply_markup=keyboard([copying(_("Copy the report's link"), await report_desk.link(request))]),
        )


async def mole_report(
    callback: CallbackQuery,
    callback_data: OfMole,
    user: User,
    database: Database,
    bot: RetryingBot,
    mole_service: MoleService,
    report_desk: ReportDesk,
) -> None:
    mole = await database.moles.get_owned(callback_data.mole_id, user.id)
    standing = await mole_service.standing(mole) if mole is not None else None
    if mole is None or standing is None or not standing.photos:
        await callback.answer(_("You do not follow this mole any more."), show_alert=True)
        return
    with report_desk.claim("mole", mole.id) as ours:
        if not ours:
            await callback.answer(_("I am writing this report already…"))
            return
        await callback.answer(_("I am writing the report…"))
        try:
            content = await report_desk.mole(mole, standing)
        except NotRead as error:
            await send_text(bot, standing.photos[-1].request, error.result)
            return
        await bot.send_document(
            mole.user_id,
            content,
            caption=_("For a doctor: print it, or show it on the screen. It holds your photos and no name."),
            message_thread_id=topic(callback.message),
        )
