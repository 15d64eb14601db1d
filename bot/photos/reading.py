"""Runs the engine on the files of requests: queue, download, analysis, and the reasons for failure."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Coroutine, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial
from typing import Any, Protocol, TypeVar

from bot.results import Reason, Result, Trouble
from bot.telegram.client import RetryingBot
from bot.telegram.files import NotFetched, fetch_file
from inference.drawing.words import CaptionOptions
from inference.engine.engine import AnalysisFailed, Busy, Engine, Fetch, QueuePlace, TooMany
from inference.photo import PhotoError
from storage.database import Database
from storage.records import Request

ROOM_SECONDS = 1.0

logger = logging.getLogger(__name__)

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Work(Protocol[T_co]):
    """Work of the engine for a place in its queue."""

    def __call__(self, fetch: Fetch, options: CaptionOptions) -> Awaitable[T_co]: ...


class NotRead(Exception):
    """A photo could not be analysed; `result` says why."""

    def __init__(self, reason: Reason, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.result = Result(reason=reason, retry_after=retry_after)


class NotWanted(Exception):
    """The photo is no longer needed: it was erased or replaced by another one."""


class Reader:
    """Runs the engine on the files of requests, each in its owner's turn."""

    def __init__(self, bot: RetryingBot, database: Database, engine: Engine) -> None:
        self._bot = bot
        self._database = database
        self._engine = engine
        self._tasks: dict[int, set[asyncio.Task[Any]]] = {}
        self._unwanted: set[asyncio.Task[Any]] = set()

    def forget(self, user_id: int) -> None:
        """Stop all work for this person. It raises NotWanted."""
        for task in self._tasks.get(user_id, ()):
            self._unwanted.add(task)
            task.cancel()

    async def while_wanted(self, user_id: int, work: Coroutine[Any, Any, T]) -> T:
        """Do work for this person. Raises NotWanted if `forget` is called meanwhile."""
        task = asyncio.create_task(work)
        self._tasks.setdefault(user_id, set()).add(task)
        try:
            return await task
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if task in self._unwanted and not (caller and caller.cancelling()):
                raise NotWanted from None
            raise
        finally:
            self._unwanted.discard(task)
            self._tasks[user_id].discard(task)
            if not self._tasks[user_id]:
                del self._tasks[user_id]

    @asynccontextmanager
    async def promised(self, user_id: int, photos: int) -> AsyncIterator[list[QueuePlace]]:
        """Places in the engine's queue, as soon as there is room. Raises NotWanted if `forget` is called meanwhile."""
        with ExitStack() as queued:
            with self._engine.promise(user_id, photos) as promise:
                while not self._engine.has_room(promise):
                    await self.while_wanted(user_id, asyncio.sleep(ROOM_SECONDS))
                places = queued.enter_context(self._engine.queue(user_id, photos, promise))
            yield places

    @contextmanager
    def queue(self, user_id: int, photos: int) -> Iterator[list[QueuePlace]]:
        """Places in the engine's queue. Raises NotRead if there is no room."""
        try:
            with self._engine.queue(user_id, photos) as places:
                yield places
        except Busy as error:
            raise NotRead(Trouble.BUSY, error.retry_after) from None
        except TooMany:
            raise NotRead(Trouble.TOO_MANY) from None

    async def in_turn(self, request: Request, work: Work[T_co], options: CaptionOptions) -> T_co:
        """Work on a request's file, which is fetched when its turn has come. Raises NotRead or NotWanted."""
        try:
            return await work(partial(self._fetch, request), options)
        except NotFetched as error:
            raise NotRead(error.trouble) from None
        except PhotoError as error:
            raise NotRead(error.fault) from None
        except AnalysisFailed:
            logger.error("request %d could not be analysed", request.id)
            raise NotRead(Trouble.FAILED) from None

    async def _fetch(self, request: Request) -> bytes:
        if not request.is_readable:
            raise NotRead(Trouble.FAILED)
        if not await self._database.requests.still_kept([request.id]):
            raise NotWanted
        try:
            return await fetch_file(self._bot, request.file_id)
        except NotFetched:
            # If it shows a mole, its photo may be kept with the owner's agreement.
            kept = await self._database.mole_pictures.of(request.id, request.user_id)
            if kept is None:
                raise
            return kept
