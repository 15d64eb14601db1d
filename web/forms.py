"""Parses multipart/form-data into memory as it arrives, because the framework's parser writes large files to disk."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from web.problems import Problem

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MAX_FILE_BYTES: Final = 20 * 1024 * 1024
MAX_FIELD_BYTES: Final = 4 * 1024
MAX_PARTS: Final = 16
MAX_HEADER_BYTES: Final = 1024
# The rest of an unread body must not count as the next request.
CLOSE: Final = {"Connection": "close"}


@dataclass
class Part:
    """One field of a form; `filename` is None for text."""

    name: str = ""
    filename: str | None = None
    content: bytearray = field(default_factory=bytearray)

    @property
    def limit(self) -> int:
        """The largest allowed size of its content in bytes."""
        return MAX_FIELD_BYTES if self.filename is None else MAX_FILE_BYTES


class FormParser:
    """Parses a form piece by piece.

    Args:
        content_type: the header of the request.

    Raises:
        Problem: the header is not that of a form, or has no boundary.
    """

    def __init__(self, content_type: str) -> None:
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data":
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_a_form", "Send a form as multipart/form-data.")
        if not options.get(b"boundary"):
            raise bad_form("The form has no boundary.")
        callbacks: MultipartCallbacks = {
            "on_part_begin": self._begin,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._named,
            "on_part_data": self._content,
            "on_end": self._end,
        }
        self._parser = MultipartParser(options[b"boundary"], callbacks)
        self._parts: list[Part] = []
        self._header = bytearray()
        self._value = bytearray()
        self._disposition = b""
        self._ended = False

    def feed(self, chunk: bytes) -> None:
        """Parse the next piece. Raises Problem if it is no form or is too large."""
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise bad_form("This is no form as multipart/form-data.") from None

    def finish(self) -> list[Part]:
        """The fields. Raises Problem if the form is incomplete."""
        if not self._ended:
            raise bad_form("The form ends too early.")
        return self._parts

    def _begin(self) -> None:
        if len(self._parts) == MAX_PARTS:
            raise bad_form(f"The form has more than {MAX_PARTS} fields.")
        self._parts.append(Part())
        self._disposition = b""

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._collect(self._header, data[start:end])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._collect(self._value, data[start:end])

    def _collect(self, header: bytearray, data: bytes) -> None:
        header += data
        if len(header) > MAX_HEADER_BYTES:
            raise bad_form("A field of the form has a header that is too long.")

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _named(self) -> None:
        _, options = parse_options_header(self._disposition)
        part = self._parts[-1]
        if b"name" not in options:
            raise bad_form("A field of the form has no name.")
        part.name = options[b"name"].decode(errors="replace")
        if b"filename" in options:
            part.filename = options[b"filename"].decode(errors="replace")

    def _content(self, data: bytes, start: int, end: int) -> None:
        part = self._parts[-1]
        part.content += data[start:end]
        if len(part.content) > part.limit:
            raise too_large() if part.filename is not None else bad_form(f"The field {part.name[:40]} is too long.")

    def _end(self) -> None:
        self._ended = True


def bad_form(detail: str) -> Problem:
    """The error of a form that cannot be read."""
    return Problem(HTTPStatus.BAD_REQUEST, "bad_form", detail, headers=CLOSE)


def too_large() -> Problem:
    """The error of a form or file over its limit."""
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", "A photo may have 20 MB at most.", headers=CLOSE)
