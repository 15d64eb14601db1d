"""Parses Telegram's HTML, or raises the error with which Telegram answers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

from aiogram.types import MessageEntity

from bot.sandbox.errors import ApiError, bad_request

_SIMPLE = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
}
# Relative, or a day of the week, a date and a time, each short or long. Empty: the text stays unchanged.
DATE_TIME_FORMAT = re.compile(r"r|w?[dD]?[tT]?")
_LINK_SCHEMES = ("http://", "https://", "tg://", "mailto:", "tel:")
_TAG = re.compile(r"<(?P<close>/?)(?P<name>[A-Za-z0-9-]*)(?P<rest>[^<>]*)>")
_ATTRIBUTE = re.compile(r"""\s*([A-Za-z-]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?""")
# Only these are decoded. Any other reference stays unchanged.
_REFERENCE = re.compile(r"&(?:lt|gt|amp|quot|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});")


@dataclass
class _Open:
    tag: str
    kind: str
    start: int
    byte: int
    url: str | None = None
    language: str | None = None
    emoji: str | None = None
    unix_time: int | None = None
    time_format: str | None = None


def parse_html(source: str) -> tuple[str, list[MessageEntity]]:
    """The text without markup, and its entities with offsets in UTF-16 units.

    Raises: ApiError 400 "can't parse entities: ..." with the byte offset of the error.
    """
    pieces: list[str] = []
    length = 0
    stack: list[_Open] = []
    entities: list[MessageEntity] = []
    position = 0
    while position < len(source):
        bracket = source.find("<", position)
        literal = source[position:] if bracket < 0 else source[position:bracket]
        plain = _REFERENCE.sub(lambda match: unescape(match.group()), literal)
        pieces.append(plain)
        length += len(plain.encode("utf-16-le")) // 2
        if bracket < 0:
            break
        byte = len(source[:bracket].encode())
        match = _TAG.match(source, bracket)
        if match is None:
            raise _broken(f"Unclosed start tag at byte offset {byte}")
        name = match["name"].lower()
        if match["close"]:
            _close(name, byte, length, stack, entities)
        else:
            stack.append(_opened(name, match["rest"], length, byte, stack))
        position = match.end()
    if stack:
        raise _broken(f'Can\'t find end tag corresponding to start tag "{stack[-1].tag}"')
    return "".join(pieces), entities


def _opened(name: str, rest: str, start: int, byte: int, stack: list[_Open]) -> _Open:
    attributes = {
        key.lower(): _REFERENCE.sub(lambda match: unescape(match.group()), value.strip("\"'"))
        for key, value in _ATTRIBUTE.findall(rest)
    }
    if name == "code" and stack and stack[-1].tag == "pre" and stack[-1].start == start:
        language = attributes.get("class", "")
        if language.startswith("language-"):
            stack[-1].language = language.removeprefix("language-")
            return _Open(name, "", start, byte)
    if name in _SIMPLE:
        return _Open(name, _SIMPLE[name], start, byte)
    if name == "blockquote":
        kind = "expandable_blockquote" if "expandable" in attributes else "blockquote"
        return _Open(name, kind, start, byte)
    if name == "a":
        url = attributes.get("href", "")
        return _Open(name, "text_link" if url.startswith(_LINK_SCHEMES) else "", start, byte, url=url)
    if name == "tg-emoji":
        return _Open(name, "custom_emoji", start, byte, emoji=attributes.get("emoji-id"))
    if name == "span":
        if attributes.get("class") != "tg-spoiler":
            raise _broken(f'Tag "span" must have class "tg-spoiler" at byte offset {byte}')
        return _Open(name, "spoiler", start, byte)
    if name == "tg-time":
        return _time(attributes, start, byte)
    raise _broken(f'Unsupported start tag "{name}" at byte offset {byte}')


def _time(attributes: dict[str, str], start: int, byte: int) -> _Open:
    unix_time, shown = attributes.get("unix", ""), attributes.get("format", "")
    if not unix_time.isdecimal():
        raise _broken(f'Tag "tg-time" must have a valid attribute "unix" at byte offset {byte}')
    if not DATE_TIME_FORMAT.fullmatch(shown):
        raise _broken(f'Tag "tg-time" has an invalid attribute "format" at byte offset {byte}')
    return _Open("tg-time", "date_time", start, byte, unix_time=int(unix_time), time_format=shown)


def _close(name: str, byte: int, end: int, stack: list[_Open], entities: list[MessageEntity]) -> None:
    if not stack:
        raise _broken(f"Unexpected end tag at byte offset {byte}")
    opened = stack.pop()
    if name and name != opened.tag:
        raise _broken(f'Unmatched end tag at byte offset {byte}, expected "</{opened.tag}>", found "</{name}>"')
    if opened.kind and end > opened.start:
        entities.append(
            MessageEntity(
                type=opened.kind,
                offset=opened.start,
                length=end - opened.start,
                url=opened.url,
                language=opened.language,
                custom_emoji_id=opened.emoji,
                unix_time=opened.unix_time,
                date_time_format=opened.time_format,
            )
        )


def _broken(what: str) -> ApiError:
    return bad_request(f"can't parse entities: {what}")
