"""A separate topic for a mole, if the private chat has topics. The mole's card offers it."""

from aiogram import F, Router
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import CallbackQuery
from aiogram.utils.i18n import gettext as _

from bot.handlers.moles import card_buttons
from bot.handlers.owned import owned_mole
from bot.moles import wording
from bot.moles.buttons import Act, OfMole
from bot.moles.service import MoleService
from bot.telegram.client import RetryingBot
from storage.database import Database
from storage.records import User


def setup() -> Router:
    router = Router(name="mole topics")
    router.callback_query.register(open_topic, OfMole.filter(F.act == Act.TOPIC))
    return router


async def open_topic(
    callback: CallbackQuery,
    callback_data: OfMole,
    user: User,
    database: Database,
    bot: RetryingBot,
    mole_service: MoleService,
) -> None:
    """Create a topic with the mole's name and card. Messages and buttons there are answered there."""
    mole = await owned_mole(callback, callback_data.mole_id, user, database)
    if mole is None:
        return
    try:
        made = await bot.create_forum_topic(user.id, mole.name)
    except TelegramBadRequest:
        await callback.answer(_("This chat has no topics."), show_alert=True)
        return
    await callback.answer()
    standing = await mole_service.standing(mole)
    text = wording.card(mole, standing, await database.reminders.get(mole.id))
    thread = made.message_thread_id
    await bot.send_message(user.id, text, message_thread_id=thread, reply_markup=card_buttons(mole, standing))
