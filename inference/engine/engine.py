"""The asynchronous front of the pipeline: a fair queue with limits in front of a pool of workers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from inference.drawing.words import DEFAULT_CAPTION, CaptionOptions
from inference.engine.canary import Canary
from inference.engine.exchangeable import ExchangeablePool
from inference.engine.fair_queue import FairQueue, Promise, QueueFull, ShareFull
from inference.engine.pool import AnalysisFailed, Pool, ServedModel
from inference.engine.tasks import AnnotatedAnalysis, Examination, Explanation
from inference.photo import PhotoError
from inference.registry.registry import DEFAULT_WEIGHTS, RegistryError

__all__ = [
    "DEFAULT_WEIGHTS",
    "AnalysisFailed",
    "AnnotatedAnalysis",
    "Busy",
    "Engine",
    "Examination",
    "Explanation",
    "PhotoError",
    "Promise",
    "QueuePlace",
    "RegistryError",
    "ServedModel",
    "TooMany",
]

# How many photos are fetched while the workers are busy. Only these and those in the workers are in memory. Downloads
# slower than `FETCH_SECONDS` are too, but delay nobody. `KEPT_FOR_OTHERS` of the places are for owners who have
# no fetched photo.
FETCHED_AHEAD: Final = 3
KEPT_FOR_OTHERS: Final = 2
FETCH_SECONDS: Final = 3.0

logger = logging.getLogger(__name__)

T = TypeVar("T")
Fetch = Callable[[], Awaitable[bytes]]


class Busy(Exception):
    """The queue is full. In about `retry_after` seconds the photos in it will be done."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"the queue is full for about {retry_after:.0f} s")
        self.retry_after = retry_after


class TooMany(Exception):
    """One owner has reached the limit of waiting photos."""


class QueuePlace:
    """A photo's place in the queue, good for one call of `read`, `explain`, `examine` or `follow`."""

    def __init__(self, engine: "Engine", owner: Hashable) -> None:
        self._engine = engine
        self.owner = owner
        self.called = asyncio.Event()
        self.started = asyncio.Event()

    @property
    def ahead(self) -> int | None:
        """How many photos come before this one; None once its turn has come."""
        return self._engine.ahead(self)

    @property
    def seconds(self) -> float:
        """The expected time in seconds until this photo is analysed."""
        return self._engine.seconds(self)

    def give_up(self) -> None:
        """Leave the queue without an analysis."""
        self._engine.leave(self)

    async def read(self, fetch: Fetch, options: CaptionOptions = DEFAULT_CAPTION) -> AnnotatedAnalysis:
        """Analyse a photo file and draw the answer on it.

        Args:
            fetch: returns the file's bytes. It is called when the photo's turn has come; its errors pass through.
            options: of the caption.

        Raises:
            PhotoError: the bytes are no photo that can be read.
            AnalysisFailed: the photo could not be analysed, or the engine is not running.
        """
        return await self._engine.read(self, fetch, options)

    async def explain(self, fetch: Fetch, options: CaptionOptions = DEFAULT_CAPTION) -> Explanation:
        """Analyse a photo file again, draw what supported the answer, and measure the lesion.

        Takes and raises what `read` does.
        """
        return await self._engine.explain(self, fetch, options)

    async def examine(self, fetch: Fetch, options: CaptionOptions = DEFAULT_CAPTION) -> Examination:
        """Analyse a photo file again, with everything that a report shows. Takes and raises what `read` does."""
        return await self._engine.examine(self, fetch, options)

    async def follow(self, fetch: Fetch, options: CaptionOptions = DEFAULT_CAPTION) -> Examination:
        """Do what `examine` does, and measure the marks by which photos of a mole are compared."""
        return await self._engine.follow(self, fetch, options)


