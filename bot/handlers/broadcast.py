"""/broadcast: an administrator writes an announcement, sees it as others will, and sends it."""

from html import escape

from aiogram import F, Router
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.filters import expects, is_admin, leave
from bot.operator.access import Access
from bot.operator.broadcasts import Broadcaster
from bot.operator.deliveries import ENTITIES
from bot.photos.asked import is_request, largest
from bot.photos.inbox import record
from bot.ui import broadcasts as ui
from bot.ui.buttons import keyboard, replace
from bot.ui.callbacks import BroadcastStep, ChooseAudience, Step
from bot.ui.i18n import LANGUAGES, supported_language
from storage.database import Database
from storage.records import Audience, Broadcast, BroadcastState, Content, User


class Composing(StatesGroup):
    """What the next message of an administrator is. A restart forgets it, and /broadcast asks again."""

    announcement = State()
    translation = State()
    time = State()


def setup() -> Router:
    router = Router(name="broadcast")
    router.message.filter(is_admin)
    router.callback_query.filter(is_admin)
    content = F.text | F.photo | (F.document & ~F.animation)
    # The state is checked last: no other message is handled between this check and the change of the state.
    router.message.register(leave, F.text.startswith("/"), expects(*Composing.__states__))
    router.message.register(compose, F.text, Command("broadcast"))
    router.message.register(announcement, content, ~F.media_group_id, expects(Composing.announcement))
    router.message.register(translation, content, ~F.media_group_id, expects(Composing.translation))
    router.message.register(turn_down, expects(Composing.announcement, Composing.translation))
    router.callback_query.register(stop, BroadcastStep.filter(F.step == Step.STOP))
    router.callback_query.register(same, BroadcastStep.filter(F.step == Step.SAME))
    router.callback_query.register(address, ChooseAudience.filter())
    router.callback_query.register(send, BroadcastStep.filter(F.step == Step.SEND))
    router.callback_query.register(drop, BroadcastStep.filter(F.step == Step.DROP))
    return router


async def compose(message: Message, state: FSMContext) -> None:
    await state.clear()
    await state.set_state(Composing.announcement)
    await message.answer(
        _("Send me the announcement: a text, or a photo or a file with a caption. Its formatting is kept."),
        reply_markup=keyboard([ui.step(_("Cancel"), Step.STOP)]),
    )


async def stop(callback: CallbackQuery, state: FSMContext) -> None:
    await state.clear()
    await callback.answer()
    await replace(callback, _("Cancelled. Nothing was sent."))


async def announcement(
    message: Message, state: FSMContext, user: User, database: Database, broadcaster: Broadcaster
) -> None:
    """Show the draft in the language of its author, and ask for the other language."""
    await state.clear()
    await _forget_request(message, database)
    content = _content(message)
    draft = await database.broadcasts.create(admin_id=message.chat.id, chat_id=message.chat.id, **content)
    preview = await _previewed(message, draft, supported_language(user.language), database, broadcaster)
    if preview is None:
        return
    # The author has started again meanwhile, and that draft is the one that counts.
    if await state.get_state() is None:
        await state.set_state(Composing.translation)
        await state.update_data(draft=draft.id, asked_by=preview)
    await message.answer(
        _("Now the announcement in this language: {language}. Or does everybody get the same one?").format(
            language=LANGUAGES[_other_language(user)]
        ),
        reply_markup=keyboard(
            [ui.step(_("The same for everybody"), Step.SAME, draft.id)], [ui.step(_("Cancel"), Step.DROP, draft.id)]
        ),
    )


async def translation(
    message: Message, state: FSMContext, user: User, database: Database, broadcaster: Broadcaster, access: Access
) -> None:
    draft_id: int = (await state.get_data())["draft"]
    await state.clear()
    await _forget_request(message, database)
    language = _other_language(user)
    translated = await database.broadcasts.translate(draft_id, language, _content(message))
    draft = await database.broadcasts.get(draft_id)
    if not translated or draft is None:
        await message.answer(too_late())
    elif await _previewed(message, draft, language, database, broadcaster) is not None:
        text, markup = await question(draft, database, access)
        await message.answer(text, reply_markup=markup)


