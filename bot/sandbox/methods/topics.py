"""Topics that the bot makes and changes, and the bot's membership in a group."""

from __future__ import annotations

from aiogram.methods import (
    CloseForumTopic,
    CreateForumTopic,
    DeleteForumTopic,
    EditForumTopic,
    GetChatMember,
    LeaveChat,
    ReopenForumTopic,
)
from aiogram.types import ForumTopic, ForumTopicClosed, ForumTopicEdited, ForumTopicReopened

from bot.sandbox.chats import Conversation, Group, Topic
from bot.sandbox.errors import bad_request
from bot.sandbox.members import Membership, membership
from bot.sandbox.methods.registry import Registry
from bot.sandbox.state import World
from bot.sandbox.topics import NAME_LENGTHS, open_topic

methods = Registry()


@methods.handles(CreateForumTopic)
async def create_forum_topic(world: World, asked: CreateForumTopic) -> ForumTopic:
    chat = world.reachable(asked.chat_id)
    _check_right(chat)
    topic, _ = open_topic(world, chat, world.bot, asked.name, asked.icon_color, asked.icon_custom_emoji_id)
    return ForumTopic(
        message_thread_id=topic.message_thread_id,
        name=topic.name,
        icon_color=topic.icon_color,
        icon_custom_emoji_id=topic.icon_custom_emoji_id,
    )


@methods.handles(EditForumTopic)
async def edit_forum_topic(world: World, asked: EditForumTopic) -> bool:
    chat, topic = _changeable(world, asked.chat_id, asked.message_thread_id)
    name = topic.name if asked.name is None else asked.name
    emoji = topic.icon_custom_emoji_id if asked.icon_custom_emoji_id is None else asked.icon_custom_emoji_id
    if len(name) not in NAME_LENGTHS:
        raise bad_request("TOPIC_TITLE_EMPTY" if not name else "topic name is too long")
    if (name, emoji) == (topic.name, topic.icon_custom_emoji_id):
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.name, topic.icon_custom_emoji_id = name, emoji
    edited = ForumTopicEdited(name=asked.name, icon_custom_emoji_id=asked.icon_custom_emoji_id)
    world.post(chat, world.bot, {**chat.thread(topic.message_thread_id, None), "forum_topic_edited": edited})
    return True


@methods.handles(CloseForumTopic)
async def close_forum_topic(world: World, asked: CloseForumTopic) -> bool:
    chat, topic = _changeable(world, asked.chat_id, asked.message_thread_id)
    _switch(chat, topic, closed=True)
    world.post(
        chat, world.bot, {**chat.thread(topic.message_thread_id, None), "forum_topic_closed": ForumTopicClosed()}
    )
    return True


@methods.handles(ReopenForumTopic)
async def reopen_forum_topic(world: World, asked: ReopenForumTopic) -> bool:
    chat, topic = _changeable(world, asked.chat_id, asked.message_thread_id)
    _switch(chat, topic, closed=False)
    world.post(
        chat, world.bot, {**chat.thread(topic.message_thread_id, None), "forum_topic_reopened": ForumTopicReopened()}
    )
    return True


@methods.handles(DeleteForumTopic)
async def delete_forum_topic(world: World, asked: DeleteForumTopic) -> bool:
    chat, topic = _changeable(world, asked.chat_id, asked.message_thread_id)
    del chat.topics[topic.message_thread_id]
    there = [number for number, each in chat.messages.items() if each.message_thread_id == topic.message_thread_id]
    world.remove(chat, there)
    return True


@methods.handles(GetChatMember)
async def get_chat_member(world: World, asked: GetChatMember) -> Membership:
    chat = world.conversation(asked.chat_id)
    if asked.user_id == world.bot.id:
        return membership(world.bot, chat.status if isinstance(chat, Group) else "member")
    user = world.person(asked.user_id).user
    there = user.id in chat.members if isinstance(chat, Group) else chat.id == user.id
    return membership(user, "member" if there else "left")


@methods.handles(LeaveChat)
async def leave_chat(world: World, asked: LeaveChat) -> bool:
    chat = world.reachable(asked.chat_id)
    if not isinstance(chat, Group):
        raise bad_request("chat member status can't be changed in private chats")
    chat.status = "left"
    return True


def _changeable(world: World, chat_id: int | str, thread_id: int) -> tuple[Conversation, Topic]:
    chat = world.reachable(chat_id)
    _check_right(chat)
    return chat, chat.topic(thread_id)


def _check_right(chat: Conversation) -> None:
    if isinstance(chat, Group) and chat.forum and chat.status != "administrator":
        raise bad_request("not enough rights to create a topic")


def _switch(chat: Conversation, topic: Topic, *, closed: bool) -> None:
    if not isinstance(chat, Group):
        raise bad_request("the chat is not a forum")
    if topic.closed == closed:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.closed = closed
