"""Sending: texts, photos, documents, albums, copies, forwards, and the chat action before them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from typing import Any, Protocol

from aiogram.enums import ChatAction
from aiogram.methods import (
    CopyMessage,
    ForwardMessage,
    SendChatAction,
    SendDocument,
    SendMediaGroup,
    SendMessage,
    SendPhoto,
)
from aiogram.types import (
    InputMediaDocument,
    InputMediaPhoto,
    Message,
    MessageId,
    ReplyParameters,
)

from bot.sandbox.chats import Conversation
from bot.sandbox.errors import bad_request
from bot.sandbox.keyboards import show_keyboard
from bot.sandbox.methods import content
from bot.sandbox.methods.registry import Registry
from bot.sandbox.state import World, dump

methods = Registry()
ALBUM_SIZES = range(2, 11)


def reach(world: World, chat_id: int | str, messages: int = 1) -> Conversation:
    """The chat to which this many messages go now. Raises: ApiError if the bot may not write there, or not so fast."""
    conversation = world.reachable(chat_id)
    world.flood.admit(conversation.id, messages, asyncio.get_running_loop().time())
    return conversation


class _Placed(Protocol):
    """The common fields of all methods that send one message."""

    @property
    def message_thread_id(self) -> int | None: ...

    @property
    def reply_parameters(self) -> ReplyParameters | None: ...

    @property
    def reply_markup(self) -> object: ...


def send(world: World, conversation: Conversation, fields: dict[str, Any], asked: _Placed) -> Message:
    """Posts the message in its place, with its keyboard. Raises: ApiError."""
    fields |= content.placed(conversation, asked.message_thread_id, asked.reply_parameters)
    before = conversation.keyboard
    fields["reply_markup"] = show_keyboard(conversation, asked.reply_markup)
    if conversation.keyboard != before:
        shown = dump(conversation.keyboard) if conversation.keyboard is not None else None
        world.events.publish("keyboard", conversation.id, {"keyboard": shown})
    return world.post(conversation, world.bot, fields)


@methods.handles(SendMessage)
async def send_message(world: World, asked: SendMessage) -> Message:
    conversation = reach(world, asked.chat_id)
    fields = content.text_content(asked.text, asked.parse_mode, asked.entities)
    return send(world, conversation, fields, asked)


@methods.handles(SendPhoto)
async def send_photo(world: World, asked: SendPhoto) -> Message:
    conversation = reach(world, asked.chat_id)
    fields = content.caption_content(asked.caption, asked.parse_mode, asked.caption_entities)
    fields["photo"] = list(await content.photo(world, asked.photo))
    return send(world, conversation, fields, asked)


@methods.handles(SendDocument)
async def send_document(world: World, asked: SendDocument) -> Message:
    conversation = reach(world, asked.chat_id)
    fields = content.caption_content(asked.caption, asked.parse_mode, asked.caption_entities)
    fields["document"] = await content.document(world, asked.document)
    return send(world, conversation, fields, asked)


@methods.handles(SendMediaGroup)
async def send_media_group(world: World, asked: SendMediaGroup) -> list[Message]:
    if len(asked.media) not in ALBUM_SIZES:
        few = "few" if len(asked.media) < ALBUM_SIZES.start else "many"
        raise bad_request(f"too {few} messages to send as an album")
    conversation = reach(world, asked.chat_id, len(asked.media))
    # Everything is checked before anything is sent, so an album goes out completely or not at all.
    parts = await _album_parts(world, asked.media)
    place = content.placed(conversation, asked.message_thread_id, asked.reply_parameters)
    group = secrets.token_hex(8)
    return [world.post(conversation, world.bot, {**fields, **place, "media_group_id": group}) for fields in parts]


async def _album_parts(world: World, album: Sequence[object]) -> list[dict[str, Any]]:
    if len({type(item) for item in album}) > 1:
        raise bad_request("document can't be mixed with other media types")
    return [await album_part(world, item) for item in album]


async def album_part(world: World, item: object) -> dict[str, Any]:
    """The fields of a message with this photo or document. Raises: ApiError."""
    if isinstance(item, InputMediaPhoto):
        fields = content.caption_content(item.caption, item.parse_mode, item.caption_entities)
        return {**fields, "photo": list(await content.photo(world, item.media)), "document": None}
    if isinstance(item, InputMediaDocument):
        fields = content.caption_content(item.caption, item.parse_mode, item.caption_entities)
        return {**fields, "document": await content.document(world, item.media), "photo": None}
    raise bad_request("the sandbox sends photos and documents only")


@methods.handles(CopyMessage)
async def copy_message(world: World, asked: CopyMessage) -> MessageId:
    source = world.conversation(asked.from_chat_id).message(asked.message_id, "message to copy not found")
    conversation = reach(world, asked.chat_id)
    fields: dict[str, Any] = {name: getattr(source, name) for name in content.CONTENT}
    if asked.caption is not None:
        fields |= content.caption_content(asked.caption, asked.parse_mode, asked.caption_entities)
    sent = send(world, conversation, fields, asked)
    return MessageId(message_id=sent.message_id)


@methods.handles(ForwardMessage)
async def forward_message(world: World, asked: ForwardMessage) -> Message:
    source = world.conversation(asked.from_chat_id).message(asked.message_id, "message to forward not found")
    conversation = reach(world, asked.chat_id)
    fields = content.forwarded(source)
    return world.post(
        conversation, world.bot, {**fields, **content.placed(conversation, asked.message_thread_id, None)}
    )


@methods.handles(SendChatAction)
async def send_chat_action(world: World, asked: SendChatAction) -> bool:
    conversation = world.reachable(asked.chat_id)
    if asked.action not in {action.value for action in ChatAction}:
        raise bad_request("wrong parameter action in request")
    if asked.message_thread_id is not None:
        conversation.topic(asked.message_thread_id)
    world.events.publish("action", conversation.id, {"action": asked.action})
    return True
