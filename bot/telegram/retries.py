"""Retries after temporary errors, with growing pauses."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from aiogram.utils.backoff import Backoff, BackoffConfig

logger = logging.getLogger(__name__)

T = TypeVar("T")

Pause = Callable[[Exception, float], float | None]
"""Seconds to wait after an error, given the next pause; None if the error is permanent."""


@dataclass(frozen=True)
class RetryPolicy:
    """How often a call is repeated, and after which pauses."""

    repeats: int
    backoff: BackoffConfig

    async def run(self, attempt: Callable[[], Awaitable[T]], pause: Pause, name: str) -> T:
        """The result of the first successful attempt. Raises a permanent error, or the error of the last attempt."""
        for delay in islice(Backoff(self.backoff), self.repeats):
            try:
                return await attempt()
            except Exception as error:
                seconds = pause(error, delay)
                if seconds is None:
                    raise
                # The text of such an error may have the URL in it, and the URL has the token in it.
                logger.warning("%s failed (%s), again in %s s", name, type(error).__name__, seconds)
            await asyncio.sleep(seconds)
        return await attempt()


# Pauses of 0.5, 1, 2, 4, 8 and 16 s.
DEFAULT_RETRIES = RetryPolicy(repeats=6, backoff=BackoffConfig(min_delay=0.5, max_delay=16, factor=2, jitter=0))
