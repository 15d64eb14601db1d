"""A pool that can be replaced while photos are analysed, so that another model serves without a stop."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from inference.drawing.words import CaptionOptions
from inference.engine.pool import Pool, ServedModel
from inference.engine.tasks import AnnotatedAnalysis, Examination, Explanation


class ExchangeablePool:
    """Passes every call to the pool that serves now; see `Pool`.

    Args:
        pool: the first one.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._asked: Counter[Pool] = Counter()
        self._idle = asyncio.Event()
        self._exchanging = asyncio.Lock()

    @property
    def models(self) -> tuple[ServedModel, ...]:
        return self._pool.models

    @property
    def size(self) -> int:
        return self._pool.size

    @property
    def ready(self) -> bool:
        return self._pool.ready

    def seconds(self, photos: int) -> float:
        return self._pool.seconds(photos)

    async def start(self) -> None:
        await self._pool.start()

    async def stop(self) -> None:
        await self._pool.stop()

    async def read(self, data: bytes, options: CaptionOptions) -> AnnotatedAnalysis:
        with self._serving() as pool:
            return await pool.read(data, options)

    async def explain(self, data: bytes, options: CaptionOptions) -> Explanation:
        with self._serving() as pool:
            return await pool.explain(data, options)

    async def examine(self, data: bytes, options: CaptionOptions) -> Examination:
        with self._serving() as pool:
            return await pool.examine(data, options)

    async def follow(self, data: bytes, options: CaptionOptions) -> Examination:
        with self._serving() as pool:
            return await pool.follow(data, options)

    async def exchange(self, pool: Pool) -> None:
        """Start another pool, switch to it, and stop the old one once it has finished its photos.

        For a while both are in memory. If the new one does not start, the old one stays. Raises what `Pool.start`
        does.
        """
        async with self._exchanging:
            await pool.start()
            old, self._pool = self._pool, pool
            while self._asked[old]:
                self._idle.clear()
                await self._idle.wait()
            del self._asked[old]
            await old.stop()

    @contextmanager
    def _serving(self) -> Iterator[Pool]:
        pool = self._pool
        self._asked[pool] += 1
        try:
            yield pool
        finally:
            self._asked[pool] -= 1
            if not self._asked[pool]:
                self._idle.set()
