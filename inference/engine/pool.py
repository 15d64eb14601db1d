"""The workers together: whoever is free takes the next photo, and a worker that is lost is replaced."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from inference.cores import cores
from inference.engine.process import ProcessLost, TookTooLong, WorkerProcess
from inference.photo import PhotoError

_log = logging.getLogger(__name__)

ATTEMPTS: Final = 2
IDLE_SECONDS: Final = 1.0
RESTART_PAUSE_SECONDS: Final = 5.0
# Until a photo has been read, one is taken to need so long; then a mean counts, which the latest ones move.
FIRST_GUESS_SECONDS: Final = 1.0
WEIGHT_OF_THE_LATEST: Final = 0.1

T = TypeVar("T")
Work = Callable[[Path, str | None, bytes, str], T]


class AnalysisFailed(Exception):
    """The photo could not be analysed: its worker was lost over it twice, it took too long, or there is a fault."""


@dataclass(eq=False)
class _Job(Generic[T]):
    work: Work[T]
    data: bytes
    language: str
    done: asyncio.Future[T]
    attempts: int = 0

    def fail(self, error: Exception) -> None:
        """Pass an error on; whoever asked may have gone."""
        if not self.done.done():
            self.done.set_exception(error)


class WorkerPool:
    """Worker processes that share the processor's cores.

    Args:
        served: folder of the weights, and the classifier or None, as `Registry.load` takes them.
        size: how many processes there are.
        photo_seconds: how long one may take over one photo before it is killed and replaced.
    """

    def __init__(self, served: tuple[Path, str | None], size: int, photo_seconds: float) -> None:
        threads = max(1, cores() // size)
        self._workers = [WorkerProcess(served, threads, photo_seconds) for _ in range(size)]
        self._serving: list[asyncio.Task[None]] = []
        self._jobs: asyncio.Queue[_Job[Any]] = asyncio.Queue()
        self._seconds_a_photo = FIRST_GUESS_SECONDS
        self._finished = 0

    @property
    def size(self) -> int:
        """How many workers there are."""
        return len(self._workers)

    def seconds(self, photos: int) -> float:
        """How long so many photos are likely to take, by what the latest ones took."""
        return photos * self._seconds_a_photo / self.size

    async def start(self) -> None:
        """Start the workers; returns when the first of them is ready.

        Raises:
            RegistryError: a served file is not what the registry says.
            AnalysisFailed: the process died while it was starting.
        """
        try:
            await self._workers[0].start()
        except ProcessLost as error:
            raise AnalysisFailed("the analysis process died while it was starting; is there enough memory?") from error
        self._serving = [asyncio.create_task(self._serve(each)) for each in self._workers]

    async def stop(self) -> None:
        """End the processes at once; what they were doing or had before them raises `AnalysisFailed`."""
        serving, self._serving = self._serving, []
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await asyncio.gather(*(each.stop() for each in self._workers))
        while not self._jobs.empty():
            self._jobs.get_nowait().fail(_not_running())

    async def do(self, work: Work[T], data: bytes, language: str) -> T:
        """Have a worker do one piece of work, such as `worker.read`, on a photo file.

        Raises:
            PhotoError: the bytes are no photo that can be read.
            AnalysisFailed: see there; also when the pool is not running.
        """
        if not self._serving:
            raise _not_running()
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put_nowait(_Job(work, data, language, done))
        return await done

    async def _serve(self, worker: WorkerProcess) -> None:
        job: _Job[Any] | None = None
        try:
            while True:
                if not worker.alive:
                    await _replace(worker)
                elif job is None:
                    # A process may also die while it has nothing to do: it is looked at now and then.
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(IDLE_SECONDS):
                            job = await self._jobs.get()
                elif job.done.done() or await self._attempt(worker, job):
                    job = None
        finally:
            if job is not None:
                job.fail(_not_running())

    async def _attempt(self, worker: WorkerProcess, job: _Job[T]) -> bool:
        """Whether the job is at its end, good or bad; if not, the same worker has to try once more."""
        job.attempts += 1
        began = time.monotonic()
        try:
            result = await worker.run(job.work, job.data, job.language)
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
