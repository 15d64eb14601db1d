"""Failures on demand: answers that a test orders, and Telegram's flood limits."""

from __future__ import annotations

from collections import defaultdict, deque
from http import HTTPStatus
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.sandbox.errors import ApiError, bad_request, forbidden

FaultKind = Literal["429", "403", "500", "502", "503", "504", "drop", "drop_answer", "file_expired"]


class DropConnection(Exception):
    """The connection is to be cut without an answer."""


class Fault(BaseModel):
    """One order: the next `times` calls of `method` to `chat_id` fail; None stands for any.

    `drop` cuts the connection before the method is carried out, `drop_answer` after it. The method
    `download` stands for fetching a file. `retry_after` is in seconds and belongs to 429.
    """

    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    method: str | None = None
    chat_id: int | None = None
    times: int = Field(default=1, ge=1)
    retry_after: int = Field(default=1, ge=1)

    def concerns(self, method: str, chat_id: int | None) -> bool:
        """Whether this order is about such a call."""
        if self.method is not None and self.method.lower() != method.lower():
            return False
        return self.chat_id is None or self.chat_id == chat_id


class FaultPlan:
    """The orders not yet used up, the oldest first."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def take(self, method: str, chat_id: int | None) -> Fault | None:
        """The fault that this call meets, counted as used; None when it meets none."""
        for fault in self.faults:
            if fault.concerns(method, chat_id):
                fault.times -= 1
                if fault.times == 0:
                    self.faults.remove(fault)
                return fault
        return None


def strike(fault: Fault) -> None:
    """Fails as ordered. `drop_answer` is the caller's: it comes after the work.

    Raises: ApiError, DropConnection.
    """
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


def too_many_requests(retry_after: int) -> ApiError:
    """429 as Telegram words it."""
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


class FloodLimits(BaseModel):
    """Messages allowed within any one second: in all, and to one chat. None: no such limit."""

    model_config = ConfigDict(extra="forbid")

    overall: int | None = Field(default=None, ge=1)
    per_chat: int | None = Field(default=None, ge=1)


class FloodGate:
    """Counts messages in sliding windows of a second; off until limits are set."""

    def __init__(self) -> None:
        self.limits = FloodLimits()
        self._overall: deque[float] = deque()
        self._chats: defaultdict[int, deque[float]] = defaultdict(deque)

    def admit(self, chat_id: int, messages: int, now: float) -> None:
        """Counts `messages` sent to `chat_id` at `now` seconds. Raises: ApiError 429 over a limit."""
        if self.limits.overall is None and self.limits.per_chat is None:
            return
        windows = ((self._overall, self.limits.overall), (self._chats[chat_id], self.limits.per_chat))
        for window, limit in windows:
            while window and window[0] <= now - 1:
                window.popleft()
            # A single album may be longer than the limit: it passes when nothing else was sent.
            if limit is not None and window and len(window) + messages > limit:
                raise too_many_requests(1)
        for window, _ in windows:
            window.extend([now] * messages)
