"""Throttling: limits how fast one person can make the bot answer."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, Message, TelegramObject, Update
from aiogram.types import User as TelegramUser
from aiogram.utils.i18n import gettext as _

from bot.photos.inbox import is_request

REFILL_SECONDS = 15.0
MAX_BUCKETS = 10_000


@dataclass
class TokenBucket:
    left: float
    at: float
    warned: bool = False


class Throttling(BaseMiddleware):
    """One token bucket for each person. Over the limit there is one warning, then no answer until the bucket refills.

    Photos are not throttled: they are recorded requests, and the engine has its own limit for them.

    Args:
        burst: number of messages and button presses that one person may send at once, and again every fifteen seconds.
        clock: monotonic time in seconds.
    """

    def __init__(self, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst = burst
        self._clock = clock
        self._buckets: dict[int, TokenBucket] = {}

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        sender: TelegramUser | None = data.get("event_from_user")
        inner = event.event if isinstance(event, Update) else event
        if sender is None or (isinstance(inner, Message) and is_request(inner)):
            return await handler(event, data)
        bucket = self._refilled(sender.id)
        if bucket.left >= 1:
            bucket.left -= 1
            bucket.warned = False
            return await handler(event, data)
        if not bucket.warned:
            bucket.warned = True
            await _warn(inner)
        return None

    def _refilled(self, user_id: int) -> TokenBucket:
        now = self._clock()
        if len(self._buckets) > MAX_BUCKETS:
            self._buckets = {key: each for key, each in self._buckets.items() if now - each.at < REFILL_SECONDS}
        bucket = self._buckets.setdefault(user_id, TokenBucket(self._burst, now))
        refilled = (now - bucket.at) * self._burst / REFILL_SECONDS
        bucket.left = min(self._burst, bucket.left + refilled)
        bucket.at = now
        return bucket


async def _warn(event: TelegramObject) -> None:
    text = _("That was a lot of messages at once. Please wait a few seconds and try again.")
    if isinstance(event, Message):
        await event.answer(text)
    elif isinstance(event, CallbackQuery):
        await event.answer(text, show_alert=True)
