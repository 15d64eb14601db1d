"""The asynchronous front of the pipeline: a queue with a limit before one worker process.

The networks run in a process of their own, so that nothing they do can hold up the event loop, and a photo that
brings a decoder down takes the worker with it and not the bot.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

from inference import worker
from inference.photo import PhotoError
from inference.registry import DEFAULT_WEIGHTS, Registry, RegistryError
from inference.worker import Explanation, Reading

__all__ = [
    "DEFAULT_WEIGHTS",
    "AnalysisFailed",
    "Busy",
    "Engine",
    "Explanation",
    "PhotoError",
    "Reading",
    "RegistryError",
    "ServedModel",
]

_log = logging.getLogger(__name__)
_ATTEMPTS: Final = 2

P = ParamSpec("P")
T = TypeVar("T")


class Busy(Exception):
    """More photos wait than the engine is willing to keep; ask again later."""


class AnalysisFailed(Exception):
    """The photo could not be analysed: its worker died on it twice, or the pipeline has a fault."""


@dataclass(frozen=True)
class ServedModel:
    """What `/models` shows. `metrics`: split -> name of the figure -> (estimate, lower, upper)."""

    role: str
    name: str
    version: str
    metrics: Mapping[str, Any]
    licence: str


class Engine:
    """Reads photos, one at a time and in the order asked.

    Args:
        weights: folder with registry.json.
        classifier: NAME-VERSION of a released classifier; None takes the one that the registry serves.
        queue_limit: how many photos may wait or be read at once before `Busy` is raised.
    """

    def __init__(
        self, weights: Path = DEFAULT_WEIGHTS, *, classifier: str | None = None, queue_limit: int = 256
    ) -> None:
        self._served = weights, classifier
        self._queue_limit = queue_limit
        self._queued = 0
        self._turn = asyncio.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._models: tuple[ServedModel, ...] = ()

    @property
    def models(self) -> tuple[ServedModel, ...]:
        """The served models; empty before `start`."""
        return self._models

    async def start(self) -> None:
        """Verify the weights, start the worker and warm it.

        Raises:
            RegistryError: one line that names the file that is missing, damaged or foreign.
            AnalysisFailed: the worker died while it was starting.
        """
        registry = await asyncio.to_thread(Registry.load, *self._served)
        self._models = tuple(
            ServedModel(role, entry.name, entry.version, entry.metrics, entry.licence)
            for role, entry in (("classifier", registry.classifier.entry), ("segmenter", registry.segmenter.entry))
        )
        self._pool = _pool()
        try:
            await self._run(worker.warm, *self._served)
        except BrokenProcessPool as error:
            await self.stop()
            raise AnalysisFailed("the analysis process died while it was starting; is there enough memory?") from error
        except BaseException:
            await self.stop()
            raise

    async def read(self, data: bytes, *, language: str = "en") -> Reading:
        """Analyse a photo file and draw the answer on it.

        Args:
            data: the file's bytes.
            language: of the words on the annotated photo, "en" or "ru".

        Raises:
            PhotoError: the bytes are no photo that can be read.
            Busy: the queue is full.
            AnalysisFailed: see there; also when the engine is not running.
        """
        return await self._queue(worker.read, data, language)

    async def explain(self, data: bytes, *, language: str = "en") -> Explanation:
        """Analyse a photo file again, draw what made the model say so, and measure the lesion.

        Takes and raises what `read` does.
        """
        return await self._queue(worker.explain, data, language)

    async def stop(self) -> None:
        """Let the photo in the worker finish and end the process; photos still waiting raise `AnalysisFailed`."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(pool.shutdown, wait=True)

    async def _queue(self, work: Callable[[Path, str | None, bytes, str], T], data: bytes, language: str) -> T:
        if self._queued >= self._queue_limit:
            raise Busy(f"{self._queued} photos are waiting")
        self._queued += 1
        try:
            # One photo in the worker at a time: when it dies, there is no doubt whose fault it was.
            async with self._turn:
                return await self._attempts(work, data, language)
        finally:
            self._queued -= 1

    async def _attempts(self, work: Callable[[Path, str | None, bytes, str], T], data: bytes, language: str) -> T:
        for attempt in range(1, _ATTEMPTS + 1):
            pool = self._pool
            try:
                return await self._run(work, *self._served, data, language)
            except BrokenProcessPool:
                _log.warning("the analysis process died on a photo (attempt %d of %d)", attempt, _ATTEMPTS)
                if self._pool is pool and pool is not None:
                    self._pool = _pool()
                    await asyncio.to_thread(pool.shutdown, wait=True)
            except (PhotoError, AnalysisFailed):
                raise
            except Exception as error:
                _log.exception("the analysis of a photo failed")
                raise AnalysisFailed("the analysis failed") from error
        raise AnalysisFailed(f"the analysis process died {_ATTEMPTS} times on this photo")

    async def _run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        pool = self._pool
        if pool is None:
            raise AnalysisFailed("the engine is not running")
        # Submitting may start the process, which takes a while; that too happens off the loop.
        future = await asyncio.to_thread(pool.submit, work, *args, **kwargs)
        return await asyncio.wrap_future(future)


def _pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"), initializer=worker.begin)
