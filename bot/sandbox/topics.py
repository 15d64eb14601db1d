"""Topics of a forum, or of a private chat if the bot has enabled them."""

from __future__ import annotations

from aiogram.types import ForumTopicCreated, Message, User

from bot.sandbox.chats import Conversation, Group, Topic
from bot.sandbox.errors import bad_request
from bot.sandbox.state import World

COLOURS = (0x6FB9F0, 0xFFD67E, 0xCB86DB, 0x8EEE98, 0xFF93B2, 0xFB6F5F)
NAME_LENGTHS = range(1, 129)


def has_topics(world: World, chat: Conversation) -> bool:
    """Whether a chat can have topics."""
    return chat.forum if isinstance(chat, Group) else bool(world.bot.has_topics_enabled)


def open_topic(
    world: World, chat: Conversation, by: User, name: str, colour: int | None = None, emoji: str | None = None
) -> tuple[Topic, Message]:
    """Opens a topic. Its number is that of its service message.

    Raises: ApiError 400 if the chat cannot have topics, or on a bad name or colour.
    """
    if not has_topics(world, chat):
        raise bad_request("the chat is not a forum")
    if len(name) not in NAME_LENGTHS:
        raise bad_request("TOPIC_TITLE_EMPTY" if not name else "topic name is too long")
    if colour is not None and colour not in COLOURS:
        raise bad_request("invalid forum topic icon color specified")
    shown = COLOURS[0] if colour is None else colour
    number = world.next_number()
    topic = chat.topics[number] = Topic(number, name, shown, emoji)
    created = ForumTopicCreated(name=name, icon_color=shown, icon_custom_emoji_id=emoji)
    message = world.post(chat, by, {**chat.thread(number, None), "forum_topic_created": created}, number)
    return topic, message
