"""One tap reads a photo again with the model that serves now."""

import logging
from collections.abc import Mapping
from dataclasses import replace

from aiogram import Router
from aiogram.types import CallbackQuery
from aiogram.utils.i18n import gettext as _

from bot.photos.delivery import send_answer, send_text
from bot.photos.reading import NotRead, NotWanted
from bot.photos.second_reading import SecondReader
from bot.results import Result, to_stored
from bot.supervisor import Supervisor
from bot.telegram.client import RetryingBot
from bot.ui.callbacks import ReadAgain
from inference.analysis import Domain
from storage.database import Database
from storage.records import Outcome, Request, User

logger = logging.getLogger(__name__)


def setup() -> Router:
    router = Router(name="again")
    router.callback_query.register(read_again, ReadAgain.filter())
    return router


async def read_again(
    callback: CallbackQuery,
    callback_data: ReadAgain,
    user: User,
    bot: RetryingBot,
    database: Database,
    second_reader: SecondReader,
    missed: Mapping[Domain, float],
    supervisor: Supervisor,
) -> None:
    # Anybody can forge the number in a button. The database gives a request only to its owner.
    request = await database.requests.get_owned(callback_data.request_id, user.id)
    if request is None or request.outcome is not Outcome.ANSWERED:
        await callback.answer(_("This result is no longer there."), show_alert=True)
        return
    await callback.answer(_("🔎 I read it again."))
    try:
        reading = await second_reader.read(request)
    except NotRead as error:
        await send_text(bot, request, error.result)
        return
    except NotWanted:
        logger.info("request %d was erased before it was read again", request.id)
        return
    analysis = reading.analysis
    # The person's reports still count with the new model.
    before = Result.stored(request.result or {})
    result = Result.of(analysis, missed.get(analysis.domain) if analysis.domain else None).reporting(before.symptoms)
    result = replace(result, sent_before=before.sent_before)
    if result.label is None:
        await send_text(bot, request, result)
        return
    await supervisor.run_to_completion(
        _answer(bot, database, request, result, to_stored(result, analysis), reading.annotated)
    )


async def _answer(
    bot: RetryingBot,
    database: Database,
    request: Request,
    result: Result,
    stored: Mapping[str, object],
    annotated: bytes | None,
) -> None:
    sent = await send_answer(bot, request, result, annotated)
    await database.requests.answer_again(request.id, stored, sent.get(request.id))
