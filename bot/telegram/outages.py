"""Outages of Telegram: which errors mean one, and sending that waits until it is over."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from aiogram.exceptions import (
    ClientDecodeError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)

UNREACHABLE: Final = (TelegramNetworkError, TelegramServerError, TelegramRetryAfter, ClientDecodeError)
# In addition to the bot's own retries, which are used up by then.
AGAIN_SECONDS = 60.0

logger = logging.getLogger(__name__)

T = TypeVar("T")


async def until_reached(send: Callable[[], Awaitable[T]]) -> T:
    """Call `send` again and again while Telegram is out of reach; returns its result.

    It is for messages that follow others. If everything started again, the earlier messages would be sent twice.
    """
    while True:
        try:
            return await send()
        except UNREACHABLE as error:
            logger.warning("not sent yet (%s), trying again in %.0f s", type(error).__name__, AGAIN_SECONDS)
        await asyncio.sleep(AGAIN_SECONDS)
