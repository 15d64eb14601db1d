"""The retention time: results older than it are erased."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from storage.database import Database

logger = logging.getLogger(__name__)

INTERVAL = timedelta(hours=1)


async def keep_erasing(database: Database, days: int) -> None:
    """Erase requests older than `days`, now and every hour, until cancelled."""
    while True:
        try:
            await erase_expired(database, days)
        except Exception:
            # A failed round must not end the erasing for good.
            logger.exception("could not erase old requests")
        await asyncio.sleep(INTERVAL.total_seconds())


async def erase_expired(database: Database, days: int) -> None:
    """Erase requests older than `days`, once."""
    erased = await database.requests.erase_older_than(datetime.now(UTC) - timedelta(days=days))
    if erased:
        logger.info("erased %d request(s) older than %d days", erased, days)
