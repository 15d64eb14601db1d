"""A pool whose workers are other processes, here or on other machines; see `inference.engine.pool.Pool`."""

import asyncio
import logging
import time
import uuid
from contextlib import AsyncExitStack
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final

from bot.workers.messages import ANSWERS, QUESTIONS, Answer, Question, Task, packed, unpacked
from inference.drawing.words import DEFAULT_CAPTION, CaptionOptions
from inference.engine.pool import (
    ATTEMPTS,
    FIRST_GUESS_SECONDS,
    WEIGHT_OF_THE_LATEST,
    AnalysisFailed,
    ServedModel,
)
from inference.engine.tasks import AnnotatedAnalysis, Examination, Explanation
from inference.registry.registry import Registry
from storage.errors import StorageError
from storage.queue import HEARTBEAT_SECONDS, JobQueue, open_queue
from storage.retry import until_stored

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS: Final = 5.0


class RemotePool:
    """Sends photos to workers through a queue in PostgreSQL.

    Args:
        url, key: of the queue, see `storage.queue.open_queue`.
        weights: folder with registry.json; the workers must have the same.
        classifier: see `WorkerPool`. Each photo names it, so that the workers use the same one as the bot.
        size: how many photos the workers get at the same time: as many as all their processes.
        photo_seconds: how long a worker may take for a photo.
    """

    def __init__(
        self, url: str, key: bytes, weights: Path, *, classifier: str | None, size: int, photo_seconds: float
    ) -> None:
        self._address = url, key
        self._served = weights, classifier
        self._size = size
        # The worker tries twice. If it is lost, another worker does the same.
        self._timeout = ATTEMPTS * (ATTEMPTS * photo_seconds + HEARTBEAT_SECONDS + TIMEOUT_SECONDS)
        self._models: tuple[ServedModel, ...] = ()
        self._stack = AsyncExitStack()
        self._queue: JobQueue | None = None
        self._reply_to = f"{ANSWERS}{uuid.uuid4()}"
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._seconds_a_photo = FIRST_GUESS_SECONDS
        self._finished = 0

    @property
    def models(self) -> tuple[ServedModel, ...]:
        """See `Pool.models`."""
        return self._models

    @property
    def size(self) -> int:
        """How many photos the workers analyse at the same time."""
        return self._size

    @property
    def ready(self) -> bool:
        """Whether the queue works; a worker has answered at the start."""
        return self._queue is not None

    def seconds(self, photos: int) -> float:
        """See `Pool.seconds`."""
        return photos * self._seconds_a_photo / self._size

    async def start(self) -> None:
        """Verify the weights, and wait until a worker answers; see `Pool.start`."""
        weights, classifier = self._served
        registry = await asyncio.to_thread(Registry.load, weights, classifier)
        self._models = tuple(
            ServedModel(role, entry.name, entry.version, entry.metrics, entry.licence)
            for role, entry in registry.entries.items()
        )
        try:
            queue = await self._stack.enter_async_context(open_queue(*self._address))
        except StorageError as error:
            raise AnalysisFailed(str(error)) from error
        self._queue = queue
        self._tasks = [
            asyncio.create_task(queue.serve(self._reply_to, self._take, asyncio.Event())),
            asyncio.create_task(queue.keep_tidy(f"{ANSWERS}%")),
        ]
        logger.info("waiting for a worker: start `python -m bot.workers`")
        await self._ask(None, b"", DEFAULT_CAPTION, None)

    async def stop(self) -> None:
        """See `Pool.stop`. The workers keep running for the next bot."""
        self._queue = None
        for each in self._waiting.values():
            if not each.done():
                each.set_exception(_not_running())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()

    async def read(self, data: bytes, options: CaptionOptions) -> AnnotatedAnalysis:
        """See `Pool.read`."""
        reading: AnnotatedAnalysis = await self._timed("read", data, options)
        return reading

    async def explain(self, data: bytes, options: CaptionOptions) -> Explanation:
        """See `Pool.explain`."""
        explanation: Explanation = await self._timed("explain", data, options)
        return explanation

    async def examine(self, data: bytes, options: CaptionOptions) -> Examination:
        """See `Pool.examine`."""
        examination: Examination = await self._timed("examine", data, options)
        return examination

    async def follow(self, data: bytes, options: CaptionOptions) -> Examination:
        """See `Pool.follow`."""
        examination: Examination = await self._timed("follow", data, options)
        return examination

    async def _timed(self, task: Task, data: bytes, options: CaptionOptions) -> Any:
        began = time.monotonic()
        result = await self._ask(task, data, options, self._timeout)
        self._finished += 1
        weight = max(WEIGHT_OF_THE_LATEST, 1 / self._finished)
        self._seconds_a_photo += weight * (time.monotonic() - began - self._seconds_a_photo)
        return result

    async def _ask(self, task: Task | None, data: bytes, options: CaptionOptions, seconds: float | None) -> Any:
        queue = self._queue
        if queue is None:
            raise _not_running()
        number = next(self._numbers)
        question = Question(number, self._reply_to, task, self._served[1], data, options)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            try:
                async with asyncio.timeout(seconds):
                    # If the database restarts, the photo waits.
                    job = await until_stored(partial(self._put, queue, question, answer))
                    try:
                        return await answer
                    finally:
                        if not answer.done() or answer.cancelled():
                            await queue.withdraw(job)
            except TimeoutError:
                raise AnalysisFailed("no worker has answered") from None
        finally:
            del self._waiting[number]

    async def _put(self, queue: JobQueue, question: Question, answer: asyncio.Future[Any]) -> int:
        if answer.done():
            # The pool was stopped meanwhile: this raises.
            answer.result()
        return await queue.put(QUESTIONS, packed(question))

    async def _take(self, content: bytes) -> None:
        answer: Answer = unpacked(content)
        waiting = self._waiting.get(answer.number)
        # A slow worker may answer after another one has.
        if waiting is None or waiting.done():
            return
        if answer.error is not None:
            waiting.set_exception(answer.error)
        else:
            waiting.set_result(answer.result)


def _not_running() -> AnalysisFailed:
    return AnalysisFailed("the engine is not running")
