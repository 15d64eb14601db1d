"""Sharing, for the reader: confirm the link, and see what is shared."""

import contextlib
from datetime import UTC, datetime

from aiogram import F, Router
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramForbiddenError
from aiogram.filters import CommandObject, CommandStart
from aiogram.types import BufferedInputFile, CallbackQuery, InlineKeyboardMarkup, Message
from aiogram.utils.i18n import I18n
from aiogram.utils.i18n import gettext as _

from bot.moles import wording as moles_wording
from bot.moles.service import MoleService
from bot.photos.reading import NotRead, NotWanted
from bot.reports.desk import ReportDesk
from bot.results import Result
from bot.sharing import wording
from bot.sharing.buttons import Accept, OfShared, Read
from bot.sharing.shared import Subject, subject_of
from bot.telegram.client import RetryingBot
from bot.ui import replies
from bot.ui.buttons import keyboard, replace, say, topic
from bot.ui.callbacks import Show
from bot.ui.i18n import supported_language
from storage.database import Database
from storage.records import User
from storage.shares import Share, Unshared

LINK = r"^share_[\w-]{22}$"


def setup() -> Router:
    router = Router(name="shared")
    router.message.register(offer, CommandStart(deep_link=True, magic=F.args.regexp(LINK)))
    router.callback_query.register(accept, Accept.filter())
    router.callback_query.register(decline, F.data == Show.DECLINE)
    router.callback_query.register(open_shared, OfShared.filter(F.act == Read.OPEN))
    router.callback_query.register(compare, OfShared.filter(F.act == Read.COMPARE))
    router.callback_query.register(report, OfShared.filter(F.act == Read.REPORT))
    return router


async def offer(message: Message, command: CommandObject, user: User, database: Database) -> None:
    """Ask before anything is opened."""
    token = (command.args or "").removeprefix("share_")
    share = await database.shares.offered(token, user.id, datetime.now(UTC))
    if isinstance(share, Unshared) or await subject_of(share, database) is None:
        reason = share if isinstance(share, Unshared) else Unshared.UNKNOWN
        await message.answer(wording.unshared(reason))
        return
    buttons = [(_("Open it"), Accept(token=token).pack()), (_("No, thanks"), Show.DECLINE)]
    await message.answer(wording.offer(share), reply_markup=keyboard(buttons))


async def accept(
    callback: CallbackQuery, callback_data: Accept, user: User, database: Database, i18n: I18n, bot: RetryingBot
) -> None:
    """The first person who confirms becomes the reader. The owner gets their name."""
    now = datetime.now(UTC)
    share = await database.shares.accept(callback_data.token, user.id, callback.from_user.full_name, now)
    subject = None if isinstance(share, Unshared) else await subject_of(share, database)
    await callback.answer()
    if isinstance(share, Unshared) or subject is None:
        await _settle(callback, bot, wording.unshared(share if isinstance(share, Unshared) else Unshared.UNKNOWN))
        return
    await _settle(callback, bot, _("You can read it now. /shared finds it again."))
    await _show(callback, bot, share, subject)
    if share.accepted_at == now:
        await tell_owner(share, database, i18n, bot)


async def tell_owner(share: Share, database: Database, i18n: I18n, bot: RetryingBot) -> None:
    """Tell the owner who opened what. An owner who cannot be reached finds it in their list."""
    owner = await database.users.get(share.owner_id)
    if owner is None:
        return
    with i18n.use_locale(supported_language(owner.language)):
        subject = await subject_of(share, database)
        if subject is not None:
            await tell(owner, wording.opened(share, subject.title), database, bot)


async def tell(owner: User, text: str, database: Database, bot: RetryingBot) -> bool:
    """Send the owner of a share a text in the current language; False if they cannot be reached."""
    buttons = keyboard([(_("Who has access"), Show.SHARED)])
    try:
        await bot.send_message(owner.id, text, reply_markup=buttons)
    except TelegramForbiddenError:
        await database.users.mark_blocked(owner.id)
    except TelegramAPIError:
        return False
    else:
        return True
    return False


async def decline(callback: CallbackQuery, bot: RetryingBot) -> None:
    await callback.answer()
    await _settle(callback, bot, _("Nothing was opened, and the person hears nothing of it."))


async def open_shared(
    callback: CallbackQuery, callback_data: OfShared, user: User, database: Database, bot: RetryingBot
) -> None:
    found = await readable(callback, callback_data.share_id, user, database)
    if found is None:
        return
    await callback.answer()
    await _show(callback, bot, *found)


