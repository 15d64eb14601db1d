"""/history: past results, five on a page."""

import contextlib

from aiogram import Bot, F, Router
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.past import page
from bot.photos.answered_picture import AnsweredPictures
from bot.results import Result
from bot.ui import replies
from bot.ui.actions import keyboard as keyboard_of
from bot.ui.buttons import replace, say, topic
from bot.ui.callbacks import HistoryEntry, HistoryPage, ReadAgain
from bot.ui.clock import moment_shown
from inference.engine.engine import Engine
from storage.database import Database
from storage.records import COMMITTED, Request, User


def setup() -> Router:
    router = Router(name="history")
    router.message.register(history, Command("history"))
    # The link in a report has this form.
    router.message.register(open_link, CommandStart(deep_link=True, magic=F.args.regexp(r"^result_\d{1,15}$")))
    router.callback_query.register(turn, HistoryPage.filter())
    router.callback_query.register(open_entry, HistoryEntry.filter())
    return router


async def history(message: Message, user: User, database: Database) -> None:
    text, markup = await _page(database, user, 0)
    await message.answer(text, reply_markup=markup)


async def turn(callback: CallbackQuery, callback_data: HistoryPage, user: User, database: Database, bot: Bot) -> None:
    text, markup = await _page(database, user, callback_data.number)
    await callback.answer()
    if callback_data.as_new_message or not isinstance(callback.message, Message):
        await say(callback, bot, text, markup)
        return
    await replace(callback, text, markup)


async def open_entry(
    callback: CallbackQuery,
    callback_data: HistoryEntry,
    user: User,
    database: Database,
    bot: Bot,
    engine: Engine,
    answered_pictures: AnsweredPictures,
) -> None:
    # Anybody can forge the number in a button. The database gives a result only to its owner.
    request = await database.requests.get_owned(callback_data.request_id, user.id)
    if request is None or request.outcome not in COMMITTED or request.result is None:
        await callback.answer(_("This result is no longer there."), show_alert=True)
        return
    await callback.answer()
    await _show(bot, user, request, topic(callback.message), engine, answered_pictures)


async def open_link(
    message: Message,
    command: CommandObject,
    user: User,
    database: Database,
    bot: Bot,
    engine: Engine,
    answered_pictures: AnsweredPictures,
) -> None:
    number = int((command.args or "").removeprefix("result_"))
    request = await database.requests.get_owned(number, user.id)
    if request is None or request.outcome not in COMMITTED or request.result is None:
        await message.answer(
            _("I show a result to nobody but the person who sent its photo, and this one is not among yours. /start")
        )
        return
    await _show(bot, user, request, topic(message), engine, answered_pictures)


async def _show(
    bot: Bot,
    user: User,
    request: Request,
    thread_id: int | None,
    engine: Engine,
    answered_pictures: AnsweredPictures,
) -> None:
    result = Result.stored(request.result or {})
    text = f"{moment_shown(request.created_at, user)}\n{replies.result_text(result)}"
    markup = keyboard_of(result, request.id)
    serving = {f"{each.name} {each.version}" for each in engine.models}
    if result.model is not None and serving and result.model not in serving:
        again = InlineKeyboardButton(
            text=_("Read it again with the new model"), callback_data=ReadAgain(request_id=request.id).pack()
        )
        markup.inline_keyboard.insert(0, [again])
    picture = await answered_pictures.of(request)
    if picture is not None:
        with contextlib.suppress(TelegramBadRequest):
            sent = await bot.send_photo(
                user.id, picture, caption=text, message_thread_id=thread_id, reply_markup=markup
            )
            await answered_pictures.sent(request, picture, sent)
            return
    await bot.send_message(user.id, text, message_thread_id=thread_id, reply_markup=markup)


async def _page(database: Database, user: User, number: int) -> tuple[str, InlineKeyboardMarkup | None]:
    if not (await database.history.page(user.id, 0, 1))[1]:
        return _("You have no results yet. Send me a photo of a spot on the skin."), None
    return await page(database, user, number)
