"""Features that older Bot API servers lack, and how to do without them."""

import re
from collections.abc import Awaitable
from typing import Any, TypeVar

from aiogram.exceptions import TelegramBadRequest, TelegramNotFound
from aiogram.methods import TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot.telegram.gone import is_gone

T = TypeVar("T")

_DATE = re.compile(r"</?tg-time[^>]*>")
_SIGNS = ("can't parse entities", "inline keyboard", "button")


async def if_spoken(call: Awaitable[T]) -> T | None:
    """The result of a call, or None if the server does not know the method or this form of it."""
    try:
        return await call
    except (TelegramNotFound, TelegramBadRequest) as error:
        if is_gone(error):
            raise
        return None


def plainer(method: TelegramMethod[TelegramType], error: TelegramBadRequest) -> TelegramMethod[TelegramType] | None:
    """A refused call without dates in the reader's time zone, and without buttons that copy a text or open a Mini App.

    None if the refusal has another reason.
    """
    if not any(sign in error.message.lower() for sign in _SIGNS):
        return None
    changes: dict[str, Any] = {}
    for name in ("text", "caption"):
        said = getattr(method, name, None)
        if isinstance(said, str) and _DATE.search(said):
            changes[name] = _DATE.sub("", said)
    markup = getattr(method, "reply_markup", None)
    if isinstance(markup, InlineKeyboardMarkup):
        rows = [[each for each in row if not _is_newer(each)] for row in markup.inline_keyboard]
        if rows != markup.inline_keyboard:
            changes["reply_markup"] = InlineKeyboardMarkup(inline_keyboard=[row for row in rows if row])
    return method.model_copy(update=changes) if changes else None


def _is_newer(button: InlineKeyboardButton) -> bool:
    return button.copy_text is not None or button.web_app is not None