async def compare(
    callback: CallbackQuery,
    callback_data: OfShared,
    user: User,
    database: Database,
    bot: RetryingBot,
    mole_service: MoleService,
    report_desk: ReportDesk,
) -> None:
    found = await readable(callback, callback_data.share_id, user, database)
    if found is None:
        return
    share, subject = found
    if subject.standing is None or len(subject.standing.photos) < 2:
        await callback.answer(wording.gone(), show_alert=True)
        return
    with report_desk.claim("shared comparison", share.id) as ours:
        if not ours:
            await callback.answer(_("I am at it already…"))
            return
        await callback.answer(_("I am laying the photos side by side…"))
        try:
            drawing = await mole_service.compare(subject.standing, user.id)
        except (NotRead, NotWanted) as error:
            await say(callback, bot, _unread(error))
            return
    if await _still_readable(callback, share, user, database, bot):
        picture = BufferedInputFile(drawing, f"shared-{share.id}.jpg")
        await bot.send_photo(
            user.id, picture, caption=moles_wording.what_is_drawn(), message_thread_id=topic(callback.message)
        )


async def report(
    callback: CallbackQuery,
    callback_data: OfShared,
    user: User,
    database: Database,
    bot: RetryingBot,
    report_desk: ReportDesk,
) -> None:
    found = await readable(callback, callback_data.share_id, user, database)
    if found is None:
        return
    share, subject = found
    with report_desk.claim("shared", share.id) as ours:
        if not ours:
            await callback.answer(_("I am writing this report already…"))
            return
        await callback.answer(_("I am writing the report…"))
        try:
            if subject.mole is not None and subject.standing is not None:
                file = await report_desk.mole(subject.mole, subject.standing, user.id)
            elif subject.request is not None:
                file = await report_desk.result(subject.request, user.id)
        except (NotRead, NotWanted) as error:
            await say(callback, bot, _unread(error))
            return
    # The share may have been taken back meanwhile.
    if await _still_readable(callback, share, user, database, bot):
        caption = _("The report of what {name} shares with you.").format(name=wording.name(share.owner_name))
        await bot.send_document(user.id, file, caption=caption, message_thread_id=topic(callback.message))


async def readable(
    callback: CallbackQuery, share_id: int, user: User, database: Database
) -> tuple[Share, Subject] | None:
    """The share and its subject, if this person may read it now. Otherwise tells them that it has ended."""
    # Anybody can forge the number in a button. The database gives a share only to its reader.
    share = await database.shares.readable(share_id, user.id, datetime.now(UTC))
    subject = await subject_of(share, database) if share is not None else None
    if share is None or subject is None or subject.request is None:
        await callback.answer(wording.gone(), show_alert=True)
        return None
    return share, subject


async def _still_readable(
    callback: CallbackQuery, share: Share, user: User, database: Database, bot: RetryingBot
) -> bool:
    if await database.shares.readable(share.id, user.id, datetime.now(UTC)) is not None:
        return True
    await say(callback, bot, wording.gone())
    return False


async def _show(callback: CallbackQuery, bot: RetryingBot, share: Share, subject: Subject) -> None:
    """Show what is shared in two messages: who shares it, and the answer that they got."""
    request = subject.request
    if request is None:
        await say(callback, bot, wording.gone())
        return
    await say(callback, bot, wording.heading(share, subject.title))
    if subject.mole is not None and subject.standing is not None:
        text = moles_wording.card(subject.mole, subject.standing, None)
    else:
        text = replies.answer(Result.stored(request.result or {}))
    buttons, thread = _buttons(share, subject), topic(callback.message)
    if request.reply_file_id is not None:
        with contextlib.suppress(TelegramBadRequest):
            await bot.send_photo(
                callback.from_user.id,
                request.reply_file_id,
                caption=text,
                message_thread_id=thread,
                reply_markup=buttons,
            )
            return
    await say(callback, bot, text, buttons)


def _buttons(share: Share, subject: Subject) -> InlineKeyboardMarkup:
    def button(text: str, act: Read) -> tuple[str, str]:
        return text, OfShared(act=act, share_id=share.id).pack()

    several = subject.standing is not None and len(subject.standing.photos) > 1
    compared = [button(_("Compare the photos"), Read.COMPARE)] if several else []
    return keyboard(compared, [button(_("The report as a PDF"), Read.REPORT)], [button(_("Leave a note"), Read.NOTE)])


def _unread(error: NotRead | NotWanted) -> str:
    return replies.result_text(error.result) if isinstance(error, NotRead) else wording.gone()


async def _settle(callback: CallbackQuery, bot: RetryingBot, text: str) -> None:
    """Replace the question by the outcome, so that it is not answered twice."""
    if not await replace(callback, text):
        await say(callback, bot, text)
