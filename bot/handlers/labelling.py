"""/label and /labels: administrators and reviewers label photos of the training pool. To others they do not exist."""

import asyncio
import contextlib

from aiogram import F, Router
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Command
from aiogram.types import BufferedInputFile, CallbackQuery, InlineKeyboardMarkup, InputMediaPhoto, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.filters import is_reviewer
from bot.learning.buttons import GiveLabel, ShowOutline, TakeBack, TakeOutline, Turn
from bot.learning.masks import drawn, unpack
from bot.learning.words import LABELS, NOT_A_LESION, UNSURE
from bot.results import Result
from bot.settings import Settings
from bot.telegram.client import RetryingBot
from bot.ui import labelling as ui
from storage.database import Database
from storage.labels import Given
from storage.training_pool import PoolPhoto


def setup() -> Router:
    router = Router(name="labelling")
    router.message.filter(is_reviewer)
    router.callback_query.filter(is_reviewer)
    router.message.register(label, F.text, Command("label"))
    router.message.register(labels, F.text, Command("labels"))
    router.callback_query.register(go_on, F.data == Turn.NEXT)
    router.callback_query.register(leave, F.data == Turn.LEAVE)
    router.callback_query.register(give, GiveLabel.filter(F.label.in_(LABELS)))
    router.callback_query.register(show_outline, ShowOutline.filter(F.candidate >= 0))
    router.callback_query.register(take_outline, TakeOutline.filter())
    router.callback_query.register(take_back, TakeBack.filter())
    return router


async def label(message: Message, bot: RetryingBot, database: Database, settings: Settings) -> None:
    await _show_next(message.chat.id, bot, database, settings)


async def labels(message: Message, database: Database, settings: Settings) -> None:
    await message.answer(ui.summary(await database.labels.standing(), settings.training_pool_bytes))


async def go_on(callback: CallbackQuery, bot: RetryingBot, database: Database, settings: Settings) -> None:
    await callback.answer()
    await _take_away(callback)
    await _show_next(callback.from_user.id, bot, database, settings)


async def leave(callback: CallbackQuery, bot: RetryingBot) -> None:
    await callback.answer()
    await _take_away(callback)
    await bot.send_message(callback.from_user.id, ui.thanks())


async def give(callback: CallbackQuery, callback_data: GiveLabel, database: Database) -> None:
    photo = await database.training_pool.get(callback_data.request_id)
    said = callback_data.label
    given = Given.GONE
    if photo is not None:
        asked = said != NOT_A_LESION and bool(await asyncio.to_thread(unpack, photo.outlines))
        given = await database.labels.give(photo.request_id, callback.from_user.id, said, outlines=asked)
    await _proceed(callback, callback_data.request_id, given, database)


async def show_outline(callback: CallbackQuery, callback_data: ShowOutline, database: Database) -> None:
    await _proceed(callback, callback_data.request_id, Given.NOTED, database, callback_data.candidate)


async def take_outline(callback: CallbackQuery, callback_data: TakeOutline, database: Database) -> None:
    photo = await database.training_pool.get(callback_data.request_id)
    given = Given.GONE
    if photo is not None and callback_data.candidate < len(await asyncio.to_thread(unpack, photo.outlines)):
        given = await database.labels.judge(photo.request_id, callback.from_user.id, callback_data.candidate)
    await _proceed(callback, callback_data.request_id, given, database)


async def take_back(callback: CallbackQuery, callback_data: TakeBack, database: Database) -> None:
    # They may not label it again, because they have seen the bot's answer by now.
    given = await database.labels.replace(callback_data.request_id, callback.from_user.id, UNSURE)
    await _proceed(callback, callback_data.request_id, given, database)


async def _proceed(
    callback: CallbackQuery, request_id: int, given: Given, database: Database, candidate: int = 0
) -> None:
    """Show the next step from the state in the database, so that a late press leads to the same step."""
    photo = await database.training_pool.get(request_id)
    mine = await database.labels.of(request_id, callback.from_user.id)
    if photo is None or not mine or given is Given.GONE:
        await callback.answer(_("This photo is no longer in the pool."), show_alert=True)
        await _take_away(callback)
        return
    await callback.answer(_("This is noted already.") if given is Given.ALREADY else None)
    message = callback.message
    if not isinstance(message, Message):
        return
    with contextlib.suppress(TelegramBadRequest):
        if mine[0].outline_open:
            picture, text, markup = await _outlined(photo, mine[0].label, candidate)
            await message.edit_media(InputMediaPhoto(media=picture, caption=text), reply_markup=markup)
        else:
            said = Result.stored(photo.result)
            text, markup = ui.revealed(request_id, mine[0].label, said, [each.label for each in photo.labels])
            await message.edit_caption(caption=text, reply_markup=markup)


async def _show_next(user_id: int, bot: RetryingBot, database: Database, settings: Settings) -> None:
    number = await database.labels.next_for(user_id)
    photo = await database.training_pool.get(number) if number is not None else None
    if photo is None:
        state = ui.summary(await database.labels.standing(), settings.training_pool_bytes)
        await bot.send_message(user_id, f"{ui.nothing_left()}\n\n{state}")
        return
    mine = await database.labels.of(photo.request_id, user_id)
    if mine:
        picture, text, markup = await _outlined(photo, mine[0].label, 0)
    else:
        picture = _file(photo, photo.picture)
        text, markup = ui.question(photo.request_id)
    # `protect_content`: it cannot be forwarded or saved.
    await bot.send_photo(user_id, picture, caption=text, reply_markup=markup, protect_content=True)


async def _outlined(
    photo: PoolPhoto, label: str, candidate: int
) -> tuple[BufferedInputFile, str, InlineKeyboardMarkup]:
    masks = await asyncio.to_thread(unpack, photo.outlines)
    candidate %= len(masks)
    picture = await asyncio.to_thread(drawn, photo.picture, masks[candidate])
    return _file(photo, picture), *ui.outline(photo.request_id, label, candidate, len(masks))


def _file(photo: PoolPhoto, picture: bytes) -> BufferedInputFile:
    return BufferedInputFile(picture, f"{photo.request_id}.jpg")


async def _take_away(callback: CallbackQuery) -> None:
    """Delete the photo from the chat, unless it is too old to delete."""
    if isinstance(callback.message, Message):
        with contextlib.suppress(TelegramBadRequest):
            await callback.message.delete()
