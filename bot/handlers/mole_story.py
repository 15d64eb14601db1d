"""All photos of a mole in order, with a table: as a rich message, or as an album and a text."""

from aiogram import F, Router
from aiogram.types import CallbackQuery, InputMediaPhoto
from aiogram.utils.i18n import gettext as _

from bot.handlers.owned import owned_mole
from bot.moles import story
from bot.moles.buttons import Act, OfMole
from bot.moles.service import MoleService
from bot.telegram.client import RetryingBot
from bot.telegram.newer import if_spoken
from bot.ui.buttons import keyboard, say, topic
from storage.database import Database
from storage.records import User


def setup() -> Router:
    router = Router(name="mole story")
    router.callback_query.register(tell, OfMole.filter(F.act == Act.STORY))
    return router


async def tell(
    callback: CallbackQuery,
    callback_data: OfMole,
    user: User,
    database: Database,
    bot: RetryingBot,
    mole_service: MoleService,
) -> None:
    mole = await owned_mole(callback, callback_data.mole_id, user, database)
    if mole is None:
        return
    await callback.answer()
    standing = await mole_service.standing(mole)
    buttons = keyboard([(_("Open this mole"), OfMole(act=Act.OPEN, mole_id=mole.id).pack())])
    thread = topic(callback.message)
    content = story.rich(mole, standing)
    if await if_spoken(bot.send_rich_message(user.id, content, message_thread_id=thread, reply_markup=buttons)):
        return
    album = [InputMediaPhoto(media=picture, caption=day) for picture, day in story.pictures(standing)]
    if len(album) > 1:
        # The text is sent even if Telegram has lost a picture.
        await if_spoken(bot.send_media_group(user.id, list(album), message_thread_id=thread))
    await say(callback, bot, story.plain(mole, standing), buttons)
