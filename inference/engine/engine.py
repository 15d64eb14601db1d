"""The asynchronous front of the pipeline: a fair queue with limits before worker processes.

The networks run in processes of their own, so that nothing they do can hold up the event loop, and a photo that
brings a decoder down, or keeps it busy for ever, takes its worker with it and not the bot.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from inference.engine import tasks
from inference.engine.fair_queue import FairQueue, QueueFull, ShareFull
from inference.engine.pool import AnalysisFailed, Work, WorkerPool
from inference.engine.tasks import Explanation, Reading
from inference.photo import PhotoError
from inference.registry.registry import DEFAULT_WEIGHTS, Registry, RegistryError

__all__ = [
    "DEFAULT_WEIGHTS",
    "AnalysisFailed",
    "Busy",
    "Engine",
    "Explanation",
    "PhotoError",
    "Place",
    "Reading",
    "RegistryError",
    "ServedModel",
    "TooMany",
]

# Photos fetched while the workers are busy; with those in the workers they are all that is held in memory.
FETCHED_AHEAD: Final = 4

T = TypeVar("T")
Fetch = Callable[[], Awaitable[bytes]]


class Busy(Exception):
    """More photos wait than the engine is willing to keep; in about `retry_after` seconds these will be read."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"the queue is full for about {retry_after:.0f} s")
        self.retry_after = retry_after


class TooMany(Exception):
    """One owner has as many photos waiting as one may have."""


@dataclass(frozen=True)
class ServedModel:
    """What `/models` shows. `metrics`: split -> name of the figure -> (estimate, lower, upper)."""

    role: str
    name: str
    version: str
    metrics: Mapping[str, Any]
    licence: str


class Place:
    """A photo's place in the queue, good for one call of `read` or `explain`."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.turn = asyncio.Event()

    @property
    def ahead(self) -> int | None:
        """How many photos come before this one; None where its turn has come."""
        return self._engine.ahead(self)

    @property
    def seconds(self) -> float:
        """How long it is likely to take until this photo is read."""
        return self._engine.seconds((self.ahead or 0) + 1)

    def give_up(self) -> None:
        """Leave the queue unread."""
        self._engine.leave(self)

    async def read(self, fetch: Fetch, *, language: str = "en") -> Reading:
        """Analyse a photo file and draw the answer on it.

        Args:
            fetch: gives the file's bytes; called when the photo's turn has come. What it raises passes through.
            language: of the words on the annotated photo, "en" or "ru".

        Raises:
            PhotoError: the bytes are no photo that can be read.
            AnalysisFailed: see there; also when the engine is not running.
        """
        return await self._engine.work(self, tasks.read, fetch, language)

    async def explain(self, fetch: Fetch, *, language: str = "en") -> Explanation:
        """Analyse a photo file again, draw what made the model say so, and measure the lesion.

        Takes and raises what `read` does.
        """
        return await self._engine.work(self, tasks.explain, fetch, language)


class Engine:
    """Reads photos in fair turn: one of each owner who waits, then the next of each.

    Args:
        weights: folder with registry.json.
        classifier: NAME-VERSION of a released classifier; None takes the one that the registry serves.
        workers: how many processes read photos, each one photo at a time; they share the processor's cores.
        queue_limit: how many photos may wait or be read at once before `Busy` is raised.
        owner_limit: how many of these may be one owner's before `TooMany` is raised.
        photo_seconds: how long a worker may take over one photo before it is killed and replaced.
    """

    def __init__(
        self,
        weights: Path = DEFAULT_WEIGHTS,
        *,
        classifier: str | None = None,
        workers: int = 1,
        queue_limit: int = 500,
        owner_limit: int = 50,
        photo_seconds: float = 30.0,
    ) -> None:
        self._served = weights, classifier
        self._crew = WorkerPool(self._served, workers, photo_seconds)
        self._queue: FairQueue[Place] = FairQueue(queue_limit, owner_limit)
        self._models: tuple[ServedModel, ...] = ()

    @property
    def models(self) -> tuple[ServedModel, ...]:
        """The served models; empty before `start`."""
        return self._models

    async def start(self) -> None:
        """Verify the weights and start the workers; returns when the first of them is ready.

        Raises:
            RegistryError: one line that names the file that is missing, damaged or foreign.
            AnalysisFailed: the worker died while it was starting.
        """
        registry = await asyncio.to_thread(Registry.load, *self._served)
        self._models = tuple(
            ServedModel(role, entry.name, entry.version, entry.metrics, entry.licence)
            for role, entry in registry.entries.items()
        )
        await self._crew.start()

    async def stop(self) -> None:
        """End the workers at once; photos that are being read or wait raise `AnalysisFailed`."""
        await self._crew.stop()

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
            raise Busy(self.seconds(len(self._queue))) from None
        except ShareFull:
            raise TooMany from None
        self._call()
        try:
            yield places
        finally:
            for place in places:
                self.leave(place)

    def ahead(self, place: Place) -> int | None:
        """See `Place.ahead`."""
        return self._queue.ahead(place)

    def seconds(self, photos: int) -> float:
        """How long so many photos are likely to take, by what the latest ones took."""
        return self._crew.seconds(photos)

    async def work(self, place: Place, work: Work[T], fetch: Fetch, language: str) -> T:
        """Wait for the place's turn, fetch its photo, and have a worker do the work; see `Place.read`."""
        try:
            await place.turn.wait()
            return await self._crew.do(work, await fetch(), language)
        finally:
            self.leave(place)

    def leave(self, place: Place) -> None:
        """Take a place out of the queue and call the next."""
        self._queue.leave(place)
        self._call()

    def _call(self) -> None:
        """Give the turn to as many photos as may be in memory at once."""
        while self._queue.called < self._crew.size + FETCHED_AHEAD and (place := self._queue.call()) is not None:
            place.turn.set()
