"""Chats with their messages, topics and button presses, and whether the bot may write."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from aiogram.types import Chat, Message, ReplyKeyboardMarkup, User

from bot.sandbox.errors import ApiError, bad_request, forbidden


@dataclass
class Press:
    """A press of an inline button and, once the bot has sent it, the answer that the person sees."""

    callback_query_id: str
    message_id: int
    data: str
    answered: bool = False
    text: str | None = None
    show_alert: bool = False


@dataclass
class Topic:
    """A topic of a forum or of a private chat. `icon_color` is RGB."""

    message_thread_id: int
    name: str
    icon_color: int
    icon_custom_emoji_id: str | None = None
    closed: bool = False


@dataclass(kw_only=True)
class Conversation:
    """A chat with the bot: private or a group.

    `keyboard` replaces the letters. `draft` is the text that the bot shows while it is writing.
    """

    messages: OrderedDict[int, Message] = field(default_factory=OrderedDict)
    presses: OrderedDict[str, Press] = field(default_factory=OrderedDict)
    topics: dict[int, Topic] = field(default_factory=dict)
    keyboard: ReplyKeyboardMarkup | None = None
    draft: dict[str, Any] | None = None

    @property
    def chat(self) -> Chat:
        """The chat, as messages have it."""
        raise NotImplementedError

    @property
    def id(self) -> int:
        """The chat's id: a person's own, or a negative one for a group."""
        raise NotImplementedError

    def refusal(self) -> ApiError | None:
        """Why the bot may not write here, in Telegram's words; None if it may."""
        raise NotImplementedError

    def message(self, message_id: int | None, missing: str) -> Message:
        """A message of the chat. Raises: ApiError 400 with `missing` if there is no such message."""
        found = self.messages.get(message_id) if message_id is not None else None
        if found is None:
            raise bad_request(missing)
        return found

    def topic(self, thread_id: int) -> Topic:
        """A topic of the chat. Raises: ApiError 400 if there is no such topic."""
        found = self.topics.get(thread_id)
        if found is None:
            raise bad_request("message thread not found")
        return found

    def thread(self, thread_id: int | None, reply: Message | None) -> dict[str, Any]:
        """The fields with the topic of a message. A reply stays in the topic of the message that it replies to.

        Raises: ApiError 400 if there is no such topic.
        """
        if thread_id is None and reply is not None and reply.is_topic_message:
            thread_id = reply.message_thread_id
        if thread_id is None:
            return {}
        self.topic(thread_id)
        return {"message_thread_id": thread_id, "is_topic_message": True}


@dataclass(kw_only=True)
class PrivateChat(Conversation):
    """One person's chat with the bot. `started`: the person has written, so the bot may."""

    user: User
    started: bool = False
    blocked: bool = False
    deleted: bool = False

    @property
    def id(self) -> int:
        return self.user.id

    @property
    def chat(self) -> Chat:
        return Chat(
            id=self.user.id,
            type="private",
            first_name=self.user.first_name,
            last_name=self.user.last_name,
            username=self.user.username,
        )

    def refusal(self) -> ApiError | None:
        if self.deleted:
            return forbidden("user is deactivated")
        if self.blocked:
            return forbidden("bot was blocked by the user")
        return None if self.started else forbidden("bot can't initiate conversation with a user")


@dataclass(kw_only=True)
class Group(Conversation):
    """A group or supergroup. `status` is that of the bot: member, administrator, left or kicked."""

    number: int
    title: str
    members: dict[int, User]
    supergroup: bool = False
    forum: bool = False
    status: str = "member"
    deleted: bool = False
    migrated_to: int | None = None

    @property
    def id(self) -> int:
        return self.number

    @property
    def kind(self) -> str:
        return "supergroup" if self.supergroup else "group"

    @property
    def chat(self) -> Chat:
        return Chat(id=self.number, type=self.kind, title=self.title, is_forum=self.forum or None)

    def refusal(self) -> ApiError | None:
        if self.migrated_to is not None:
            return ApiError(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=self.migrated_to,
            )
        if self.deleted:
            return forbidden("the group chat was deleted")
        if self.status == "kicked":
            return forbidden(f"bot was kicked from the {self.kind} chat")
        return forbidden(f"bot is not a member of the {self.kind} chat") if self.status == "left" else None
