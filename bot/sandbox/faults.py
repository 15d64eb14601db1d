"""Failures on demand: answers that a test orders."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.sandbox.errors import ApiError, bad_request, forbidden, too_many_requests

FaultKind = Literal[
    "429",
    "401",
    "403",
    "409",
    "500",
    "502",
    "503",
    "504",
    "logged_out",
    "unknown_method",
    "unknown_tag",
    "unknown_button",
    "migrated",
    "html",
    "drop",
    "drop_answer",
    "garbled_answer",
    "slow",
    "drip",
    "oversized",
    "file_expired",
    "file_lost",
]

REFUSALS = {
    "401": (401, "Unauthorized"),
    "409": (409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"),
    "logged_out": (400, "Logged out"),
    # What an older server says.
    "unknown_method": (404, "Not Found: method not found"),
    "unknown_tag": (400, 'Bad Request: can\'t parse entities: Unsupported start tag "tg-time" at byte offset 0'),
    "unknown_button": (400, "Bad Request: Text buttons are unallowed in the inline keyboard"),
}


class DropConnection(Exception):
    """Order to cut the connection without an answer."""


class HtmlPage(Exception):
    """Order to answer with a proxy's error page."""


class Fault(BaseModel):
    """One order: after `skip` calls of `method` to `chat_id`, the next `times` calls fail; None means any.

    The method `download` means the download of a file. Faults before the call is carried out:
    - `drop` cuts the connection, `html` answers with a proxy's error page.
    - `slow` waits for `seconds` and then goes on normally.
    - `migrated` says that the group is now the supergroup `migrate_to_chat_id`.
    - `retry_after`, in seconds, belongs to 429.

    Faults after it:
    - `drop_answer` cuts the connection.
    - `garbled_answer` answers with JSON that fits no method, although the work is done.

    Faults of files only, with the method `download`, or in local mode `getFile`:
    - `drip` sends it in small pieces over `seconds`. Local mode has no such fault.
    - `oversized` sends `surplus` bytes more than getFile announced.
    - `file_lost` sends nothing: 404, or in local mode a path without a file.

    `file_expired` refuses getFile with Telegram's message, which means both "gone" and "temporarily unavailable". If
    the next call succeeds, it was temporary.
    """

    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    method: str | None = None
    chat_id: int | None = None
    times: int = Field(default=1, ge=1)
    skip: int = Field(default=0, ge=0)
    retry_after: int = Field(default=1, ge=1)
    migrate_to_chat_id: int | None = None
    seconds: float = Field(default=1.0, ge=0)
    surplus: int = Field(default=1, ge=1)

    def concerns(self, method: str, chat_id: int | None) -> bool:
        """Whether this order is for such a call."""
        if self.method is not None and self.method.lower() != method.lower():
            return False
        return self.chat_id is None or self.chat_id == chat_id


class FaultPlan:
    """The remaining orders, the oldest first."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def take(self, method: str, chat_id: int | None) -> Fault | None:
        """The fault for this call, whose count decreases by one; None if there is none."""
        for fault in self.faults:
            if not fault.concerns(method, chat_id):
                continue
            if fault.skip > 0:
                fault.skip -= 1
            else:
                fault.times -= 1
                if fault.times == 0:
                    self.faults.remove(fault)
                return fault
        return None


async def strike(fault: Fault) -> None:
    """Fails as ordered before the call is carried out. The caller handles the faults after it.

    Raises: ApiError, DropConnection, HtmlPage.
    """
    if fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
    if fault.kind in REFUSALS:
        raise ApiError(*REFUSALS[fault.kind])
    if fault.kind == "migrated":
        raise ApiError(
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
            migrate_to_chat_id=fault.migrate_to_chat_id,
        )
    if fault.kind == "html":
        raise HtmlPage
    if fault.kind == "429":
        raise too_many_requests(fault.retry_after)
    if fault.kind == "403":
        raise forbidden("bot was blocked by the user")
    if fault.kind in ("500", "502", "503", "504"):
        raise ApiError(int(fault.kind), HTTPStatus(int(fault.kind)).phrase)
    if fault.kind == "file_expired":
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if fault.kind == "drop":
        raise DropConnection
