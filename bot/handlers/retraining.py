"""/retrain: starts a retraining of the model, shows whether one is running, and stops it."""

from aiogram import Bot, F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.filters import is_admin
from bot.operator.retraining import Retrainer
from bot.ui import retraining as ui
from bot.ui.buttons import replace, say
from bot.ui.callbacks import RetrainStep


def setup() -> Router:
    router = Router(name="retraining")
    router.message.filter(is_admin)
    router.callback_query.filter(is_admin)
    router.message.register(retrain, F.text, Command("retrain"))
    router.callback_query.register(start, RetrainStep.filter(F.step == "start"))
    router.callback_query.register(ask, RetrainStep.filter(F.step == "ask"))
    router.callback_query.register(stop, RetrainStep.filter(F.step == "stop"))
    return router


async def retrain(message: Message, retrainer: Retrainer) -> None:
    going_on = await retrainer.current()
    if going_on is not None:
        await message.answer(ui.going_on(going_on))
    elif not retrainer.can_train:
        await message.answer(ui.cannot_train())
    else:
        text, markup = ui.question()
        await message.answer(text, reply_markup=markup)


async def start(callback: CallbackQuery, retrainer: Retrainer) -> None:
    if callback.message is None or not retrainer.can_train:
        await callback.answer(ui.cannot_train(), show_alert=True)
        return
    await callback.answer()
    await replace(callback, ui.starting())
    if not await retrainer.start(callback.from_user.id, callback.message.message_id):
        going_on = await retrainer.current()
        await replace(callback, ui.going_on(going_on) if going_on is not None else ui.question()[0])


async def ask(callback: CallbackQuery, bot: Bot) -> None:
    # A separate message, because the progress replaces the text of the other one.
    await callback.answer()
    text, markup = ui.surely()
    await say(callback, bot, text, markup)


async def stop(callback: CallbackQuery, retrainer: Retrainer) -> None:
    await callback.answer()
    if await retrainer.stop(callback.from_user.id):
        await replace(callback, _("It is being stopped."))
    else:
        await replace(callback, _("No retraining is going on here."))
