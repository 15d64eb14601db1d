"""Measures the delay of the event loop, because everybody waits while it is blocked."""

import asyncio
import logging

INTERVAL_SECONDS = 0.02

logger = logging.getLogger(__name__)


async def log_loop_delay(seconds: float) -> None:
    """Log how late a timer fires, every `seconds`: the 99th percentile and the worst delay in ms."""
    clock = asyncio.get_running_loop().time
    while True:
        delays, until = [], clock() + seconds
        while (began := clock()) < until:
            await asyncio.sleep(INTERVAL_SECONDS)
            delays.append((clock() - began - INTERVAL_SECONDS) * 1000)
        delays.sort()
        logger.info("event loop delay: p99 %.1f ms, worst %.1f ms", delays[int(0.99 * len(delays))], delays[-1])
