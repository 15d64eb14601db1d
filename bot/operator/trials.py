"""Tries a released classifier beside the serving one: it answers a share of the people, or only reads along."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from bot.operator.access import Access
from bot.operator.releases import key
from bot.telegram.client import RetryingBot
from bot.telegram.files import NotFetched, fetch_file
from inference.analysis import Analysis
from inference.drawing.words import DEFAULT_CAPTION
from inference.engine.canary import Canary
from inference.engine.engine import AnalysisFailed, Engine, PhotoError, RegistryError, ServedModel
from inference.engine.pool import Pool
from storage.audit import Action
from storage.database import Database
from storage.errors import StorageUnavailable
from storage.records import Request

# At most so many photos wait to be read along. Others are left out: a comparison needs many, not all.
WAITING = 50
NONE = "none"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trial:
    """A classifier on trial. `percent` of the people get its answers. With 0 it only reads along."""

    name: str
    percent: int
    pool: Pool

    @property
    def in_shadow(self) -> bool:
        return self.percent == 0


def opinion(analysis: Analysis, seconds: float) -> dict[str, object]:
    """The stored data of a second reading."""
    return {
        "label": analysis.label,
        "risk": analysis.risk,
        "refusal": analysis.refusal,
        "probabilities": dict(analysis.probabilities),
        "seconds": round(seconds, 3),
    }


class Trials:
    """One trial at a time. It is stored in the audit log, and continues after a restart.

    Args:
        engine: answers.
        build: makes the pool of a released classifier.
        access: writes the audit log.
        database: stores second readings.
        bot: fetches the photos for it.
    """

    def __init__(
        self, engine: Engine, build: Callable[[str | None], Pool], access: Access, database: Database, bot: RetryingBot
    ) -> None:
        self._engine = engine
        self._build = build
        self._access = access
        self._database = database
        self._bot = bot
        self._changing = asyncio.Lock()
        self._answered: asyncio.Queue[Request] = asyncio.Queue(WAITING)
        self.trial: Trial | None = None

    async def begin(self, actor_id: int, model: ServedModel, percent: int) -> None:
        """Try a classifier. It replaces an earlier one on trial. Raises RegistryError and AnalysisFailed."""
        async with self._changing:
            await self._begin(key(model), percent)
            await self._access.log(actor_id, Action.TRIAL, f"{key(model)} {percent}")

    async def end(self, actor_id: int) -> None:
        """End the trial. The serving model answers everybody."""
        async with self._changing:
            await self._end()
            await self._access.log(actor_id, Action.TRIAL, NONE)

    async def resume(self) -> None:
        """Continue the trial that was running when the process ended."""
        noted = await self._database.staff.last(Action.TRIAL)
        if noted is None or noted == NONE:
            return
        name, _space, percent = noted.rpartition(" ")
        try:
            async with self._changing:
                await self._begin(name, int(percent))
        except (RegistryError, AnalysisFailed) as error:
            logger.error("the trial of %s cannot go on: %s", name, error)

    async def close(self) -> None:
        """Stop the classifier on trial. The next start continues the trial."""
        async with self._changing:
            await self._end()

    async def _begin(self, name: str, percent: int) -> None:
        pool = self._build(name)
        try:
            await pool.start()
        except BaseException:
            # If this is interrupted, no process is left behind.
            await pool.stop()
            raise
        await self._end()
        self.trial = Trial(name, percent, pool)
        if percent:
            self._engine.try_on_some(Canary(pool, name, percent / 100))
        logger.info("trying %s on %d %% of the people", name, percent)

    async def _end(self) -> None:
        trial, self.trial = self.trial, None
        self._engine.try_on_some(None)
        if trial is not None:
            # The serving model takes over its photos.
            await trial.pool.stop()

    def note_answer(self, request: Request) -> None:
        """Note that a photo was answered: it may be read along."""
        if self.trial is not None and self.trial.in_shadow and not self._answered.full():
            self._answered.put_nowait(request)

    async def keep_reading(self) -> None:
        """Read answered photos once more with the classifier on trial, one after another, until cancelled."""
        while True:
            request = await self._answered.get()
            trial = self.trial
            if trial is None:
                continue
            try:
                data = await fetch_file(self._bot, request.file_id)
                began = monotonic()
                reading = await trial.pool.read(data, DEFAULT_CAPTION)
                said = opinion(reading.analysis, monotonic() - began)
                await self._database.opinions.note(request.id, trial.name, said)
            except (NotFetched, PhotoError, AnalysisFailed, StorageUnavailable) as error:
                logger.info("request %d is not read in the shadow: %s", request.id, type(error).__name__)
