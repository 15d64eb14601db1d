"""Text and its entities: limits in UTF-16 units, checks, and what Telegram recognises by itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aiogram.client.default import Default
from aiogram.enums import MessageEntityType
from aiogram.types import MessageEntity

from bot.sandbox.errors import bad_request
from bot.sandbox.markup import DATE_TIME_FORMAT, parse_html

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024

_AUTOMATIC = (
    ("url", re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)]")),
    ("email", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("bot_command", re.compile(r"(?<![\w/])/[A-Za-z0-9_]{1,64}(?:@\w+)?(?![\w/])")),
    ("mention", re.compile(r"(?<![\w@./])@[A-Za-z]\w{3,31}")),
    ("hashtag", re.compile(r"(?<![\w#&])#\w*[^\W\d_]\w*")),
)
_NO_LINKS_INSIDE = frozenset({"code", "pre", "text_link", "text_mention"})


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, as every limit and offset of Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def format_text(
    text: str,
    parse_mode: str | Default | None,
    entities: Sequence[MessageEntity] | None,
) -> tuple[str, list[MessageEntity]]:
    """The text as shown and all of its entities, sorted by offset.

    A parse mode has priority over given entities, as in Telegram. White space around the text is removed. Raises:
    ApiError on bad markup, an unknown parse mode, or an entity outside the text.
    """
    mode = parse_mode if isinstance(parse_mode, str) else ""
    if mode.lower() == "html":
        plain, found = parse_html(text)
    elif mode:
        raise bad_request("unsupported parse_mode")
    else:
        plain, found = text, _checked(entities or (), utf16_length(text))
    plain, found = _trimmed(plain, found)
    found = found + _automatic(plain, found)
    return plain, sorted(found, key=lambda entity: (entity.offset, -entity.length))


def _checked(entities: Sequence[MessageEntity], length: int) -> list[MessageEntity]:
    known = {kind.value for kind in MessageEntityType}
    for entity in entities:
        if entity.type not in known:
            raise bad_request(f"can't parse MessageEntity: Unknown entity type {entity.type!r}")
        if entity.offset < 0 or entity.length <= 0 or entity.offset + entity.length > length:
            raise bad_request("ENTITY_BOUNDS_INVALID")
        if entity.type == MessageEntityType.DATE_TIME:
            if entity.unix_time is None:
                raise bad_request("can't parse MessageEntity: Can't find field \"unix_time\"")
            if not DATE_TIME_FORMAT.fullmatch(entity.date_time_format or ""):
                raise bad_request("can't parse MessageEntity: invalid date-time format")
    return list(entities)


def _trimmed(text: str, entities: list[MessageEntity]) -> tuple[str, list[MessageEntity]]:
    lead = utf16_length(text) - utf16_length(text.lstrip())
    text = text.strip()
    length = utf16_length(text)
    kept = []
    for entity in entities:
        start = max(entity.offset - lead, 0)
        end = min(entity.offset + entity.length - lead, length)
        if end > start:
            kept.append(entity.model_copy(update={"offset": start, "length": end - start}))
    return text, kept


def _automatic(text: str, entities: Sequence[MessageEntity]) -> list[MessageEntity]:
    taken = [(e.offset, e.offset + e.length) for e in entities if e.type in _NO_LINKS_INSIDE]
    found = []
    for kind, pattern in _AUTOMATIC:
        for match in pattern.finditer(text):
            start = utf16_length(text[: match.start()])
            end = start + utf16_length(match.group())
            if all(end <= low or start >= high for low, high in taken):
                taken.append((start, end))
                found.append(MessageEntity(type=kind, offset=start, length=end - start))
    return found
