"""Filters that more than one router uses."""

from aiogram.types import CallbackQuery, Message

from bot.settings import Settings


async def is_admin(event: Message | CallbackQuery, settings: Settings) -> bool:
    """Whether one of ADMIN_IDS writes or presses a button, in private: a group must not see what only they see."""
    message = event if isinstance(event, Message) else event.message
    private = message is not None and message.chat.type == "private"
    return private and event.from_user is not None and event.from_user.id in settings.admin_ids
