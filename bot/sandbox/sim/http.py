"""Reads requests for the sandbox, and answers in JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import BodyPartReader, web
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.sandbox.errors import ApiError, bad_request

UPLOAD_LIMIT = 64 * 1024 * 1024
CHUNK = 256 * 1024

Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """A body without unknown fields."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Upload:
    """A form: its files as (bytes, name, media type), and its other fields."""

    files: list[tuple[bytes, str, str | None]]
    fields: Mapping[str, str]

    def read(self, model: type[Model]) -> Model:
        """The other fields as a model. Raises: ApiError 400."""
        try:
            return model.model_validate(self.fields)
        except ValidationError as error:
            raise bad_request(str(error)) from None

    def one(self) -> tuple[bytes, str, str | None]:
        """The only file. Raises: ApiError 400 if there are several or none."""
        if len(self.files) != 1:
            raise bad_request("there is no document in the request")
        return self.files[0]


def answering(
    handler: Callable[[web.Request], Awaitable[Any]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A handler that answers with the result of `handler`, or with its ApiError, as JSON."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return web.json_response(await handler(request))
        except ApiError as error:
            return web.json_response({"ok": False, "description": error.description}, status=error.code)

    return answer


def number(request: web.Request) -> int:
    """The id of the person or chat in the path."""
    return int(request.match_info["id"])


async def read(request: web.Request, model: type[Model]) -> Model:
    """The body. Raises: ApiError 400 on another media type or another form."""
    # A foreign page's form could send any other type without a preflight request of the browser.
    if request.content_type != "application/json":
        raise bad_request("the body must be application/json")
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        raise bad_request(str(error)) from None


async def read_upload(request: web.Request) -> Upload:
    """A multipart body. Raises: ApiError 400 on another media type, 413 over 64 MB."""
    if not request.content_type.startswith("multipart/"):
        raise bad_request("the body must be multipart/form-data")
    upload, total = Upload([], fields := {}), 0
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader):
            raise bad_request("can't parse multipart request")
        data = bytearray()
        while chunk := await part.read_chunk(CHUNK):
            data += chunk
            total += len(chunk)
            if total > UPLOAD_LIMIT:
                raise ApiError(413, "Request Entity Too Large")
        if part.filename is not None:
            upload.files.append((bytes(data), part.filename, part.headers.get("Content-Type")))
        elif part.name is not None:
            fields[part.name] = data.decode(errors="replace")
    return upload
