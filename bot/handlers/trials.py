"""Under /models: tries a classifier, compares it with the serving one, and reads old answers again."""

import asyncio
from datetime import UTC, datetime, timedelta
from html import escape

from aiogram import F, Router
from aiogram.types import CallbackQuery, InlineKeyboardMarkup
from aiogram.utils.i18n import gettext as _

from bot.handlers.filters import is_admin
from bot.operator.access import Access
from bot.operator.comparing import by_model, compare
from bot.operator.releases import Releases, fingerprint, key
from bot.operator.rereading import Rereading
from bot.operator.trials import Trials
from bot.supervisor import Supervisor
from bot.ui import trials as ui
from bot.ui.buttons import keyboard, replace
from bot.ui.callbacks import CompareModel, ModelPage, OldAnswers, Show, TryModel
from inference.engine.engine import AnalysisFailed, RegistryError, ServedModel
from storage.audit import Action
from storage.database import Database

DAYS = 28


def setup() -> Router:
    router = Router(name="trials")
    router.callback_query.filter(is_admin)
    router.callback_query.register(begin, TryModel.filter(F.percent >= 0))
    router.callback_query.register(end, TryModel.filter(F.percent < 0))
    router.callback_query.register(compared, CompareModel.filter())
    router.callback_query.register(old_answers, OldAnswers.filter())
    return router


async def begin(
    callback: CallbackQuery, callback_data: TryModel, releases: Releases, trials: Trials, supervisor: Supervisor
) -> None:
    model = await _model(callback, callback_data.fingerprint, releases)
    if model is None or releases.serves(model):
        return
    await callback.answer(_("Loading it. The one that serves goes on."))
    await supervisor.run_to_completion(_begin(callback, model, callback_data.percent, trials))


async def _begin(callback: CallbackQuery, model: ServedModel, percent: int, trials: Trials) -> None:
    try:
        await trials.begin(callback.from_user.id, model, percent)
    except (RegistryError, AnalysisFailed) as error:
        text = _("It cannot be tried: {reason}").format(reason=escape(str(error)))
    else:
        text = ui.state(key(model), percent)
    await replace(callback, text, _back(model))


async def end(callback: CallbackQuery, callback_data: TryModel, releases: Releases, trials: Trials) -> None:
    model = await _model(callback, callback_data.fingerprint, releases)
    if model is None:
        return
    await callback.answer()
    await trials.end(callback.from_user.id)
    await replace(callback, _("The trial is over. The model that serves answers everybody."), _back(model))


async def compared(
    callback: CallbackQuery, callback_data: CompareModel, releases: Releases, database: Database
) -> None:
    model = await _model(callback, callback_data.fingerprint, releases)
    if model is None:
        return
    await callback.answer()
    shadow = await asyncio.to_thread(compare, await database.opinions.of(key(model)))
    handled = await database.statistics.since(datetime.now(UTC) - timedelta(days=DAYS))
    sides = await asyncio.to_thread(by_model, handled)
    await replace(callback, ui.comparison(key(model), shadow, sides), _back(model))


async def old_answers(
    callback: CallbackQuery, callback_data: OldAnswers, rereading: Rereading, access: Access, supervisor: Supervisor
) -> None:
    actor_id, model = callback.from_user.id, rereading.serving
    note = None
    if callback_data.step == "read" and rereading.start():
        await access.log(actor_id, Action.READ_AGAIN, model)
    if callback_data.step == "tell":
        await access.log(actor_id, Action.TELL, model)
        # Answered first, because notifying many people takes longer than Telegram waits.
        await callback.answer(_("They are being notified."))
        reached = await supervisor.run_to_completion(rereading.tell(model))
        note = _("Notified: {number}").format(number=reached)
    else:
        await callback.answer()
    waiting = len(await rereading.to_tell(model))
    text = ui.old_answers(rereading.round, model, waiting)
    going_on = rereading.round is not None and not rereading.round.done
    read = (
        (_("Refresh"), OldAnswers(step="look")) if going_on else (_("Read old answers again"), OldAnswers(step="read"))
    )
    tell = [(_("Tell {number} people").format(number=waiting), OldAnswers(step="tell").pack())] if waiting else []
    markup = keyboard([(read[0], read[1].pack())], tell, [(_("‹ Back"), Show.MODELS)])
    await replace(callback, f"{text}\n{note}" if note else text, markup)


async def _model(callback: CallbackQuery, mark: str, releases: Releases) -> ServedModel | None:
    """The released classifier of a button; if it is gone, says so and returns None."""
    found = next((each for each in await releases.classifiers() if fingerprint(each) == mark), None)
    if found is None:
        await callback.answer(_("It is no longer there, or serves already."), show_alert=True)
    return found


def _back(model: ServedModel) -> InlineKeyboardMarkup:
    return keyboard([(_("‹ Back"), ModelPage(fingerprint=fingerprint(model)).pack())])
