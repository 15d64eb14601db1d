"""Telegram's rate limits for a bot. They are off until a test sets them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from bot.sandbox.errors import too_many_requests


class FloodLimits(BaseModel):
    """The limits in messages; None is no limit. `TELEGRAM` has approximately Telegram's own.

    Args:
        overall: within any second, to all chats together.
        per_chat: messages a second to one chat, on average.
        burst: at once to a quiet chat; None is `per_chat`.
        per_group_minute: within any minute, to one group.
        penalty: the shortest `retry_after` of a refusal, in seconds.
    """

    model_config = ConfigDict(extra="forbid")

    overall: int | None = Field(default=None, ge=1)
    per_chat: int | None = Field(default=None, ge=1)
    burst: int | None = Field(default=None, ge=1)
    per_group_minute: int | None = Field(default=None, ge=1)
    penalty: int = Field(default=1, ge=1)


TELEGRAM = FloodLimits(overall=30, per_chat=1, burst=3, per_group_minute=20)


class FloodGate:
    """Counts messages, and refuses those over a limit. Refused messages do not count."""

    def __init__(self) -> None:
        self.limits = FloodLimits()
        self._overall: deque[float] = deque()
        self._minutes: defaultdict[int, deque[float]] = defaultdict(deque)
        # Chat -> its debt in messages, and the time of this value.
        self._debts: dict[int, tuple[float, float]] = {}

    def admit(self, chat_id: int, messages: int, now: float) -> None:
        """Counts `messages` sent to `chat_id` at `now` seconds. Raises: ApiError 429 over a limit.

        An album longer than a limit passes if nothing else was sent.
        """
        limits = self.limits
        minute = self._minutes[chat_id] if chat_id < 0 and limits.per_group_minute is not None else deque[float]()
        waits = [
            _wait(self._overall, limits.overall, messages, 1, now),
            _wait(minute, limits.per_group_minute, messages, 60, now),
        ]
        debt = self._debt(chat_id, now)
        if limits.per_chat is not None:
            room = limits.burst or limits.per_chat
            waits.append((debt + messages - room) / limits.per_chat if debt > 0 else 0)
        if (longest := max(waits)) > 0:
            raise too_many_requests(max(math.ceil(longest), limits.penalty))
        if limits.overall is not None:
            self._overall.extend([now] * messages)
        minute.extend([now] * messages)
        if limits.per_chat is not None:
            self._debts[chat_id] = debt + messages, now

    def _debt(self, chat_id: int, now: float) -> float:
        owed, at = self._debts.get(chat_id, (0.0, now))
        return max(owed - (now - at) * (self.limits.per_chat or 1), 0.0)


def busiest_seconds(calls: Iterable[tuple[int | None, float]]) -> dict[str, Any]:
    """The largest number of calls within any second: in total, and to each chat.

    Args:
        calls: chat and Unix time of each, in their order.
    """
    overall: deque[float] = deque()
    chats: defaultdict[int, deque[float]] = defaultdict(deque)
    most, mosts = 0, Counter[int]()
    for chat_id, at in calls:
        most = max(most, _count(overall, at))
        if chat_id is not None:
            mosts[chat_id] = max(mosts[chat_id], _count(chats[chat_id], at))
    return {"overall": most, "chats": dict(mosts)}


def _count(window: deque[float], at: float) -> int:
    window.append(at)
    while window[0] <= at - 1:
        window.popleft()
    return len(window)


def _wait(window: deque[float], limit: int | None, messages: int, seconds: float, now: float) -> float:
    while window and window[0] <= now - seconds:
        window.popleft()
    over = len(window) + messages - limit if limit is not None and window else 0
    return window[min(over, len(window)) - 1] + seconds - now if over > 0 else 0
