"""Reads a form with a photo, with limits on size, time and number."""

import asyncio
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from starlette.requests import ClientDisconnect, Request

from web.forms import (
    CLOSE,
    MAX_FIELD_BYTES,
    MAX_FILE_BYTES,
    MAX_HEADER_BYTES,
    MAX_PARTS,
    FormParser,
    Part,
    bad_form,
    too_large,
)
from web.problems import Problem

MAX_BODY_BYTES: Final = MAX_FILE_BYTES + MAX_PARTS * (MAX_FIELD_BYTES + 2 * MAX_HEADER_BYTES)
BODY_SECONDS: Final = 120.0
"""Time limit for a body in seconds: 20 MB at 1.4 Mbit/s. A proxy in front should be stricter about pauses."""
AT_ONCE: Final = 32
AT_ONCE_OF_ONE: Final = 4


@dataclass(frozen=True)
class Upload:
    """`photo`: the file's bytes; `name`: its file name at the sender; `fields`: the other fields of the form."""

    photo: bytes
    name: str
    fields: dict[str, str]


class Uploads:
    """Reads forms. It limits how many are read at once, in total and for each owner, to limit memory use."""

    def __init__(self, seconds: float = BODY_SECONDS) -> None:
        self._seconds = seconds
        self._owners: list[Hashable] = []

    async def read(self, request: Request, owner: Hashable, fields: frozenset[str]) -> Upload:
        """The form of a request.

        Args:
            request: with an unread body.
            owner: who sends it.
            fields: allowed field names besides `photo`.

        Raises:
            Problem: it is too large, too slow, not a form, or has other fields.
        """
        parser = FormParser(request.headers.get("content-type", ""))
        if (length := request.headers.get("content-length", "0")).isdecimal() and int(length) > MAX_BODY_BYTES:
            raise too_large()
        with self._place(owner):
            try:
                async with asyncio.timeout(self._seconds):
                    left = MAX_BODY_BYTES
                    async for chunk in request.stream():
                        left -= len(chunk)
                        if left < 0:
                            raise too_large()
                        parser.feed(chunk)
            except TimeoutError:
                detail = "The form took too long to arrive."
                raise Problem(HTTPStatus.REQUEST_TIMEOUT, "too_slow", detail, headers=CLOSE) from None
            except ClientDisconnect:
                raise bad_form("The form ended too early.") from None
        return _checked(parser.finish(), fields)

    @contextmanager
    def _place(self, owner: Hashable) -> Iterator[None]:
        if self._owners.count(owner) >= AT_ONCE_OF_ONE:
            detail = "Send fewer photos at once."
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too_many", detail, retry_after=5, headers=CLOSE)
        if len(self._owners) >= AT_ONCE:
            detail = "Too many photos arrive now."
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "busy", detail, retry_after=5, headers=CLOSE)
        self._owners.append(owner)
        try:
            yield
        finally:
            self._owners.remove(owner)


def _checked(parts: list[Part], allowed: frozenset[str]) -> Upload:
    photos = [part for part in parts if part.name == "photo" and part.filename is not None]
    if len(photos) != 1:
        detail = "The form must have one file named photo."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "no_photo" if not photos else "two_photos", detail)
    fields: dict[str, str] = {}
    for part in parts:
        if part is photos[0]:
            continue
        if part.name not in allowed or part.name in fields or part.filename is not None:
            detail = f"The form may not have this field, or not twice: {part.name[:40]}"
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown_field", detail)
        fields[part.name] = part.content.decode(errors="replace")
    return Upload(bytes(photos[0].content), photos[0].filename or "", fields)
