"""Whether a message in a group is for the bot."""

from aiogram.types import Message, User


def is_addressed(message: Message, bot: User) -> bool:
    """Whether a message is a command with the bot's name, mentions the bot, or replies to it."""
    replied = message.reply_to_message
    if replied is not None and replied.from_user is not None and replied.from_user.id == bot.id:
        return True
    text, name = message.text or message.caption or "", f"@{bot.username}".lower()
    for entity in message.entities or message.caption_entities or ():
        words = entity.extract_from(text).lower()
        if entity.type == "bot_command" and words.endswith(name):
            return True
        if entity.type == "mention" and words == name:
            return True
        if entity.type == "text_mention" and entity.user is not None and entity.user.id == bot.id:
            return True
    return False
