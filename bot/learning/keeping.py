"""Adds answered photos to the training pool, while nobody waits for an answer."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from bot.learning.masks import pack, size_of
from bot.photos.reading import NotRead, NotWanted, Reader
from bot.telegram import outages
from bot.telegram.client import RetryingBot
from inference.drawing.annotate import masks_of
from inference.drawing.words import DEFAULT_CAPTION
from inference.engine.engine import Engine, Examination
from storage.database import Database
from storage.errors import StorageUnavailable
from storage.records import Request
from storage.retry import until_stored

IDLE_CHECK_S: Final = 0.5
# Photos that could not be added within a day are left out: the bot was off, or never idle.
LATEST: Final = timedelta(days=1)
BATCH: Final = 100
# Nobody has this id. These photos take turns like those of one person.
OWNER: Final = 0

logger = logging.getLogger(__name__)


class PoolKeeper:
    """Keeps the photos of people who agreed. If it fails, the answer was sent anyway.

    Args:
        bot: fetches the photos again.
        database: of the pool.
        engine: makes a JPEG of limited size without EXIF, and finds the outlines.
        most_bytes: the limit of the pool.
    """

    def __init__(self, bot: RetryingBot, database: Database, engine: Engine, most_bytes: int) -> None:
        self._database = database
        self._engine = engine
        self._reader = Reader(bot, database, engine)
        self._most_bytes = most_bytes
        # Set at the start: the last process may have left some.
        self._answered = asyncio.Event()
        self._answered.set()
        # Photos that failed are not tried again before the next start.
        self._left_out: set[int] = set()

    def note_answer(self) -> None:
        """Note that a photo was answered: it may be kept."""
        self._answered.set()

    async def keep_keeping(self) -> None:
        """Keep all photos that may be kept, until cancelled."""
        while True:
            await self._answered.wait()
            self._answered.clear()
            try:
                await self._keep_waiting()
            except StorageUnavailable as error:
                logger.warning("no photo is kept for training now: %s", error)
                await asyncio.sleep(outages.AGAIN_SECONDS)
                self._answered.set()

    async def _keep_waiting(self) -> None:
        since, last, seen = datetime.now(UTC) - LATEST, 0, set[int]()
        pool = self._database.training_pool
        while found := await pool.waiting(since, last, BATCH):
            last = found[-1].id
            for request in found:
                seen.add(request.id)
                if request.id not in self._left_out and not await self._keep(request):
                    self._left_out.add(request.id)
        self._left_out &= seen

    async def _keep(self, request: Request) -> bool:
        if await self._database.training_pool.size() >= self._most_bytes:
            logger.warning("the training pool is full: raise TRAINING_POOL_MB to keep more")
            return False
        while self._engine.waiting:  # noqa: ASYNC110
            await asyncio.sleep(IDLE_CHECK_S)
        try:
            with self._reader.queue(OWNER, 1) as [place]:
                examination = await self._reader.in_turn(request, place.examine, DEFAULT_CAPTION)
            outlines = await asyncio.to_thread(_outlines, examination)
        except (NotRead, NotWanted, *outages.UNREACHABLE) as error:
            logger.info("request %d is not kept for training: %s", request.id, type(error).__name__)
            return False
        except Exception:
            # An unexpected error of one photo must not stop the others.
            logger.exception("request %d is not kept for training", request.id)
            return False
        keep = partial(self._database.training_pool.keep, request.id, examination.photo, outlines, self._most_bytes)
        return await until_stored(keep)


def _outlines(examination: Examination) -> bytes:
    return pack(masks_of(examination.analysis), size_of(examination.photo))