async def same(
    callback: CallbackQuery,
    callback_data: BroadcastStep,
    state: FSMContext,
    user: User,
    database: Database,
    broadcaster: Broadcaster,
    access: Access,
) -> None:
    await state.clear()
    draft = await draft_of(callback, callback_data.draft, database)
    if draft is None or not isinstance(callback.message, Message):
        return
    await callback.answer()
    await replace(callback, _("Everybody gets the same one."))
    if await _previewed(callback.message, draft, _other_language(user), database, broadcaster) is not None:
        text, markup = await question(draft, database, access)
        await callback.message.answer(text, reply_markup=markup)


async def turn_down(message: Message, state: FSMContext, database: Database) -> None:
    # The photos of an album are separate messages. One answer is enough.
    album, answered_albums = message.media_group_id, await state.get_value("answered_albums", [])
    answered = album in answered_albums
    if album is not None:
        await state.update_data(answered_albums=[*answered_albums, album])
    await _forget_request(message, database)
    if not answered:
        await message.answer(
            _("An announcement is one text, or one photo or file with a caption. Please send one of these.")
        )


async def address(callback: CallbackQuery, callback_data: ChooseAudience, database: Database, access: Access) -> None:
    await database.broadcasts.address(callback_data.draft, callback_data.audience)
    draft = await draft_of(callback, callback_data.draft, database)
    if draft is not None:
        await callback.answer()
        await replace(callback, *await question(draft, database, access))


async def send(
    callback: CallbackQuery, callback_data: BroadcastStep, state: FSMContext, broadcaster: Broadcaster
) -> None:
    await state.clear()
    shown_in = callback.message.message_id if callback.message is not None else None
    if await broadcaster.send(callback_data.draft, callback.from_user.id, shown_in):
        await callback.answer()
    else:
        await callback.answer(too_late(), show_alert=True)


async def drop(callback: CallbackQuery, callback_data: BroadcastStep, state: FSMContext, database: Database) -> None:
    await state.clear()
    if not await database.broadcasts.cancel(callback_data.draft):
        await callback.answer(too_late(), show_alert=True)
        return
    await callback.answer()
    await replace(callback, _("Cancelled. Nothing was sent."))


async def draft_of(callback: CallbackQuery, broadcast_id: int, database: Database) -> Broadcast | None:
    """The draft of a button; None, with a notice, if it is no longer a draft."""
    broadcast = await database.broadcasts.get(broadcast_id)
    if broadcast is None or broadcast.state is not BroadcastState.DRAFT:
        await callback.answer(too_late(), show_alert=True)
        return None
    return broadcast


async def _previewed(
    message: Message, draft: Broadcast, language: str, database: Database, broadcaster: Broadcaster
) -> int | None:
    """Show a draft to its author as readers of `language` will see it; returns the number of the message.

    If Telegram does not accept it, the draft is dropped and None is returned.
    """
    try:
        return await broadcaster.preview(draft, language)
    except TelegramBadRequest as error:
        await database.broadcasts.cancel(draft.id)
        reason = escape(error.message)
        await message.answer(_("Telegram does not accept this announcement: {reason}").format(reason=reason))
        return None


async def question(draft: Broadcast, database: Database, access: Access) -> ui.Shown:
    recipients = {each: await database.broadcasts.count_recipients(each, access.staff()) for each in Audience}
    return ui.question(draft, recipients)


def _content(message: Message) -> Content:
    entities = message.entities if message.text is not None else message.caption_entities
    content = Content(
        kind="text",
        text=message.text or message.caption or "",
        entities_json=ENTITIES.dump_json(entities or [], exclude_none=True).decode(),
        file_id=None,
    )
    if message.photo:
        return {**content, "kind": "photo", "file_id": largest(message.photo).file_id}
    if message.document is not None:
        return {**content, "kind": "document", "file_id": message.document.file_id}
    return content


def _other_language(user: User) -> str:
    return next(code for code in LANGUAGES if code != supported_language(user.language))


def too_late() -> str:
    return _("This announcement was already sent or cancelled.")


async def _forget_request(message: Message, database: Database) -> None:
    """Discard the request of a photo in an announcement, which was recorded like any other photo."""
    if is_request(message):
        await database.requests.discard((await record(database, message)).id)
