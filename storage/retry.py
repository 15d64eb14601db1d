"""Retries writes that must not be lost until the database accepts them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from storage.errors import StorageUnavailable

logger = logging.getLogger(__name__)

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 5.0

T = TypeVar("T")


async def until_stored(write: Callable[[], Awaitable[T]]) -> T:
    """Call `write` again and again while the database is unavailable; returns its result.

    It is for facts that must be noted, such as an answer that was sent. `write` must be one transaction that may be
    repeated.
    """
    wait = FIRST_WAIT_S
    while True:
        try:
            return await write()
        except StorageUnavailable as error:
            logger.warning("not stored yet (%s), trying again in %.1f s", error, wait)
        await asyncio.sleep(wait)
        wait = min(2 * wait, LONGEST_WAIT_S)
