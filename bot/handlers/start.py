"""/start and the agreement. After it, the bot offers to analyse photos that came before."""

import contextlib
from datetime import UTC, datetime, timedelta

from aiogram import Bot, F, Router
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import CommandStart
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import gettext as _

from bot.operator.access import Access
from bot.photos.agreement import Agreement
from bot.photos.albums import Albums
from bot.photos.recovery import answer_unfinished
from bot.photos.service import PhotoService
from bot.results import Result, Trouble
from bot.ui import texts
from bot.ui.buttons import keyboard, replace, say, topic
from bot.ui.callbacks import Show
from bot.ui.commands import show_commands
from storage.database import Database
from storage.records import Request, User

# Older photos are not offered.
OFFERED_FOR = timedelta(days=1)


def setup() -> Router:
    router = Router(name="start")
    router.message.register(start, CommandStart())
    router.callback_query.register(consent, F.data == Show.CONSENT)
    router.callback_query.register(read_earlier, F.data == Show.READ_EARLIER)
    router.callback_query.register(leave_earlier, F.data == Show.LEAVE_EARLIER)
    return router


async def start(message: Message, user: User, agreement: Agreement, access: Access, bot: Bot) -> None:
    if role := access.staff().get(user.id):
        # Before their first message there was no chat for their menu.
        await show_commands(bot, user.id, role)
    if user.consented_at is not None:
        await message.answer(f"{texts.welcome()}\n\n{texts.what_i_am_not()}\n\n{texts.tips()}")
        return
    await agreement.ask(user.id, topic(message))


async def consent(callback: CallbackQuery, user: User, database: Database, bot: Bot) -> None:
    await database.users.consent(user.id)
    await callback.answer(_("Thank you!"))
    if isinstance(callback.message, Message):
        # After a double press, the buttons are gone already.
        with contextlib.suppress(TelegramBadRequest):
            await callback.message.edit_reply_markup()
    if user.consented_at is not None:
        return
    waiting = await _unread(user, database)
    if not waiting:
        await say(callback, bot, texts.ready())
        return
    text = _("Read the photo you just sent?") if len(waiting) == 1 else _("Read the photos you just sent?")
    await say(callback, bot, text, keyboard([(_("Yes, read"), Show.READ_EARLIER), (_("No"), Show.LEAVE_EARLIER)]))


async def read_earlier(
    callback: CallbackQuery, user: User, database: Database, bot: Bot, photo_service: PhotoService, albums: Albums
) -> None:
    """Analyse the photos sent before the agreement. Only one of two presses gets them."""
    waiting = await _unread(user, database) if user.consented_at is not None else []
    reopened = await database.unread.reopen([each.id for each in waiting], user.id)
    if not reopened:
        await callback.answer(_("This button no longer works."))
        return
    await callback.answer()
    text = _("I read what you sent.")
    if not await replace(callback, text):
        await say(callback, bot, text)
    await answer_unfinished([each for each in waiting if each.id in reopened], photo_service, albums)


async def leave_earlier(callback: CallbackQuery, bot: Bot) -> None:
    await callback.answer()
    if not await replace(callback, texts.ready()):
        await say(callback, bot, texts.ready())


async def _unread(user: User, database: Database) -> list[Request]:
    """Photos that came before the agreement, in the order of sending."""
    refused = await database.unread.refused_since(user.id, datetime.now(UTC) - OFFERED_FOR)
    return [each for each in refused if Result.stored(each.result or {}).reason is Trouble.NO_CONSENT]
