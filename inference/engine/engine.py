"""The asynchronous front of the pipeline: a fair queue with limits before a pool of workers."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from inference.drawing.words import DEFAULT_PLATE, Plate
from inference.engine.exchangeable import ExchangeablePool
from inference.engine.fair_queue import FairQueue, QueueFull, ShareFull
from inference.engine.pool import AnalysisFailed, Pool, ServedModel
from inference.engine.tasks import Examination, Explanation, Reading
from inference.photo import PhotoError
from inference.registry.registry import DEFAULT_WEIGHTS, RegistryError

__all__ = [
    "DEFAULT_WEIGHTS",
    "AnalysisFailed",
    "Busy",
    "Engine",
    "Examination",
    "Explanation",
    "PhotoError",
    "Place",
    "Reading",
    "RegistryError",
    "ServedModel",
    "TooMany",
]

# Photos fetched while the workers are busy; with those in the workers they are all that is held in memory, but for
# downloads that take longer than this: they hold nobody up. Some places are kept for owners who have none fetched.
FETCHED_AHEAD: Final = 3
KEPT_FOR_OTHERS: Final = 2
FETCH_SECONDS: Final = 3.0

T = TypeVar("T")
Fetch = Callable[[], Awaitable[bytes]]


class Busy(Exception):
    """More photos wait than the engine is willing to keep; in about `retry_after` seconds these will be read."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"the queue is full for about {retry_after:.0f} s")
        self.retry_after = retry_after


class TooMany(Exception):
    """One owner has as many photos waiting as one may have."""


class Place:
    """A photo's place in the queue, good for one call of `read`, `explain`, `examine` or `follow`."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.called = asyncio.Event()
        self.started = asyncio.Event()

    @property
    def ahead(self) -> int | None:
        """How many photos come before this one; None where its turn has come."""
        return self._engine.ahead(self)

    @property
    def seconds(self) -> float:
        """How long it is likely to take until this photo is read."""
        return self._engine.seconds(self)

    def give_up(self) -> None:
        """Leave the queue unread."""
        self._engine.leave(self)

    async def read(self, fetch: Fetch, plate: Plate = DEFAULT_PLATE) -> Reading:
        """Analyse a photo file and draw the answer on it.

        Args:
            fetch: gives the file's bytes; called when the photo's turn has come. What it raises passes through.
            plate: what is written on the drawing.

        Raises:
            PhotoError: the bytes are no photo that can be read.
            AnalysisFailed: see there; also when the engine is not running.
        """
        return await self._engine.read(self, fetch, plate)

    async def explain(self, fetch: Fetch, plate: Plate = DEFAULT_PLATE) -> Explanation:
        """Analyse a photo file again, draw what made the model say so, and measure the lesion.

        Takes and raises what `read` does.
        """
        return await self._engine.explain(self, fetch, plate)

    async def examine(self, fetch: Fetch, plate: Plate = DEFAULT_PLATE) -> Examination:
        """Analyse a photo file again with all that a report shows of it; takes and raises what `read` does."""
        return await self._engine.examine(self, fetch, plate)

    async def follow(self, fetch: Fetch, plate: Plate = DEFAULT_PLATE) -> Examination:
        """What `examine` does, with the marks by which the lesion is followed from photo to photo."""
        return await self._engine.follow(self, fetch, plate)


class Engine:
    """Reads photos in fair turn: next is the photo of whoever has used the least working time.

    Args:
        pool: the workers that read them.
        queue_limit: how many photos may wait, be read or be answered at once before `Busy` is raised.
        owner_limit: how many of these may be one owner's before `TooMany` is raised.
    """

    def __init__(self, pool: Pool, *, queue_limit: int = 500, owner_limit: int = 50) -> None:
        self._pool = ExchangeablePool(pool)
        self._queue: FairQueue[Place] = FairQueue(
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
        """Whether a photo could be read now."""
        return self._pool.ready

    @property
    def waiting(self) -> int:
        """How many photos wait, are being read or being answered."""
        return len(self._queue)

    async def start(self) -> None:
        """Start the workers; raises what `Pool.start` does."""
        await self._pool.start()

    async def stop(self) -> None:
        """End the workers at once; photos that are being read or wait raise `AnalysisFailed`."""
        await self._pool.stop()

    async def exchange(self, pool: Pool) -> None:
        """Have another pool serve, without a pause; see `ExchangeablePool.exchange`."""
        await self._pool.exchange(pool)

    @contextmanager
    def queue(self, owner: Hashable, photos: int = 1, *, limited: bool = True) -> Iterator[list[Place]]:
        """Places for photos of one owner, in the order in which they are to be read, until the block is left.

        Args:
            owner: whoever takes turns with the others.
            photos: how many there are.
            limited: whether the limits hold for them; those that were accepted before are not turned away.

        Raises:
            Busy, TooMany: there is no room for all of them.
        """
        places = [Place(self) for _ in range(photos)]
        try:
            self._queue.join(owner, places, limited=limited)
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

    def ahead(self, place: Place) -> int | None:
        """See `Place.ahead`."""
        return self._queue.ahead(place)

    def seconds(self, place: Place) -> float:
        """See `Place.seconds`."""
        return self._queue.seconds(place) / self._pool.size

    async def read(self, place: Place, fetch: Fetch, plate: Plate) -> Reading:
        """See `Place.read`."""
        return await self._in_turn(place, self._pool.read, fetch, plate)

    async def explain(self, place: Place, fetch: Fetch, plate: Plate) -> Explanation:
        """See `Place.explain`."""
        return await self._in_turn(place, self._pool.explain, fetch, plate)

    async def examine(self, place: Place, fetch: Fetch, plate: Plate) -> Examination:
        """See `Place.examine`."""
        return await self._in_turn(place, self._pool.examine, fetch, plate)

    async def follow(self, place: Place, fetch: Fetch, plate: Plate) -> Examination:
        """See `Place.follow`."""
        return await self._in_turn(place, self._pool.follow, fetch, plate)

    async def _in_turn(
        self, place: Place, ask: Callable[[bytes, Plate], Awaitable[T]], fetch: Fetch, plate: Plate
    ) -> T:
        """Fetch a photo when its turn is near, and ask the pool about it when it has come."""
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
            return await ask(data, plate)
        except BaseException:
            self.leave(place)
            raise
        finally:
            self._queue.finish(place)
            self._move()

    def leave(self, place: Place) -> None:
        """Take a place out of the queue."""
        self._queue.leave(place)
        self._move()

    def _let_others_go_first(self, place: Place) -> None:
        self._queue.mark_slow(place)
        self._move()

    def _move(self) -> None:
        """Have photos read by as many as the pool can, and fetched by as many as may be in memory at once."""
        while self._queue.working < self._pool.size and (place := self._queue.start()) is not None:
            place.started.set()
        for room, others in ((FETCHED_AHEAD, False), (FETCHED_AHEAD + KEPT_FOR_OTHERS, True)):
            while (
                self._queue.called < self._pool.size + room and (place := self._queue.call(others=others)) is not None
            ):
                place.called.set()
