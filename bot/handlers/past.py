"""Past results, narrowed: with a warning, by month, by mole; and small pictures of a page."""

import asyncio
from collections.abc import Sequence

from aiogram import F, Router
from aiogram.types import BufferedInputFile, CallbackQuery, InlineKeyboardMarkup, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.reminders import ask_for_clock
from bot.telegram.client import RetryingBot
from bot.telegram.files import NotFetched, fetch_file
from bot.ui import history as ui
from bot.ui.buttons import replace, say, topic
from bot.ui.callbacks import Past, Show, Strip
from bot.ui.strip import strip
from storage.database import Database
from storage.records import Request, User

# The longest wait for the pictures. Later ones stay empty.
PICTURES_SECONDS = 8.0


def setup() -> Router:
    router = Router(name="past results")
    router.callback_query.register(turn, Past.filter())
    router.callback_query.register(show_strip, Strip.filter())
    router.callback_query.register(ask_for_month, F.data == Show.MONTHS)
    router.callback_query.register(ask_for_mole, F.data == Show.BY_MOLE)
    router.callback_query.register(set_clock, F.data == Show.CLOCK)
    return router


async def turn(callback: CallbackQuery, callback_data: Past, user: User, database: Database, bot: RetryingBot) -> None:
    await callback.answer()
    await _show(callback, bot, await page(database, user, callback_data.number, callback_data.by))


async def ask_for_month(callback: CallbackQuery, user: User, database: Database, bot: RetryingBot) -> None:
    await callback.answer()
    await _show(callback, bot, ui.months(await database.history.times(user.id), user))


async def ask_for_mole(callback: CallbackQuery, user: User, database: Database, bot: RetryingBot) -> None:
    await callback.answer()
    await _show(callback, bot, ui.moles(await database.moles.of_user(user.id)))


async def set_clock(callback: CallbackQuery, user: User, bot: RetryingBot) -> None:
    await callback.answer()
    await ask_for_clock(bot, user)


async def show_strip(
    callback: CallbackQuery, callback_data: Strip, user: User, database: Database, bot: RetryingBot
) -> None:
    number, by = callback_data.number, callback_data.by
    requests, _total = await database.history.page(user.id, number, ui.PAGE_SIZE, ui.narrowed(by, user))
    if not requests:
        await callback.answer(_("There is nothing here."))
        return
    await callback.answer(_("I am looking for the pictures…"))
    first = number * ui.PAGE_SIZE + 1
    pictures = await _pictures(bot, database, requests)
    drawn = await asyncio.to_thread(strip, pictures, first)
    caption = _("Results {first} to {last}. A refused photo and one that Telegram has no more leave a gap.").format(
        first=first, last=first + len(requests) - 1
    )
    photo = BufferedInputFile(drawn, "results.jpg")
    await bot.send_photo(user.id, photo, caption=caption, message_thread_id=topic(callback.message))


async def page(database: Database, user: User, number: int, by: str = "") -> tuple[str, InlineKeyboardMarkup]:
    """One page as text and buttons. A page past the end, as after an erasure, is the last one."""
    wanted = ui.narrowed(by, user)
    requests, total = await database.history.page(user.id, number, ui.PAGE_SIZE, wanted)
    last = max(0, total - 1) // ui.PAGE_SIZE
    if number > last:
        return await page(database, user, last, by)
    return ui.page(requests, total, number, by, await _title(database, user, by), user)


async def _title(database: Database, user: User, by: str) -> str:
    if by == "warned":
        return _("Only those with a warning")
    if by.startswith("mole-"):
        mole = await database.moles.get_owned(int(by.removeprefix("mole-")), user.id)
        return _("Of the mole {name}").format(name=mole.name) if mole is not None else ""
    return ui.month_name(by) if by else ""


async def _pictures(bot: RetryingBot, database: Database, requests: Sequence[Request]) -> list[bytes | None]:
    """The answered photos, fetched in parallel; None for those that are late."""
    tasks = [asyncio.create_task(_picture(bot, database, each)) for each in requests]
    _done, late = await asyncio.wait(tasks, timeout=PICTURES_SECONDS)
    for each in late:
        each.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [each.result() if each not in late and each.exception() is None else None for each in tasks]


async def _picture(bot: RetryingBot, database: Database, request: Request) -> bytes | None:
    if request.reply_file_id is not None:
        try:
            return await fetch_file(bot, request.reply_file_id)
        except NotFetched:
            pass
    return await database.mole_pictures.of(request.id, request.user_id)


async def _show(callback: CallbackQuery, bot: RetryingBot, shown: tuple[str, InlineKeyboardMarkup]) -> None:
    if not isinstance(callback.message, Message):
        await say(callback, bot, *shown)
        return
    await replace(callback, *shown)
