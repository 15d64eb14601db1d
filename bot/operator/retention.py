"""The retention time: erases older data every hour."""

import asyncio
import logging
from datetime import timedelta

from storage.database import Database

logger = logging.getLogger(__name__)

INTERVAL = timedelta(hours=1)


async def keep_erasing(database: Database, days: int) -> None:
    """Erase data older than `days`, now and every hour, until cancelled."""
    while True:
        try:
            await erase_expired(database, days)
        except Exception:
            # A failed round must not stop later rounds.
            logger.exception("could not erase old requests")
        await asyncio.sleep(INTERVAL.total_seconds())


async def erase_expired(database: Database, days: int) -> None:
    """Erase requests and people older than `days` once; see `Retention` for the rules."""
    erased = await database.retention.erase_older_than(timedelta(days=days))
    if erased:
        logger.info("erased %d request(s) and people older than %d days", erased, days)
