"""Backpressure: many photos at once leave room for commands and buttons."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import TelegramObject, Update

from bot.photos.asked import is_request
from storage.connections import low_priority

# A hundred photos a second pass, many more than can be analysed.
PAUSE_SECONDS = 0.01


class Backpressure(BaseMiddleware):
    """Lets photos in one after another. Their database work has a low priority."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        if isinstance(event, Update) and event.message is not None and is_request(event.message):
            async with self._lock:
                # Meanwhile the event loop is free for other updates.
                await asyncio.sleep(PAUSE_SECONDS)
            with low_priority():
                return await handler(event, data)
        return await handler(event, data)
