"""A reader's notes about a share. They reach its owner, with the hint that the bot does not know the reader.

A restart forgets that a note is expected. The button asks again.
"""

from datetime import UTC, datetime

from aiogram import F, Router
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import I18n
from aiogram.utils.i18n import gettext as _

from bot.handlers.filters import expects, leave
from bot.handlers.shared import readable, tell
from bot.sharing import wording
from bot.sharing.buttons import OfShared, Read
from bot.sharing.shared import subject_of
from bot.telegram.client import RetryingBot
from bot.ui.buttons import keyboard, replace, say
from bot.ui.i18n import supported_language
from storage.database import Database
from storage.records import User

LONGEST_NOTE = 500


class Expecting(StatesGroup):
    """What the reader's next text is."""

    note = State()


def setup() -> Router:
    router = Router(name="shared notes")
    router.callback_query.register(ask, OfShared.filter(F.act == Read.NOTE))
    router.callback_query.register(ask_for_words, OfShared.filter(F.act == Read.WORDS))
    router.callback_query.register(note_by_button, OfShared.filter(F.act.in_({Read.BENIGN, Read.COME_IN})))
    router.message.register(leave, F.text.startswith("/"), expects(Expecting.note))
    router.message.register(note_by_text, F.text, expects(Expecting.note))
    return router


async def ask(
    callback: CallbackQuery, callback_data: OfShared, user: User, database: Database, bot: RetryingBot
) -> None:
    if await readable(callback, callback_data.share_id, user, database) is None:
        return
    await callback.answer()
    acts = {Read.BENIGN: _benign(), Read.COME_IN: _come_in(), Read.WORDS: _("In my own words")}
    rows = [[(text, OfShared(act=act, share_id=callback_data.share_id).pack())] for act, text in acts.items()]
    text = _("What shall I tell them? They read it with your name, and that I have not checked who you are.")
    await say(callback, bot, text, keyboard(*rows))


async def ask_for_words(
    callback: CallbackQuery,
    callback_data: OfShared,
    user: User,
    database: Database,
    state: FSMContext,
    bot: RetryingBot,
) -> None:
    if await readable(callback, callback_data.share_id, user, database) is None:
        return
    await callback.answer()
    await state.set_state(Expecting.note)
    await state.set_data({"share_id": callback_data.share_id})
    await say(callback, bot, _("Write it in at most {most} characters.").format(most=LONGEST_NOTE))


async def note_by_button(
    callback: CallbackQuery, callback_data: OfShared, user: User, database: Database, i18n: I18n, bot: RetryingBot
) -> None:
    if await readable(callback, callback_data.share_id, user, database) is None:
        return
    await callback.answer()
    reply = await _note(callback_data.share_id, callback_data.act, user, database, i18n, bot)
    if not await replace(callback, reply):
        await say(callback, bot, reply)


async def note_by_text(
    message: Message, user: User, database: Database, state: FSMContext, i18n: I18n, bot: RetryingBot
) -> None:
    words = (message.text or "").strip()
    if not 0 < len(words) <= LONGEST_NOTE:
        await message.answer(_("That is too long. Write it in at most {most} characters.").format(most=LONGEST_NOTE))
        return
    share_id = (await state.get_data()).get("share_id", 0)
    await state.clear()
    await message.answer(await _note(share_id, words, user, database, i18n, bot))


async def _note(share_id: int, said: Read | str, user: User, database: Database, i18n: I18n, bot: RetryingBot) -> str:
    """Store a note and forward it; returns the reply to the reader. A button's note is in the owner's language."""
    now = datetime.now(UTC)
    share = await database.shares.readable(share_id, user.id, now)
    owner = await database.users.get(share.owner_id) if share is not None else None
    if share is None or owner is None:
        return wording.gone()
    with i18n.use_locale(supported_language(owner.language)):
        subject = await subject_of(share, database)
        words = _come_in() if said is Read.COME_IN else _benign() if said is Read.BENIGN else said
        kept = subject is not None and await database.shares.add_note(share.id, user.id, words, now)
        delivered = (
            subject is not None and kept and await tell(owner, wording.note(share, subject.title, words), database, bot)
        )
    if not kept:
        return _("You have left as many notes here as one can.")
    return (
        _("Thank you. They have your note.") if delivered else _("Your note is kept. I could not deliver it just now.")
    )


def _benign() -> str:
    return _("Seen: looks benign to me")


def _come_in() -> str:
    return _("Please come in and show it")
