"""Parses Telegram's answers, even if aiogram does not know a part of them.

Telegram may add fields and kinds of content at any time, and may leave out mandatory ones. aiogram validates an answer
as a whole, so one bad update would stop all updates for ever. Here each update is parsed separately. From one that
cannot be parsed, only a photo or a file is used. A message that confirms a call is reduced to what the bot needs.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final

from aiogram import Bot
from aiogram.enums import ChatType
from aiogram.methods.base import TelegramMethod
from aiogram.types import Message, TelegramObject, Update
from pydantic import ValidationError

logger = logging.getLogger(__name__)

LARGEST_NUMBER: Final = 2**63 - 1
"""Telegram's ids and times fit into 63 bits, and so do the database's."""

# These fields are enough to answer a photo. Other parts of a message cannot prevent an answer.
NEEDED: Final = (
    "message_id",
    "date",
    "media_group_id",
    "message_thread_id",
    "is_topic_message",
    "photo",
    "live_photo",
    "document",
    "animation",
)


def parse_updates(raw: list[Any], bot: Bot) -> list[Update]:
    """Parse the updates of one getUpdates call, one by one.

    Returns:
        One update for each one with an id, in the same order. An update that cannot be parsed has a photo or file if
        there is one in it. Otherwise it has only its id, so that it is confirmed and does not come again.
    """
    return [update for each in raw if (update := _parse_update(each, bot)) is not None]


def parse_message(raw: Any, method: TelegramMethod[Any], bot: Bot) -> Message:
    """Parse the message that confirms a call, or reduce it if it cannot be parsed completely.

    If even its number cannot be parsed, the number is 0, because the message is in the chat and must not be sent again.
    """
    try:
        return Message.model_validate(raw, context={"bot": bot})
    except ValidationError as error:
        logger.warning("%s is confirmed in a way that cannot be parsed: %s", type(method).__name__, fields(error))
    chat = {"id": getattr(method, "chat_id", None) or 0, "type": ChatType.PRIVATE}
    try:
        return Message.model_validate({"chat": chat, **_reduced(raw)}, context={"bot": bot})
    except ValidationError:
        return Message.model_validate({"chat": chat, "message_id": 0, "date": 0}, context={"bot": bot})


def fields(error: ValidationError) -> str:
    """Which fields cannot be parsed and why, without their content, which is personal data."""
    found = {".".join(map(str, each["loc"])) + f" ({each['type']})" for each in error.errors(include_input=False)}
    # A message is tried as each kind of message.
    return ", ".join(sorted(found)[:5])


def _parse_update(raw: Any, bot: Bot) -> Update | None:
    try:
        update = Update.model_validate(raw, context={"bot": bot})
        if _fits(update):
            return update
        reason = "a number over 63 bits"
    except ValidationError as error:
        reason = fields(error)
    number = raw.get("update_id") if isinstance(raw, Mapping) else None
    if not isinstance(number, int):
        logger.warning("an update without an id is skipped")
        return None
    message = _salvaged(raw.get("message"), bot)
    logger.warning("update %d cannot be parsed%s: %s", number, "" if message is None else ", except for a file", reason)
    return Update(update_id=number, message=message)


def _salvaged(raw: Any, bot: Bot) -> Message | None:
    """The photo or file in a message that cannot be parsed completely, or None."""
    if not isinstance(raw, Mapping) or not (raw.get("photo") or raw.get("live_photo") or raw.get("document")):
        return None
    try:
        message = Message.model_validate(_reduced(raw), context={"bot": bot})
    except ValidationError:
        return None
    return message if _fits(message) and message.from_user is not None else None


def _reduced(raw: Any) -> dict[str, Any]:
    """The fields for an answer to a photo: the message's numbers, its file, its chat and its sender without names."""
    if not isinstance(raw, Mapping):
        return {}
    reduced = {name: raw[name] for name in NEEDED if name in raw}
    chat, sender = raw.get("chat"), raw.get("from")
    if isinstance(chat, Mapping):
        reduced["chat"] = {name: chat[name] for name in ("id", "type") if name in chat}
    if isinstance(sender, Mapping):
        known = {name: sender[name] for name in ("id", "is_bot", "language_code") if name in sender}
        reduced["from"] = {"is_bot": False, "first_name": "", **known}
    return reduced


def _fits(value: Any) -> bool:
    """Whether all numbers in a parsed object fit into the database. Telegram may send a number as text."""
    if isinstance(value, TelegramObject):
        return all(_fits(getattr(value, name)) for name in type(value).model_fields)
    if isinstance(value, list):
        return all(map(_fits, value))
    return not isinstance(value, int) or abs(value) <= LARGEST_NUMBER
