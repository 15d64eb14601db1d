"""/models: the served models, the released ones, and switching the classifier without a stop."""

import logging
from html import escape

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.filters import is_admin
from bot.operator.releases import Releases, fingerprint, key
from bot.operator.trials import Trials
from bot.supervisor import Supervisor
from bot.ui import admin
from bot.ui import trials as trial_ui
from bot.ui.buttons import keyboard, replace
from bot.ui.callbacks import Activate, CompareModel, DraftNews, ModelPage, OldAnswers, Show, TryModel
from inference.engine.engine import AnalysisFailed, Engine, ServedModel
from inference.registry.registry import RegistryError

CANARY_PERCENT = 10

logger = logging.getLogger(__name__)


def setup() -> Router:
    router = Router(name="models")
    router.message.filter(is_admin)
    router.callback_query.filter(is_admin)
    router.message.register(models, F.text, Command("models"))
    router.callback_query.register(back, F.data == Show.MODELS)
    router.callback_query.register(show, ModelPage.filter())
    router.callback_query.register(activate, Activate.filter())
    return router


async def models(message: Message, engine: Engine, releases: Releases) -> None:
    text, markup = await _list(engine, releases)
    await message.answer(text, reply_markup=markup)


async def back(callback: CallbackQuery, engine: Engine, releases: Releases) -> None:
    await callback.answer()
    await replace(callback, *await _list(engine, releases))


async def show(
    callback: CallbackQuery, callback_data: ModelPage, engine: Engine, releases: Releases, trials: Trials
) -> None:
    known = {fingerprint(each): each for each in [*engine.models, *await releases.classifiers()]}
    model = known.get(callback_data.fingerprint)
    await callback.answer()
    if model is None:
        await replace(callback, *await _list(engine, releases))
        return
    await replace(callback, *_card(model, releases, trials))


async def activate(
    callback: CallbackQuery,
    callback_data: Activate,
    engine: Engine,
    releases: Releases,
    trials: Trials,
    supervisor: Supervisor,
) -> None:
    known = {fingerprint(each): each for each in await releases.classifiers()}
    model = known.get(callback_data.fingerprint)
    if model is None or releases.serves(model):
        await callback.answer(_("It is no longer there, or serves already."), show_alert=True)
        return
    await callback.answer(_("Loading it. The old one serves until it is ready."))
    await replace(callback, _("Loading {model} …").format(model=escape(f"{model.name} {model.version}")))
    await supervisor.run_to_completion(_activate(callback, model, engine, releases, trials))


async def _activate(
    callback: CallbackQuery, model: ServedModel, engine: Engine, releases: Releases, trials: Trials
) -> None:
    try:
        await releases.activate(callback.from_user.id, model)
    except (RegistryError, AnalysisFailed) as error:
        logger.error("%s %s cannot be served: %s", model.name, model.version, error)
        text = _("It cannot be served, so the old one goes on: {reason}").format(reason=escape(str(error)))
        await replace(callback, text, keyboard([(_("‹ Back"), Show.MODELS)]))
        return
    if trials.trial is not None and trials.trial.name == key(model):
        await trials.end(callback.from_user.id)
    await replace(callback, *await _list(engine, releases))


def _card(model: ServedModel, releases: Releases, trials: Trials) -> tuple[str, InlineKeyboardMarkup]:
    back, mark = [(_("‹ Back"), Show.MODELS)], fingerprint(model)
    text = admin.model_card(model)
    if model.role != "classifier":
        return text, keyboard(back)
    compare = [(_("Compare"), CompareModel(fingerprint=mark).pack())]
    if releases.serves(model):
        old = [(_("Old answers"), OldAnswers(step="look").pack())]
        return text, keyboard(old, compare, back)
    serve = [(_("Serve this one"), Activate(fingerprint=mark).pack())]
    if trials.trial is not None and trials.trial.name == key(model):
        over = [(_("End the trial"), TryModel(fingerprint=mark, percent=-1).pack())]
        state = trial_ui.state(trials.trial.name, trials.trial.percent)
        return f"{text}\n\n{state}", keyboard(serve, over, compare, back)
    tries = [
        (_("Try on {percent} %").format(percent=CANARY_PERCENT), CANARY_PERCENT),
        (_("Try in the shadow"), 0),
    ]
    row = [(label, TryModel(fingerprint=mark, percent=percent).pack()) for label, percent in tries]
    # It may have served before. Then the announcement says how the serving model differs from it.
    draft = [(_("Announce the one that serves"), DraftNews(fingerprint=mark).pack())]
    return text, keyboard(serve, row, compare, draft, back)


async def _list(engine: Engine, releases: Releases) -> tuple[str, InlineKeyboardMarkup]:
    released = await releases.classifiers()
    shown = {fingerprint(each): each for each in [*engine.models, *released]}
    rows = [
        [(_label(each, serves=releases.serves(each)), ModelPage(fingerprint=mark).pack())]
        for mark, each in shown.items()
    ]
    return admin.model_list(engine.models), keyboard(*rows)


def _label(model: ServedModel, *, serves: bool) -> str:
    # On a phone, a button shows about thirty letters.
    name = model.name if len(model.name) <= 24 else f"{model.name[:23]}…"
    return f"{'✅ ' if serves else ''}{name} {model.version}"
