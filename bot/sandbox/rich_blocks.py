"""Rich messages: headings, tables, details, slideshows. Converts the bot's input into the message's form.

It supports blocks, but not the HTML and Markdown forms, sound, video and maps.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, get_args

from aiogram.types import (
    InputMediaDocument,
    InputMediaPhoto,
    InputRichBlock,
    InputRichMessage,
    RichBlockUnion,
    RichMessage,
    RichMessageButton,
)
from aiogram.types.base import TelegramObject

from bot.sandbox.errors import bad_request
from bot.sandbox.keyboards import STYLES, check_callback_data, check_style

TEXT_LIMIT = 32_768
BLOCKS_LIMIT = 500
DEPTH_LIMIT = 16
MEDIA_LIMIT = 50
COLUMNS_LIMIT = 20
BUTTONS_IN_A_ROW = range(1, 9)
UNSUPPORTED = ("map", "animation", "audio", "video", "voice_note")

Upload = Callable[[InputMediaPhoto | InputMediaDocument], Awaitable[Any]]
_MODELS = {kind.model_fields["type"].default: kind for kind in get_args(get_args(RichBlockUnion)[0])}


async def read_rich_message(asked: InputRichMessage, upload: Upload, *, draft: bool = False) -> RichMessage:
    """The message as its reader gets it. `upload` stores a photo or document and returns its part of a block.

    Raises: ApiError 400 over a limit, without content, on an unknown block, or on a block that only a draft may have.
    """
    if len([each for each in (asked.html, asked.markdown, asked.blocks) if each is not None]) > 1:
        raise bad_request("exactly one of html, markdown and blocks must be used")
    if asked.blocks is None and (asked.html or asked.markdown):
        raise bad_request("the sandbox reads rich messages as blocks only")
    if not asked.blocks:
        raise bad_request("RICH_MESSAGE_CONTENT_REQUIRED")
    everything = list(_walk(asked.blocks, 1))
    blocks: list[Any] = [part for part, _ in everything if isinstance(part, InputRichBlock)]
    if len(blocks) > BLOCKS_LIMIT or any(depth > DEPTH_LIMIT for _, depth in everything):
        raise bad_request("rich message has too many blocks")
    if sum(len(part) for part, _ in everything if isinstance(part, str)) > TEXT_LIMIT:
        raise bad_request("rich message is too long")
    if sum(block.type in ("photo", "document") for block in blocks) > MEDIA_LIMIT:
        raise bad_request("rich message has too many media")
    for block in blocks:
        _check(block, draft)
    for part, _ in everything:
        if isinstance(part, RichMessageButton):
            check_style(part.style, (*STYLES, "link"))
            if part.callback_data is not None:
                check_callback_data(part.callback_data)
    return RichMessage(blocks=[await _converted(block, upload) for block in asked.blocks], is_rtl=asked.is_rtl)


def rich_callback_data(message: RichMessage) -> list[str]:
    """The callback data of the buttons in a rich message, in reading order."""
    buttons = [part for part, _ in _walk(message.blocks, 1) if isinstance(part, RichMessageButton)]
    return [button.callback_data for button in buttons if button.callback_data is not None]


def _check(block: Any, draft: bool) -> None:
    if block.type in UNSUPPORTED:
        raise bad_request(f"the sandbox does not show blocks of type {block.type}")
    if block.type == "thinking" and not draft:
        raise bad_request("a thinking block belongs in a draft")
    if block.type == "table" and any(sum(cell.colspan or 1 for cell in row) > COLUMNS_LIMIT for row in block.cells):
        raise bad_request("rich message table has too many columns")
    if block.type == "buttons" and len(block.buttons) not in BUTTONS_IN_A_ROW:
        raise bad_request("wrong number of buttons in a row")


async def _converted(block: Any, upload: Upload) -> Any:
    fields = {name: getattr(block, name) for name in type(block).model_fields}
    if "blocks" in fields:
        fields["blocks"] = [await _converted(each, upload) for each in block.blocks]
    if "items" in fields:
        fields["items"] = [
            {
                **{name: getattr(item, name) for name in type(item).model_fields},
                "label": "•" if item.value is None else f"{item.value}.",
                "blocks": [await _converted(each, upload) for each in item.blocks],
            }
            for item in block.items
        ]
    for name in ("photo", "document"):
        if name in fields:
            fields["has_spoiler"] = getattr(fields[name], "has_spoiler", None)
            fields[name] = await upload(fields[name])
    model = _MODELS[block.type]
    return model.model_validate({name: value for name, value in fields.items() if name in model.model_fields})


def _walk(part: Any, depth: int) -> Iterator[tuple[Any, int]]:
    """Every block, object and string within, each with the depth of its block."""
    if isinstance(part, str):
        yield part, depth
    elif isinstance(part, list):
        for each in part:
            yield from _walk(each, depth)
    elif isinstance(part, TelegramObject):
        yield part, depth
        for name in type(part).model_fields:
            if name in _READ:
                yield from _walk(getattr(part, name), depth + (name == "blocks"))


# Fields with blocks or text, but not file ids and codes.
_READ = frozenset(
    {"blocks", "items", "cells", "text", "caption", "credit", "summary", "button", "buttons", "expression"}
)
