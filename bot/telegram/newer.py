"""Features that older Bot API servers lack, and how to do without them."""

import re
from collections.abc import Awaitable
from typing import Any, TypeVar

from aiogram.exceptions import TelegramBadRequest, TelegramNotFound
from aiogram.methods import TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import InlineKeyboardMarkup

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
    """A refused call, changed to have no dates in the reader's time zone and no buttons that copy a text.

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
    if isinstance(markup, InlineKeyboardMarkup) and any(
        each.copy_text for row in markup.inline_keyboard for each in row
    ):
        rows = [[each for each in row if each.copy_text is None] for row in markup.inline_keyboard]
        changes["reply_markup"] = InlineKeyboardMarkup(inline_keyboard=[row for row in rows if row])
    return method.model_copy(update=changes) if changes else None
