"""Groups: the bot says there that it answers only in private."""

from functools import partial

from aiogram import Bot, F, Router
from aiogram.enums import ChatType
from aiogram.types import Message
from aiogram.utils.i18n import gettext as _

from storage.database import Database
from storage.retry import until_stored


def setup() -> Router:
    router = Router(name="groups")
    router.message.filter(F.chat.type != ChatType.PRIVATE)
    router.message.register(migrated, F.migrate_to_chat_id)
    router.message.register(refer)
    return router


async def migrated(message: Message, database: Database) -> None:
    """A group became a supergroup and has a new number."""
    if message.migrate_to_chat_id is not None:
        await until_stored(partial(database.chats.move, message.chat.id, message.migrate_to_chat_id))


async def refer(message: Message, bot: Bot) -> None:
    # An answer to a photo is health data and does not belong in a group.
    me = await bot.me()
    text = _("I answer in private only: what I say about a photo is nobody else's business. Write to me: {link}")
    await message.reply(text.format(link=f"https://t.me/{me.username}"))
