"""Where analyses run: `Pool` is the interface for the engine, `WorkerPool` runs them in processes on this machine.

Separate processes keep the networks off the event loop. A photo that crashes a decoder, or keeps it busy for ever, ends
its worker and not the bot.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

from inference.cores import cores
from inference.drawing.words import CaptionOptions
from inference.engine import tasks
from inference.engine.process import ProcessLost, TookTooLong, WorkerProcess
from inference.engine.tasks import AnnotatedAnalysis, Examination, Explanation
from inference.photo import PhotoError
from inference.registry.registry import DEFAULT_WEIGHTS, Registry

_log = logging.getLogger(__name__)

ATTEMPTS: Final = 2
IDLE_SECONDS: Final = 1.0
RESTART_PAUSE_SECONDS: Final = 5.0
# Expected time of a photo until one is done. After that, a moving average counts.
FIRST_GUESS_SECONDS: Final = 1.0
WEIGHT_OF_THE_LATEST: Final = 0.1

T = TypeVar("T")
Task = Callable[[Path, str | None, bytes, CaptionOptions], T]


class AnalysisFailed(Exception):
    """The photo could not be analysed: its worker died twice, it took too long, or there is a fault in the code."""


@dataclass(frozen=True)
class ServedModel:
    """A model as `/models` shows it. `metrics`: split -> name of the figure -> (estimate, lower, upper)."""

    role: str
    name: str
    version: str
    metrics: Mapping[str, Any]
    licence: str


class Pool(Protocol):
    """Workers that analyse photos, on this machine or on others."""

    @property
    def models(self) -> tuple[ServedModel, ...]:
        """The served models; empty before `start`."""

    @property
    def size(self) -> int:
        """How many photos are analysed at the same time."""

    @property
    def ready(self) -> bool:
        """Whether a worker could analyse a photo now."""

    def seconds(self, photos: int) -> float:
        """The expected time of so many photos, from the time of the latest ones."""

    async def start(self) -> None:
        """Start the workers. Returns when the first one is ready.

        Raises:
            RegistryError: one line that names the file that is missing, damaged or foreign.
            AnalysisFailed: no worker could be started.
        """

    async def stop(self) -> None:
        """Stop the workers at once. Photos that they have, or that wait for them, raise `AnalysisFailed`."""

    async def read(self, data: bytes, options: CaptionOptions) -> AnnotatedAnalysis:
        """Analyse a photo file and draw the answer on it.

        Raises:
            PhotoError: the bytes are no photo that can be read.
            AnalysisFailed: the photo could not be analysed, or the pool is not running.
        """

    async def explain(self, data: bytes, options: CaptionOptions) -> Explanation:
        """Analyse a photo file, draw what supported the answer, and measure the lesion.

        Takes and raises what `read` does.
        """

    async def examine(self, data: bytes, options: CaptionOptions) -> Examination:
        """Analyse a photo file, with everything that a report shows.

        Takes and raises what `read` does.
        """

    async def follow(self, data: bytes, options: CaptionOptions) -> Examination:
        """Do what `examine` does, and measure the marks by which photos of a mole are compared."""


@dataclass(eq=False)
class _Job(Generic[T]):
    task: Task[T]
    data: bytes
    options: CaptionOptions
    done: asyncio.Future[T]
    attempts: int = 0

    def fail(self, error: Exception) -> None:
        """Pass an error to the caller, if the caller still waits."""
        if not self.done.done():
            self.done.set_exception(error)


class WorkerPool:
    """Worker processes that share the processor's cores. A free one takes the next photo; a lost one is replaced.

    Args:
        weights: folder with registry.json.
        classifier: NAME-VERSION of a released classifier; None is the one that the registry serves.
        size: how many processes there are. Each analyses one photo at a time.
        photo_seconds: how long a process may take for one photo before it is killed and replaced.
    """

    def __init__(
        self,
        weights: Path = DEFAULT_WEIGHTS,
        *,
        classifier: str | None = None,
        size: int = 1,
        photo_seconds: float = 30.0,
    ) -> None:
        self._served = weights, classifier
        threads = max(1, cores() // size)
        self._workers = [WorkerProcess(self._served, threads, photo_seconds) for _ in range(size)]
        self._models: tuple[ServedModel, ...] = ()
        self._serving: list[asyncio.Task[None]] = []
        self._jobs: asyncio.Queue[_Job[Any]] = asyncio.Queue()
        self._seconds_a_photo = FIRST_GUESS_SECONDS
        self._finished = 0

    @property
    def models(self) -> tuple[ServedModel, ...]:
        """See `Pool.models`."""
        return self._models

    @property
    def size(self) -> int:
        """How many workers there are."""
        return len(self._workers)

    @property
    def ready(self) -> bool:
        """See `Pool.ready`."""
        return bool(self._serving) and any(each.alive for each in self._workers)

    def seconds(self, photos: int) -> float:
        """See `Pool.seconds`."""
        return photos * self._seconds_a_photo / self.size

    async def start(self) -> None:
        """Verify the weights and start the workers; see `Pool.start`."""
        registry = await asyncio.to_thread(Registry.load, *self._served)
        self._models = tuple(
            ServedModel(role, entry.name, entry.version, entry.metrics, entry.licence)
            for role, entry in registry.entries.items()
        )
        try:
            await self._workers[0].start()
        except ProcessLost as error:
            raise AnalysisFailed("the analysis process died while it was starting; is there enough memory?") from error
        self._serving = [asyncio.create_task(self._serve(each)) for each in self._workers]

    async def stop(self) -> None:
        """End the processes at once; see `Pool.stop`."""
        serving, self._serving = self._serving, []
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await asyncio.gather(*(each.stop() for each in self._workers))
        while not self._jobs.empty():
            self._jobs.get_nowait().fail(_not_running())

    async def read(self, data: bytes, options: CaptionOptions) -> AnnotatedAnalysis:
        """See `Pool.read`."""
        return await self.run(tasks.read, data, options)

    async def explain(self, data: bytes, options: CaptionOptions) -> Explanation:
        """See `Pool.explain`."""
        return await self.run(tasks.explain, data, options)

    async def examine(self, data: bytes, options: CaptionOptions) -> Examination:
        """See `Pool.examine`."""
        return await self.run(tasks.examine, data, options)

    async def follow(self, data: bytes, options: CaptionOptions) -> Examination:
        """See `Pool.follow`."""
        return await self.run(tasks.follow, data, options)

    async def run(self, task: Task[T], data: bytes, options: CaptionOptions) -> T:
        """Run a task, such as `tasks.read`, on a photo file in a worker.

        Raises:
            PhotoError: the bytes are no photo that can be read.
            AnalysisFailed: the photo could not be analysed, or the pool is not running.
        """
        if not self._serving:
            raise _not_running()
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put_nowait(_Job(task, data, options, done))
        return await done

    async def _serve(self, worker: WorkerProcess) -> None:
        job: _Job[Any] | None = None
        try:
            while True:
                if not worker.alive:
                    await _replace(worker)
                elif job is None:
                    # A process may also die while it is idle, so it is checked now and then.
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(IDLE_SECONDS):
                            job = await self._jobs.get()
                elif job.done.done() or await self._attempt(worker, job):
                    job = None
        finally:
            if job is not None:
                job.fail(_not_running())

    async def _attempt(self, worker: WorkerProcess, job: _Job[T]) -> bool:
        """Whether the job is over, with or without success. If not, the same worker tries again."""
        job.attempts += 1
        began = time.monotonic()
        try:
            result = await worker.run(job.task, job.data, job.options)
        except TookTooLong as error:
            _log.warning("%s", error)
            job.fail(AnalysisFailed(str(error)))
        except ProcessLost as error:
            _log.warning("%s (attempt %d of %d)", error, job.attempts, ATTEMPTS)
            if job.attempts < ATTEMPTS:
                return False
            job.fail(AnalysisFailed(f"the analysis process was lost {ATTEMPTS} times over this photo"))
        except PhotoError as error:
            job.fail(error)
        except Exception as error:
            _log.exception("the analysis of a photo failed")
            failed = AnalysisFailed("the analysis failed")
            failed.__cause__ = error
            job.fail(failed)
        else:
            if not job.done.done():
                job.done.set_result(result)
        took = time.monotonic() - began
        self._finished += 1
        self._seconds_a_photo += max(WEIGHT_OF_THE_LATEST, 1 / self._finished) * (took - self._seconds_a_photo)
        return True


async def _replace(worker: WorkerProcess) -> None:
    try:
        await worker.start()
    except Exception:
        _log.exception("no analysis process could be started, again in %s s", RESTART_PAUSE_SECONDS)
        await asyncio.sleep(RESTART_PAUSE_SECONDS)


def _not_running() -> AnalysisFailed:
    return AnalysisFailed("the engine is not running")
