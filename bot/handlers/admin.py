"""Commands for those in ADMIN_IDS. To everybody else they do not exist."""

from enum import StrEnum
from html import escape

from aiogram import F, Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Command
from aiogram.filters.callback_data import CallbackData
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import gettext as _

from bot.operator.broadcasts import ENTITIES, Broadcaster
from bot.photos.inbox import is_request, largest, record
from bot.settings import Settings
from bot.ui import admin as admin_page
from bot.ui.buttons import keyboard, replace
from inference.engine.engine import Engine
from storage.database import Database
from storage.records import Broadcast, User

STATS_DAYS = 14


class Step(StrEnum):
    STOP = "stop"
    SEND = "send"
    DROP = "drop"


class BroadcastStep(CallbackData, prefix="broadcast"):
    """The buttons on the way to a broadcast; `draft` is 0 before there is one."""

    step: Step
    draft: int = 0


def is_admin(event: Message | CallbackQuery, settings: Settings) -> bool:
    """Is this one of the admins, in private? What they write in a group is nobody else's to see."""
    message = event if isinstance(event, Message) else event.message
    private = message is not None and message.chat.type == "private"
    return private and event.from_user is not None and event.from_user.id in settings.admin_ids


def is_composing(message: Message, broadcaster: Broadcaster) -> bool:
    """Is the announcement what is expected next? A restart forgets it, and /broadcast asks again."""
    return message.chat.id in broadcaster.composing


router = Router(name="admin")
router.message.filter(is_admin)
router.callback_query.filter(is_admin)


@router.message(is_composing, F.text.startswith("/"))
async def leave(message: Message, broadcaster: Broadcaster) -> None:
    """Another command: whoever gives one does not announce it."""
    del broadcaster.composing[message.chat.id]
    raise SkipHandler


@router.message(F.text, Command("broadcast"))
async def compose(message: Message, broadcaster: Broadcaster) -> None:
    broadcaster.composing[message.chat.id] = set()
    await message.answer(
        _("Send me the announcement: a text, or a photo with a caption. Its formatting is kept."),
        reply_markup=keyboard([(_("Cancel"), BroadcastStep(step=Step.STOP).pack())]),
    )


@router.callback_query(BroadcastStep.filter(F.step == Step.STOP))
async def stop(callback: CallbackQuery, broadcaster: Broadcaster) -> None:
    broadcaster.composing.pop(callback.from_user.id, None)
    await callback.answer()
    await replace(callback, _("Cancelled. Nothing was sent."))


@router.message(is_composing, F.text | F.photo, ~F.media_group_id)
async def preview(message: Message, user: User, database: Database, broadcaster: Broadcaster) -> None:
    del broadcaster.composing[message.chat.id]
    await _forget_request(message, database)
    draft = await _draft(message, database)
    try:
        await broadcaster.preview(draft, user.language)
    except TelegramBadRequest as error:
        await database.broadcasts.cancel(draft.id)
        reason = escape(error.message)
        await message.answer(_("Telegram does not accept this announcement: {reason}").format(reason=reason))
        return
    await message.answer(
        _("This is how it will look. Recipients: {number}").format(number=await database.users.count_recipients()),
        reply_markup=keyboard(
            [
                (_("📣 Send it"), BroadcastStep(step=Step.SEND, draft=draft.id).pack()),
                (_("Cancel"), BroadcastStep(step=Step.DROP, draft=draft.id).pack()),
            ]
        ),
    )


@router.message(is_composing)
async def unfit(message: Message, database: Database, broadcaster: Broadcaster) -> None:
    # The photos of an album are separate messages, in any order with others; one answer is enough.
    album, turned_down = message.media_group_id, broadcaster.composing.get(message.chat.id, set())
    answered = album in turned_down
    if album is not None:
        turned_down.add(album)
    await _forget_request(message, database)
    if not answered:
        await message.answer(_("An announcement is one text, or one photo with a caption. Please send one of these."))


@router.callback_query(BroadcastStep.filter(F.step == Step.SEND))
async def send(
    callback: CallbackQuery, callback_data: BroadcastStep, database: Database, broadcaster: Broadcaster
) -> None:
    if not await database.broadcasts.confirm(callback_data.draft):
        await callback.answer(_("This announcement was already sent or cancelled."), show_alert=True)
        return
    if callback.message is not None:
        await database.broadcasts.set_progress_message(callback_data.draft, callback.message.message_id)
    broadcaster.start(callback_data.draft)
    await callback.answer()


@router.callback_query(BroadcastStep.filter(F.step == Step.DROP))
async def drop(callback: CallbackQuery, callback_data: BroadcastStep, database: Database) -> None:
    if not await database.broadcasts.cancel(callback_data.draft):
        await callback.answer(_("This announcement was already sent or cancelled."), show_alert=True)
        return
    await callback.answer()
    await replace(callback, _("Cancelled. Nothing was sent."))


@router.message(F.text, Command("models"))
async def models(message: Message, engine: Engine) -> None:
    # A message each: the figures of all together may be more than one message holds.
    for model in engine.models:
        await message.answer(admin_page.model_card(model))


@router.message(F.text, Command("stats"))
async def stats(message: Message, database: Database) -> None:
    days = await database.requests.daily(STATS_DAYS)
    await message.answer(admin_page.stats(days, await database.users.count_recipients()))


async def _draft(message: Message, database: Database) -> Broadcast:
    entities = message.entities if message.text is not None else message.caption_entities
    return await database.broadcasts.create(
        admin_id=message.chat.id,
        chat_id=message.chat.id,
        kind="photo" if message.photo else "text",
        text=message.text or message.caption or "",
        entities_json=ENTITIES.dump_json(entities or [], exclude_none=True).decode(),
        photo_file_id=largest(message.photo).file_id if message.photo else None,
    )


async def _forget_request(message: Message, database: Database) -> None:
    """A photo to announce is recorded like any other; nobody wants it read."""
    if is_request(message):
        await database.requests.discard((await record(database, message)).id)
