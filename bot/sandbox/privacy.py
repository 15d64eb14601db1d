"""Privacy mode: which messages of a group reach the bot. It is on by default."""

from __future__ import annotations

from aiogram.types import Message, User

from bot.sandbox.chats import Group

_CONTENT = ("text", "photo", "document", "voice", "video", "sticker", "animation", "live_photo")


def hears(bot: User, group: Group, message: Message) -> bool:
    """Whether the bot gets this message of a group.

    It gets all messages if it is an administrator or privacy mode is off. Otherwise it gets service messages, commands
    that are not for another bot, mentions of it, and replies to it.
    """
    if group.status == "administrator" or bot.can_read_all_group_messages:
        return True
    if all(getattr(message, name) is None for name in _CONTENT):
        return True
    replied = message.reply_to_message
    if replied is not None and replied.from_user is not None and replied.from_user.id == bot.id:
        return True
    return _addressed(bot, message)


def _addressed(bot: User, message: Message) -> bool:
    text = message.text or message.caption or ""
    ours = f"@{bot.username}".lower()
    for entity in message.entities or message.caption_entities or ():
        words = entity.extract_from(text).lower()
        if entity.type == "bot_command" and ("@" not in words or words.endswith(ours)):
            return True
        if entity.type == "mention" and words == ours:
            return True
        if entity.type == "text_mention" and entity.user is not None and entity.user.id == bot.id:
            return True
    return False
