"""Parts of messages: text, captions, media, replies, forwards. They are checked as in Telegram."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from aiogram.client.default import Default
from aiogram.types import (
    BufferedInputFile,
    Document,
    InputFile,
    Message,
    MessageEntity,
    MessageOriginHiddenUser,
    MessageOriginUser,
    PhotoSize,
    ReplyParameters,
    TextQuote,
)

from bot.sandbox.chats import Conversation
from bot.sandbox.entities import CAPTION_LIMIT, TEXT_LIMIT, format_text, utf16_length
from bot.sandbox.errors import ApiError, bad_request
from bot.sandbox.files import NotAPhoto, renditions
from bot.sandbox.rich_blocks import rich_callback_data
from bot.sandbox.state import World

PHOTO_LIMIT = 10 * 1024 * 1024
DOCUMENT_LIMIT = 50 * 1024 * 1024
MEDIA = ("photo", "live_photo", "document", "voice", "video", "sticker", "animation")
CONTENT = ("text", "entities", "caption", "caption_entities", "rich_message", *MEDIA)

ParseMode = str | Default | None
Kind = TypeVar("Kind")


def text_content(text: str, mode: ParseMode, entities: Sequence[MessageEntity] | None) -> dict[str, Any]:
    """The fields of a text message. Raises: ApiError on bad markup, no text, over 4,096 UTF-16 units."""
    plain, found = format_text(text, mode, entities)
    if not plain:
        raise bad_request("message text is empty")
    if utf16_length(plain) > TEXT_LIMIT:
        raise bad_request("message is too long")
    return {"text": plain, "entities": found or None}


def caption_content(caption: str | None, mode: ParseMode, entities: Sequence[MessageEntity] | None) -> dict[str, Any]:
    """The fields of a caption; an empty one is None. Raises: ApiError on bad markup, over 1,024 UTF-16 units."""
    plain, found = format_text(caption or "", mode, entities)
    if utf16_length(plain) > CAPTION_LIMIT:
        raise bad_request("message caption is too long")
    return {"caption": plain or None, "caption_entities": found or None}


def placed(conversation: Conversation, thread_id: int | None, reply: ReplyParameters | None) -> dict[str, Any]:
    """The fields with a message's position in the chat: its topic, and what it replies to or quotes.

    Raises: ApiError if there is no such topic, message, or quoted text.
    """
    target = None
    if reply is not None and reply.message_id is not None:
        target = conversation.messages.get(reply.message_id)
        if target is None and reply.allow_sending_without_reply is not True:
            raise bad_request("message to be replied not found")
    thread = conversation.thread(thread_id, target)
    if thread and conversation.topic(thread["message_thread_id"]).closed:
        raise bad_request("TOPIC_CLOSED")
    if target is None:
        return thread
    quote = quoted(target, format_text(reply.quote, None, None)[0] if reply and reply.quote else None)
    # The message to which that message replied is left out.
    return {**thread, "reply_to_message": target.model_copy(update={"reply_to_message": None}), "quote": quote}


def quoted(target: Message, words: str | None) -> TextQuote | None:
    """A quote of a message. Raises: ApiError if the message does not have this text."""
    if words is None:
        return None
    text = target.text or target.caption or ""
    place = text.find(words)
    if place < 0:
        raise bad_request("QUOTE_TEXT_INVALID")
    return TextQuote(text=words, position=utf16_length(text[:place]), is_manual=True)


def forwarded(source: Message, *, hidden: bool = False) -> dict[str, Any]:
    """The fields of a forwarded message: its content and its origin.

    `hidden`: the sender shows only the name, not the account.
    """
    fields: dict[str, Any] = {name: getattr(source, name) for name in CONTENT}
    if source.forward_origin is not None:
        return {**fields, "forward_origin": source.forward_origin}
    if source.from_user is None:
        return fields
    origin = (
        MessageOriginHiddenUser(date=source.date, sender_user_name=source.from_user.full_name)
        if hidden
        else MessageOriginUser(date=source.date, sender_user=source.from_user)
    )
    return {**fields, "forward_origin": origin}


def callback_data(message: Message) -> list[str]:
    """The callback data of a message's buttons, in reading order."""
    rows = message.reply_markup.inline_keyboard if message.reply_markup else []
    data = [button.callback_data for row in rows for button in row if button.callback_data is not None]
    return data + (rich_callback_data(message.rich_message) if message.rich_message else [])


async def photo(world: World, source: str | InputFile) -> tuple[PhotoSize, ...]:
    """A photo, uploaded or by `file_id`. Raises: ApiError over 10 MB, if it is no image, or on another kind."""
    if not isinstance(source, BufferedInputFile):
        return _known(world, source, tuple, "Photo")
    if not source.data:
        raise bad_request("file must be non-empty")
    if len(source.data) > PHOTO_LIMIT:
        raise bad_request(
            f"file of size {len(source.data)} bytes is too big for a photo; the maximum size is {PHOTO_LIMIT} bytes"
        )
    try:
        sizes = await renditions(source.data, from_bot=True)
    except NotAPhoto as error:
        raise bad_request(str(error)) from None
    return world.files.add_photo(sizes)


async def document(world: World, source: str | InputFile) -> Document:
    """A document, uploaded or by `file_id`. Raises: ApiError over 50 MB, if it is empty, or on another kind."""
    if not isinstance(source, BufferedInputFile):
        return _known(world, source, Document, "Document")
    if not source.data:
        raise bad_request("file must be non-empty")
    if len(source.data) > DOCUMENT_LIMIT:
        raise ApiError(413, "Request Entity Too Large")
    return world.files.add_document(source.data, source.filename or "file")


def _known(world: World, source: object, kind: type[Kind], name: str) -> Kind:
    if not isinstance(source, str):
        raise bad_request("wrong file identifier/HTTP URL specified")
    if source.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    media = world.files.get(source).media
    if not isinstance(media, kind):
        raise bad_request(f"can't use file of type {type(media).__name__} as {name}")
    return media
