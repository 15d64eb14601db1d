"""Rich messages, and drafts, which a bot shows while it is still writing."""

from __future__ import annotations

from typing import Any

from aiogram.methods import SendMessageDraft, SendRichMessage, SendRichMessageDraft
from aiogram.types import InputMediaDocument, InputMediaPhoto, InputRichMessage, Message, RichMessage

from bot.sandbox.chats import PrivateChat
from bot.sandbox.entities import TEXT_LIMIT, format_text, utf16_length
from bot.sandbox.errors import bad_request
from bot.sandbox.methods import content
from bot.sandbox.methods.messages import reach, send
from bot.sandbox.methods.registry import Registry
from bot.sandbox.rich_blocks import read_rich_message
from bot.sandbox.state import World, dump

methods = Registry()


async def rich_message(world: World, asked: InputRichMessage, *, draft: bool = False) -> RichMessage:
    """The rich message, with its photos and files stored. Raises: ApiError 400."""

    async def upload(media: InputMediaPhoto | InputMediaDocument) -> Any:
        if isinstance(media, InputMediaPhoto):
            return list(await content.photo(world, media.media))
        return await content.document(world, media.media)

    return await read_rich_message(asked, upload, draft=draft)


@methods.handles(SendRichMessage)
async def send_rich_message(world: World, asked: SendRichMessage) -> Message:
    conversation = reach(world, asked.chat_id)
    return send(world, conversation, {"rich_message": await rich_message(world, asked.rich_message)}, asked)


@methods.handles(SendMessageDraft)
async def send_message_draft(world: World, asked: SendMessageDraft) -> bool:
    text, entities = format_text(asked.text or "", asked.parse_mode, asked.entities)
    if utf16_length(text) > TEXT_LIMIT:
        raise bad_request("message is too long")
    return _show(world, asked, {"text": text, "entities": [dump(entity) for entity in entities]})


@methods.handles(SendRichMessageDraft)
async def send_rich_message_draft(world: World, asked: SendRichMessageDraft) -> bool:
    rich = await rich_message(world, asked.rich_message, draft=True)
    return _show(world, asked, {"rich_message": dump(rich)})


def _show(world: World, asked: SendMessageDraft | SendRichMessageDraft, shown: dict[str, Any]) -> bool:
    if asked.draft_id == 0:
        raise bad_request("draft_id must be non-zero")
    conversation = world.reachable(asked.chat_id)
    if not isinstance(conversation, PrivateChat):
        raise bad_request("TEXTDRAFT_PEER_INVALID")
    if asked.message_thread_id is not None:
        conversation.topic(asked.message_thread_id)
    conversation.draft = {
        "draft_id": asked.draft_id,
        "message_thread_id": asked.message_thread_id,
        "can_stop": bool(asked.can_stop),
        "keep_on_stop": bool(asked.keep_on_stop),
        **shown,
    }
    world.events.publish("draft", conversation.id, {"draft": conversation.draft})
    return True
