"""Reads an HTTP request of the bot into aiogram's model of the method."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, TypeVar, get_args

from aiogram.methods import TelegramMethod
from aiogram.types import BufferedInputFile, InputFile
from aiogram.types.base import TelegramObject
from aiohttp import BodyPartReader, web
from pydantic import ValidationError

from bot.sandbox.errors import ApiError, bad_request

FILE_LIMIT = 50 * 1024 * 1024
# An album: ten photos of 10 MB, and their captions.
REQUEST_LIMIT = 110 * 1024 * 1024

Method = TypeVar("Method", bound=TelegramMethod[Any])

# Telegram's errors for missing parameters.
_MISSING = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "photo": "there is no photo in the request",
    "document": "there is no document in the request",
    "media": "there is no media in the request",
    "message_id": "message identifier is not specified",
    "file_id": "file_id not specified",
    "action": "wrong parameter action in request",
}
_WHOLE_NUMBER = re.compile(r"-?\d{1,18}")


async def read_form(request: web.Request) -> tuple[dict[str, Any], dict[str, BufferedInputFile]]:
    """Read the parameters and the uploaded files of a request, both by name.

    It reads query strings, JSON, urlencoded and multipart bodies, as Telegram does. Raises: ApiError 413 for a file
    over 50 MB, 400 on a body that cannot be read.
    """
    values: dict[str, Any] = dict(request.query)
    files: dict[str, BufferedInputFile] = {}
    if request.content_type == "multipart/form-data":
        total = 0
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader) or part.name is None:
                raise bad_request("can't parse multipart request")
            data = await _read_part(part, min(FILE_LIMIT, REQUEST_LIMIT - total))
            total += len(data)
            if part.filename is None:
                values[part.name] = data.decode(errors="replace")
            else:
                files[part.name] = BufferedInputFile(data, part.filename)
    elif request.content_type == "application/json":
        try:
            body = await request.json()
        except ValueError:
            raise bad_request("can't parse JSON object") from None
        if not isinstance(body, dict):
            raise bad_request("can't parse JSON object")
        values.update(body)
    elif request.can_read_body:
        values.update({key: value for key, value in (await request.post()).items() if isinstance(value, str)})
    return values, files


async def _read_part(part: BodyPartReader, limit: int) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(256 * 1024):
        data += chunk
        if len(data) > limit:
            raise ApiError(413, "Request Entity Too Large")
    return bytes(data)


def build_method(model: type[Method], values: Mapping[str, Any], files: Mapping[str, BufferedInputFile]) -> Method:
    """The method, checked by aiogram's model. Raises: ApiError 400 that names the wrong parameter."""
    parameters: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if name in files:
            parameters[name] = files[name]
        elif values.get(name) is not None:
            parameters[name] = _read_value(name, values[name], field.annotation, files)
    try:
        return model.model_validate(parameters)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "request"
        if name not in parameters:
            raise bad_request(_MISSING.get(name, f"parameter {name!r} is required")) from None
        raise bad_request(f"can't parse {name.replace('_', ' ')}: {first['msg']}") from None


def describe(method: TelegramMethod[Any]) -> dict[str, Any]:
    """The given parameters, ready for JSON. A file becomes its name and size."""
    return {name: _plain(getattr(method, name)) for name in sorted(method.model_fields_set)}


def _plain(value: Any) -> Any:
    if isinstance(value, BufferedInputFile):
        return f"<{value.filename}, {len(value.data)} bytes>"
    if isinstance(value, TelegramObject):
        return {name: _plain(getattr(value, name)) for name in sorted(value.model_fields_set)}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _read_value(name: str, value: Any, annotation: Any, files: Mapping[str, BufferedInputFile]) -> Any:
    admitted = _admitted(annotation)
    if isinstance(value, str) and any(_is_structured(kind) for kind in admitted):
        try:
            value = json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None
    if isinstance(value, str) and int in admitted and _WHOLE_NUMBER.fullmatch(value):
        return int(value)
    return _attach(value, files)


def _attach(value: Any, files: Mapping[str, BufferedInputFile]) -> Any:
    if isinstance(value, str) and value.startswith("attach://"):
        uploaded = files.get(value.removeprefix("attach://"))
        if uploaded is None:
            raise bad_request("file attachment was not found in the request")
        return uploaded
    if isinstance(value, dict):
        return {key: _attach(item, files) for key, item in value.items()}
    if isinstance(value, list):
        return [_attach(item, files) for item in value]
    return value


def _admitted(annotation: Any) -> set[Any]:
    """The types in a union or an annotated type, lists as `list`."""
    arguments = get_args(annotation)
    if not arguments or getattr(annotation, "__origin__", None) is list:
        return {getattr(annotation, "__origin__", annotation)}
    return set().union(*(_admitted(argument) for argument in arguments if argument is not None))


def _is_structured(kind: Any) -> bool:
    if not isinstance(kind, type) or issubclass(kind, InputFile):
        return False
    return kind is list or issubclass(kind, TelegramObject)
