"""Parts that messages are made of, checked as Telegram checks them: captions, keyboards, media, replies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from aiogram.client.default import Default
from aiogram.types import (
    BufferedInputFile,
    Document,
    InlineKeyboardMarkup,
    InputFile,
    Message,
    MessageEntity,
    PhotoSize,
    ReplyParameters,
)

from bot.sandbox.entities import CAPTION_LIMIT, TEXT_LIMIT, format_text, utf16_length
from bot.sandbox.errors import ApiError, bad_request
from bot.sandbox.files import NotAPhoto, renditions
from bot.sandbox.state import Conversation, World

PHOTO_LIMIT = 10 * 1024 * 1024
DOCUMENT_LIMIT = 50 * 1024 * 1024
CALLBACK_DATA_LIMIT = 64
BUTTONS_LIMIT = 100

ParseMode = str | Default | None
Kind = TypeVar("Kind")
_NO_ACTION = "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"


def text_content(text: str, mode: ParseMode, entities: Sequence[MessageEntity] | None) -> dict[str, Any]:
    """The fields of a text message. Raises: ApiError on bad markup, no text, over 4,096 UTF-16 units."""
    plain, found = format_text(text, mode, entities)
    if not plain:
        raise bad_request("message text is empty")
    if utf16_length(plain) > TEXT_LIMIT:
        raise bad_request("message is too long")
    return {"text": plain, "entities": found or None}


def caption_content(caption: str | None, mode: ParseMode, entities: Sequence[MessageEntity] | None) -> dict[str, Any]:
    """The fields of a caption, empty as None. Raises: ApiError on bad markup, over 1,024 UTF-16 units."""
    plain, found = format_text(caption or "", mode, entities)
    if utf16_length(plain) > CAPTION_LIMIT:
        raise bad_request("message caption is too long")
    return {"caption": plain or None, "caption_entities": found or None}


def keyboard(markup: object) -> InlineKeyboardMarkup | None:
    """The inline keyboard, None for an empty one. Raises: ApiError on what Telegram would not take."""
    if markup is None:
        return None
    if not isinstance(markup, InlineKeyboardMarkup):
        raise bad_request("the sandbox shows inline keyboards only")
    buttons = [button for row in markup.inline_keyboard for button in row]
    if len(buttons) > BUTTONS_LIMIT:
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    for button in buttons:
        if not button.text:
            raise bad_request(_NO_ACTION)
        if button.callback_data is not None:
            if not 1 <= len(button.callback_data.encode()) <= CALLBACK_DATA_LIMIT:
                raise bad_request("BUTTON_DATA_INVALID")
        elif button.url is None:
            raise bad_request(_NO_ACTION)
        elif not button.url.startswith(("http://", "https://", "tg://")):
            raise bad_request(f"inline keyboard button URL '{button.url}' is invalid: Wrong HTTP URL")
    return markup if buttons else None


def replied(conversation: Conversation, reply: ReplyParameters | None) -> Message | None:
    """The message replied to, without what it replied to itself. Raises: ApiError where it is not there."""
    if reply is None or reply.message_id is None:
        return None
    found = conversation.messages.get(reply.message_id)
    if found is None:
        if reply.allow_sending_without_reply is True:
            return None
        raise bad_request("message to be replied not found")
    return found.model_copy(update={"reply_to_message": None})


async def photo(world: World, source: str | InputFile) -> tuple[PhotoSize, ...]:
    """A photo uploaded or known by `file_id`. Raises: ApiError over 10 MB, on no image or another kind."""
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
    """A document uploaded or known by `file_id`. Raises: ApiError over 50 MB, when empty, on another kind."""
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
