"""The process of a worker: analyses photos for a bot that runs elsewhere."""

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from bot.errors import StartupError
from bot.health import WORKER_SIGN
from bot.settings import Settings
from bot.workers.messages import QUESTIONS, Answer, Question, packed, unpacked
from inference.engine.engine import AnalysisFailed, PhotoError
from inference.engine.exchangeable import ExchangeablePool
from inference.engine.pool import Pool, WorkerPool
from inference.registry.registry import RegistryError
from storage.errors import StorageError
from storage.queue import JobQueue, open_queue
from storage.retry import until_stored

SIGN_SECONDS: Final = 20.0

logger = logging.getLogger(__name__)

Build = Callable[[str | None], Pool]


class Worker:
    """Answers questions with the classifier that each question names; `build` makes processes that serve one."""

    def __init__(self, build: Build, queue: JobQueue) -> None:
        self._build = build
        self._queue = queue
        self._pool: ExchangeablePool | None = None
        self._classifier: str | None = None
        self._exchanging = asyncio.Lock()

    async def answer(self, content: bytes) -> None:
        """Analyse the photo of a question, and send the answer to its queue."""
        question: Question = unpacked(content)
        try:
            pool = await self.prepare(question.classifier)
            result = None
            if question.task is not None:
                result = await getattr(pool, question.task)(question.photo, question.options)
            answer = Answer(question.number, result)
        except (PhotoError, AnalysisFailed, RegistryError) as error:
            answer = Answer(question.number, error=_plain(error))
        await until_stored(partial(self._queue.put, question.reply_to, packed(answer)))

    async def stop(self) -> None:
        """End the processes."""
        if self._pool is not None:
            await self._pool.stop()

    async def prepare(self, classifier: str | None) -> ExchangeablePool:
        """Processes that serve a classifier. Processes of another classifier end after their answers."""
        async with self._exchanging:
            if self._pool is None:
                first = ExchangeablePool(self._build(classifier))
                await first.start()
                self._pool, self._classifier = first, classifier
            elif classifier != self._classifier:
                await self._pool.exchange(self._build(classifier))
                self._classifier = classifier
            return self._pool


async def serve(settings: Settings, build: Build | None = None) -> None:
    """Answer until SIGTERM or SIGINT. Photos under analysis are finished first.

    Args:
        settings: of the bot.
        build: makes the processes that serve a classifier; without one, those with the released networks.

    Raises:
        StartupError: a setting is wrong.
    """
    if settings.database_url is None or settings.data_key is None:
        raise StartupError("DATABASE_URL, DATA_KEY: a worker needs those of its bot")
    stop = asyncio.Event()
    try:
        async with open_queue(settings.database_url, settings.data_key.get_secret_value().encode()) as queue:
            # Until here, a signal ends the process at once.
            for each in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(each, stop.set)
            worker = Worker(build or partial(_processes, settings), queue)
            try:
                await worker.prepare(settings.classifier)
                logger.info("reading photos with %d process(es)", settings.workers)
                signing = asyncio.create_task(_keep_signing(settings.data_dir))
                serving = (queue.serve(QUESTIONS, worker.answer, stop) for _ in range(settings.workers))
                try:
                    await asyncio.gather(*serving)
                finally:
                    signing.cancel()
            finally:
                await worker.stop()
    except (StorageError, RegistryError, AnalysisFailed) as error:
        raise StartupError(str(error)) from None


async def _keep_signing(folder: Path) -> None:
    """Leave the sign of life that `bot.health` looks for, where the folder can be written."""
    while True:
        with suppress(OSError):
            await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
            await asyncio.to_thread((folder / WORKER_SIGN).touch)
        await asyncio.sleep(SIGN_SECONDS)


def _processes(settings: Settings, classifier: str | None) -> Pool:
    return WorkerPool(
        settings.weights_dir, classifier=classifier, size=settings.workers, photo_seconds=settings.photo_seconds
    )


def _plain(error: Exception) -> Exception:
    """The error without its cause, because the bot may lack the cause's library."""
    error.__cause__ = None
    return error
