"""Chats to which nothing can be sent any more."""

from typing import Final

from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError

# Telegram sends some of these with status 400 and some with 403.
GONE: Final = ("chat not found", "user not found", "peer_id_invalid", "deactivated", "was deleted", "was kicked")


def is_gone(error: BaseException) -> bool:
    """Whether an error means that the chat was deleted, or that its person has blocked the bot."""
    if isinstance(error, TelegramForbiddenError):
        return True
    return isinstance(error, TelegramBadRequest) and any(each in error.message.lower() for each in GONE)
