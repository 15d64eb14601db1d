"""Sending: texts, photos, documents, albums, copies, and the chat action before them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from typing import Any

from aiogram.enums import ChatAction
from aiogram.methods import (
    CopyMessage,
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

from bot.sandbox.errors import bad_request
from bot.sandbox.methods import content
from bot.sandbox.methods.registry import Registry
from bot.sandbox.state import Conversation, World

methods = Registry()
ALBUM_SIZES = range(2, 11)


def _reach(world: World, chat_id: int | str, messages: int = 1) -> Conversation:
    conversation = world.reachable(chat_id)
    world.flood.admit(conversation.user.id, messages, asyncio.get_running_loop().time())
    return conversation


def _send(
    world: World,
    conversation: Conversation,
    fields: dict[str, Any],
    reply: ReplyParameters | None,
    markup: object,
) -> Message:
    fields["reply_markup"] = content.keyboard(markup)
    fields["reply_to_message"] = content.replied(conversation, reply)
    return world.post(conversation, world.bot, fields)


@methods.handles(SendMessage)
async def send_message(world: World, asked: SendMessage) -> Message:
    conversation = _reach(world, asked.chat_id)
    fields = content.text_content(asked.text, asked.parse_mode, asked.entities)
    return _send(world, conversation, fields, asked.reply_parameters, asked.reply_markup)


@methods.handles(SendPhoto)
async def send_photo(world: World, asked: SendPhoto) -> Message:
    conversation = _reach(world, asked.chat_id)
    fields = content.caption_content(asked.caption, asked.parse_mode, asked.caption_entities)
    fields["photo"] = list(await content.photo(world, asked.photo))
    return _send(world, conversation, fields, asked.reply_parameters, asked.reply_markup)


@methods.handles(SendDocument)
async def send_document(world: World, asked: SendDocument) -> Message:
    conversation = _reach(world, asked.chat_id)
    fields = content.caption_content(asked.caption, asked.parse_mode, asked.caption_entities)
    fields["document"] = await content.document(world, asked.document)
    return _send(world, conversation, fields, asked.reply_parameters, asked.reply_markup)


@methods.handles(SendMediaGroup)
async def send_media_group(world: World, asked: SendMediaGroup) -> list[Message]:
    if len(asked.media) not in ALBUM_SIZES:
        few = "few" if len(asked.media) < ALBUM_SIZES.start else "many"
        raise bad_request(f"too {few} messages to send as an album")
    conversation = _reach(world, asked.chat_id, len(asked.media))
    # Everything is checked before anything is sent: an album goes out whole or not at all.
    parts = await _album_parts(world, asked.media)
    reply = content.replied(conversation, asked.reply_parameters)
    group = secrets.token_hex(8)
    return [
        world.post(conversation, world.bot, {**fields, "media_group_id": group, "reply_to_message": reply})
        for fields in parts
    ]


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
    conversation = _reach(world, asked.chat_id)
    kept = ("text", "entities", "photo", "document", "voice", "video", "sticker", "animation")
    fields: dict[str, Any] = {name: getattr(source, name) for name in kept}
    if asked.caption is None:
        fields |= {"caption": source.caption, "caption_entities": source.caption_entities}
    else:
        fields |= content.caption_content(asked.caption, asked.parse_mode, asked.caption_entities)
    sent = _send(world, conversation, fields, asked.reply_parameters, asked.reply_markup)
    return MessageId(message_id=sent.message_id)


@methods.handles(SendChatAction)
async def send_chat_action(world: World, asked: SendChatAction) -> bool:
    conversation = world.reachable(asked.chat_id)
    if asked.action not in {action.value for action in ChatAction}:
        raise bad_request("wrong parameter action in request")
    world.events.publish("action", conversation.user.id, {"action": asked.action})
    return True
