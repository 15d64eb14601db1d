"""/broadcast: an administrator writes an announcement, sees it as others will, and sends it or cancels it."""

from enum import StrEnum
from html import escape
from typing import Annotated

from aiogram import F, Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Command
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import gettext as _
from pydantic import Field

from bot.handlers.filters import is_admin
from bot.operator.access import Access
from bot.operator.broadcasts import ENTITIES, Broadcaster
from bot.photos.inbox import is_request, largest, record
from bot.ui.buttons import keyboard, replace
from storage.database import Database
from storage.records import Broadcast, User
from storage.staff import Action


class Step(StrEnum):
    STOP = "stop"
    SEND = "send"
    DROP = "drop"


class BroadcastStep(CallbackData, prefix="broadcast"):
    """The buttons on the way to a broadcast; `draft` is 0 before there is one."""

    step: Step
    draft: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0


class Composing(StatesGroup):
    """What the next message of an administrator is. A restart forgets it; /broadcast asks again."""

    announcement = State()


async def is_composing(_message: Message, state: FSMContext) -> bool:
    """Whether the announcement is expected now.

    aiogram's `StateFilter` goes by the state at the time when the message came in. A message that came together with
    it may have been the announcement already.
    """
    return await state.get_state() == Composing.announcement.state


def setup() -> Router:
    router = Router(name="broadcast")
    router.message.filter(is_admin)
    router.callback_query.filter(is_admin)
    # `is_composing` comes last: between the look at the state and its change no other message is handled.
    router.message.register(leave, F.text.startswith("/"), is_composing)
    router.message.register(compose, F.text, Command("broadcast"))
    router.message.register(preview, F.text | F.photo, ~F.media_group_id, is_composing)
    router.message.register(turn_down, is_composing)
    router.callback_query.register(stop, BroadcastStep.filter(F.step == Step.STOP))
    router.callback_query.register(send, BroadcastStep.filter(F.step == Step.SEND))
    router.callback_query.register(drop, BroadcastStep.filter(F.step == Step.DROP))
    return router


async def leave(message: Message, state: FSMContext) -> None:
    """Give up composing: a command is no announcement. The next router obeys it."""
    await state.clear()
    raise SkipHandler


async def compose(message: Message, state: FSMContext) -> None:
    await state.set_state(Composing.announcement)
    await message.answer(
        _("Send me the announcement: a text, or a photo with a caption. Its formatting is kept."),
        reply_markup=keyboard([(_("Cancel"), BroadcastStep(step=Step.STOP).pack())]),
    )


async def stop(callback: CallbackQuery, state: FSMContext) -> None:
    await state.clear()
    await callback.answer()
    await replace(callback, _("Cancelled. Nothing was sent."))


async def preview(
    message: Message, state: FSMContext, user: User, database: Database, broadcaster: Broadcaster
) -> None:
    await state.clear()
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


async def turn_down(message: Message, state: FSMContext, database: Database) -> None:
    # The photos of an album are separate messages, in any order with others; one answer is enough.
    album, answered_albums = message.media_group_id, await state.get_value("answered_albums", [])
    answered = album in answered_albums
    if album is not None:
        await state.update_data(answered_albums=[*answered_albums, album])
    await _forget_request(message, database)
    if not answered:
        await message.answer(_("An announcement is one text, or one photo with a caption. Please send one of these."))


async def send(
    callback: CallbackQuery,
    callback_data: BroadcastStep,
    database: Database,
    broadcaster: Broadcaster,
    access: Access,
) -> None:
    if not await database.broadcasts.confirm(callback_data.draft):
        await callback.answer(_("This announcement was already sent or cancelled."), show_alert=True)
        return
    await access.log(callback.from_user.id, Action.BROADCAST, str(callback_data.draft))
    if callback.message is not None:
        await database.broadcasts.set_progress_message(callback_data.draft, callback.message.message_id)
    broadcaster.start(callback_data.draft)
    await callback.answer()


async def drop(callback: CallbackQuery, callback_data: BroadcastStep, database: Database) -> None:
    if not await database.broadcasts.cancel(callback_data.draft):
        await callback.answer(_("This announcement was already sent or cancelled."), show_alert=True)
        return
    await callback.answer()
    await replace(callback, _("Cancelled. Nothing was sent."))


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
