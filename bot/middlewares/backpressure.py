"""Photos come in crowds; they leave room for commands and buttons."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import TelegramObject, Update

from bot.photos.inbox import is_request
from storage.connections import low_priority

# A hundred photos a second come in, many times more than can be read.
PAUSE_SECONDS = 0.01


class Backpressure(BaseMiddleware):
    """Lets photos in one after another, and has what is done about them wait for its turn in the database."""

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
                # The event loop is free for others meanwhile.
                await asyncio.sleep(PAUSE_SECONDS)
            with low_priority():
                return await handler(event, data)
        return await handler(event, data)