class Engine:
    """Analyses photos in fair order: the next photo is that of the owner who has used the least working time.

    Args:
        pool: the workers that analyse them.
        queue_limit: how many photos may be in the queue before `Busy` is raised; those being analysed or answered
            count.
        owner_limit: how many of these one owner may have before `TooMany` is raised.
    """

    def __init__(self, pool: Pool, *, queue_limit: int = 500, owner_limit: int = 50) -> None:
        self._pool = ExchangeablePool(pool)
        self._canary: Canary | None = None
        self._queue: FairQueue[QueuePlace] = FairQueue(
            queue_limit,
            owner_limit,
            typical=lambda: self._pool.seconds(1) * self._pool.size,
            clock=lambda: asyncio.get_running_loop().time(),
        )

    @property
    def models(self) -> tuple[ServedModel, ...]:
        """The served models; empty before `start`."""
        return self._pool.models

    @property
    def ready(self) -> bool:
        """Whether a photo could be analysed now."""
        return self._pool.ready

    @property
    def waiting(self) -> int:
        """How many photos wait, are analysed or are answered."""
        return len(self._queue)

    async def start(self) -> None:
        """Start the workers; raises what `Pool.start` does."""
        await self._pool.start()

    async def stop(self) -> None:
        """Stop the workers at once. Photos that wait or are being analysed raise `AnalysisFailed`."""
        await self._pool.stop()

    async def exchange(self, pool: Pool) -> None:
        """Switch to another pool without a pause; see `ExchangeablePool.exchange`."""
        await self._pool.exchange(pool)

    def try_on_some(self, canary: Canary | None) -> None:
        """Let another pool answer some owners; None ends that. If it fails, the serving pool answers."""
        self._canary = canary

    @contextmanager
    def promise(self, owner: Hashable, photos: int) -> Iterator[Promise]:
        """Room for photos that must not be turned away. Until every promise is kept, newcomers are turned away."""
        promise = self._queue.promise(owner, photos)
        try:
            yield promise
        finally:
            self._queue.forgo(promise)

    def has_room(self, promise: Promise) -> bool:
        """Whether `queue` would give the promised places now."""
        return self._queue.has_room(promise)

    @contextmanager
    def queue(self, owner: Hashable, photos: int = 1, promise: Promise | None = None) -> Iterator[list[QueuePlace]]:
        """Places in the queue for photos of one owner, in their order. They are given back when the block ends.

        Args:
            owner: whose photos they are.
            photos: how many there are.
            promise: of room for them, if any.

        Raises:
            Busy, TooMany: there is no room for all of them.
        """
        places = [QueuePlace(self, owner) for _ in range(photos)]
        try:
            self._queue.join(owner, places, promise)
        except QueueFull:
            raise Busy(self._pool.seconds(len(self._queue))) from None
        except ShareFull:
            raise TooMany from None
        self._move()
        try:
            yield places
        finally:
            for place in places:
                self.leave(place)

    def ahead(self, place: QueuePlace) -> int | None:
        """See `QueuePlace.ahead`."""
        return self._queue.ahead(place)

    def seconds(self, place: QueuePlace) -> float:
        """See `QueuePlace.seconds`."""
        return self._queue.seconds(place) / self._pool.size

    async def read(self, place: QueuePlace, fetch: Fetch, options: CaptionOptions) -> AnnotatedAnalysis:
        """See `QueuePlace.read`."""
        return await self._in_turn(place, lambda pool: pool.read, fetch, options)

    async def explain(self, place: QueuePlace, fetch: Fetch, options: CaptionOptions) -> Explanation:
        """See `QueuePlace.explain`."""
        return await self._in_turn(place, lambda pool: pool.explain, fetch, options)

    async def examine(self, place: QueuePlace, fetch: Fetch, options: CaptionOptions) -> Examination:
        """See `QueuePlace.examine`."""
        return await self._in_turn(place, lambda pool: pool.examine, fetch, options)

    async def follow(self, place: QueuePlace, fetch: Fetch, options: CaptionOptions) -> Examination:
        """See `QueuePlace.follow`."""
        return await self._in_turn(place, lambda pool: pool.follow, fetch, options)

    async def _in_turn(
        self,
        place: QueuePlace,
        work: Callable[[Pool], Callable[[bytes, CaptionOptions], Awaitable[T]]],
        fetch: Fetch,
        options: CaptionOptions,
    ) -> T:
        """Fetch a photo when its turn is near, and send it to the pool when its turn has come."""
        try:
            await place.called.wait()
            slow = asyncio.get_running_loop().call_later(FETCH_SECONDS, self._let_others_go_first, place)
            try:
                data = await fetch()
            finally:
                slow.cancel()
            self._queue.mark_ready(place)
            self._move()
            await place.started.wait()
            canary = self._canary
            if canary is not None and canary.answers(place.owner):
                try:
                    return await work(canary.pool)(data, options)
                except AnalysisFailed as error:
                    logger.warning("%s failed, the serving model answers instead: %s", canary.name, error)
            return await work(self._pool)(data, options)
        except BaseException:
            self.leave(place)
            raise
        finally:
            self._queue.finish(place)
            self._move()

    def leave(self, place: QueuePlace) -> None:
        """Take a place out of the queue."""
        self._queue.leave(place)
        self._move()

    def _let_others_go_first(self, place: QueuePlace) -> None:
        self._queue.mark_slow(place)
        self._move()

    def _move(self) -> None:
        """Start as many analyses as the pool can run, and as many downloads as may be in memory."""
        while self._queue.working < self._pool.size and (place := self._queue.start()) is not None:
            place.started.set()
        for room, others in ((FETCHED_AHEAD, False), (FETCHED_AHEAD + KEPT_FOR_OTHERS, True)):
            while (
                self._queue.called < self._pool.size + room and (place := self._queue.call(others=others)) is not None
            ):
                place.called.set()
