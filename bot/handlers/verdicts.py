"""The button "Was this right?": what a doctor said about the spot later, and whether there was a biopsy."""

from aiogram import F, Router
from aiogram.filters.callback_data import CallbackData
from aiogram.types import CallbackQuery
from aiogram.utils.i18n import gettext as _

from bot.handlers.owned import answered_request
from bot.telegram.client import RetryingBot
from bot.ui.buttons import keyboard, replace, say
from bot.ui.callbacks import RowId, WasRight
from bot.ui.names import class_name
from inference.classes import CLASSES
from storage.database import Database
from storage.records import User, Verdict

OTHER = "other"


class DoctorSaid(CallbackData, prefix="said"):
    """The class that a doctor named, or `other`."""

    request_id: RowId
    label: str


class Biopsy(CallbackData, prefix="biopsy"):
    """Whether there was a biopsy, and the doctor's class again."""

    request_id: RowId
    label: str
    taken: bool


def setup() -> Router:
    router = Router(name="verdicts")
    router.callback_query.register(ask, WasRight.filter())
    router.callback_query.register(ask_for_biopsy, DoctorSaid.filter(F.label.in_({*CLASSES, OTHER})))
    router.callback_query.register(note, Biopsy.filter(F.label.in_({*CLASSES, OTHER})))
    return router


async def ask(
    callback: CallbackQuery, callback_data: WasRight, user: User, database: Database, bot: RetryingBot
) -> None:
    if await answered_request(callback, callback_data.request_id, user, database) is None:
        return
    await callback.answer()
    names = {name: class_name(name) for name in CLASSES} | {OTHER: _("something else")}
    rows = [
        [(text, DoctorSaid(request_id=callback_data.request_id, label=name).pack())] for name, text in names.items()
    ]
    text = _(
        "If a doctor has seen this spot: what did they call it? It is kept with this result, and /delete erases it."
    )
    await say(callback, bot, text, keyboard(*rows))


async def ask_for_biopsy(
    callback: CallbackQuery, callback_data: DoctorSaid, user: User, database: Database, bot: RetryingBot
) -> None:
    if await answered_request(callback, callback_data.request_id, user, database) is None:
        return
    await callback.answer()
    number, label = callback_data.request_id, callback_data.label
    answers = [
        (text, Biopsy(request_id=number, label=label, taken=taken).pack())
        for text, taken in ((_("Yes"), True), (_("No"), False))
    ]
    text = _("Was a piece taken out and looked at in a laboratory (a biopsy)?")
    if not await replace(callback, text, keyboard(answers)):
        await say(callback, bot, text, keyboard(answers))


async def note(
    callback: CallbackQuery, callback_data: Biopsy, user: User, database: Database, bot: RetryingBot
) -> None:
    verdict = Verdict(callback_data.label, callback_data.taken)
    if not await database.verdicts.note(callback_data.request_id, user.id, verdict):
        await callback.answer(_gone(), show_alert=True)
        return
    await callback.answer()
    text = _("Thank you. I have noted it with this result.")
    if not await replace(callback, text):
        await say(callback, bot, text)


def _gone() -> str:
    return _("This result is no longer there.")
