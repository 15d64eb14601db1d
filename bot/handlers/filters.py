"""Filters that more than one router uses."""

from aiogram.types import CallbackQuery, Message

from bot.operator.access import Access
from storage.staff import Role


async def is_admin(event: Message | CallbackQuery, access: Access) -> bool:
    """Whether an administrator or an owner writes or presses a button, in private.

    A group must not see what only they see.
    """
    return _may(event, access, Role.ADMIN)


async def is_owner(event: Message | CallbackQuery, access: Access) -> bool:
    """The same for owners alone."""
    return _may(event, access, Role.OWNER)


def _may(event: Message | CallbackQuery, access: Access, needed: Role) -> bool:
    message = event if isinstance(event, Message) else event.message
    private = message is not None and message.chat.type == "private"
    return private and event.from_user is not None and access.may(event.from_user.id, needed)
