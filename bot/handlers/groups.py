"""Groups: whoever speaks to the bot there learns that it answers in private."""

from aiogram import Bot, F, Router
from aiogram.enums import ChatType
from aiogram.types import Message
from aiogram.utils.i18n import gettext as _


def setup() -> Router:
    router = Router(name="groups")
    router.message.filter(F.chat.type != ChatType.PRIVATE)
    router.message.register(refer)
    return router


async def refer(message: Message, bot: Bot) -> None:
    # What is said of a photo is health data, and a group is no place for it.
    me = await bot.me()
    text = _("I answer in private only: what I say about a photo is nobody else's business. Write to me: {link}")
    await message.reply(text.format(link=f"https://t.me/{me.username}"))
