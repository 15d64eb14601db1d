"""Groups: the bot answers people in private, and says in the group only that it does.

Results are health data. So a photo is moved to the private chat of its sender and analysed there like any other.
Somebody else's photo is not analysed: only its owner may send it.
"""

from functools import partial

from aiogram import Bot, F, Router
from aiogram.enums import ChatAction, ChatType
from aiogram.exceptions import TelegramAPIError
from aiogram.types import Message
from aiogram.utils.i18n import gettext as _

from bot.operator.access import Access
from bot.photos.albums import Incoming
from bot.photos.asked import asked, pictured
from bot.photos.inbox import Inbox, discard, record_received
from bot.photos.service import PhotoService
from bot.photos.taking_over import take_over
from bot.telegram.gone import is_gone
from bot.ui.i18n import supported_language
from storage.database import Database
from storage.retry import until_stored


def setup() -> Router:
    router = Router(name="groups")
    router.message.filter(F.chat.type != ChatType.PRIVATE)
    router.message.register(migrated, F.migrate_to_chat_id)
    router.message.register(read, pictured)
    router.message.register(refer)
    return router


async def migrated(message: Message, database: Database) -> None:
    """A group became a supergroup and has a new number."""
    if message.migrate_to_chat_id is not None:
        await until_stored(partial(database.chats.move, message.chat.id, message.migrate_to_chat_id))


async def read(
    message: Message, bot: Bot, database: Database, access: Access, inbox: Inbox, photo_service: PhotoService
) -> None:
    """Move a photo to the private chat and answer there. Say so in the group."""
    sender, about, photo = message.from_user, pictured(message), await asked(message)
    me = await bot.me()
    link = f"https://t.me/{me.username}"
    if about is not None and about.from_user is not None and about.from_user.id == me.id:
        await refer(message, bot)
        return
    if sender is None or photo is None:
        await message.reply(
            _("I read a photo only for the person who sent it. Let them send it to me: {link}").format(link=link)
        )
        return
    inbox.ensure_recorded(message)
    if access.under_maintenance:
        await discard(database, photo)
        await message.reply(_("🔧 I am being maintained. Please ask me again later."))
        return
    request = None
    # The inbox has recorded the photo, unless a stranger sent it. If the bot may not write to a stranger, nothing about
    # them is recorded.
    if await _may_write(sender.id, bot):
        await database.users.seen(sender.id, supported_language(sender.language_code))
        request = await take_over(bot, database, await record_received(database, photo))
    if request is None:
        await discard(database, photo)
        await message.reply(
            _(
                "I answer in private, and may not write to you yet. Press Start in our chat and ask again: {link}"
            ).format(link=link)
        )
        return
    await message.reply(_("I have taken your photo to our private chat and answer there: {link}").format(link=link))
    await photo_service.receive([Incoming(request)])


async def refer(message: Message, bot: Bot) -> None:
    me = await bot.me()
    text = _("I answer in private only: what I say about a photo is nobody else's business. Write to me: {link}")
    await message.reply(text.format(link=f"https://t.me/{me.username}"))


async def _may_write(user_id: int, bot: Bot) -> bool:
    """Whether the bot may write to somebody in private."""
    try:
        await bot.send_chat_action(user_id, ChatAction.TYPING)
    except TelegramAPIError as error:
        if is_gone(error):
            return False
        raise
    return True
