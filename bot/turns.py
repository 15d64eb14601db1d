"""Whose photo is next: everybody gets on, however many photos one person sends."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from weakref import WeakValueDictionary

# Each holds one downloaded file in memory, of 20 MB at most.
AT_ONCE = 8
AT_ONCE_EACH = 2
MAX_WAITING_EACH = 50


class TooManyWaiting(Exception):
    """One person has more photos waiting than the bot takes."""


class Turns:
    """Admission to reading: a limit for all together, a smaller one for each, and one on who waits."""

    def __init__(self) -> None:
        self._all = asyncio.Semaphore(AT_ONCE)
        self._each: WeakValueDictionary[int, asyncio.Semaphore] = WeakValueDictionary()
        self._waiting: Counter[int] = Counter()

    @contextmanager
    def queue(self, user_id: int, photos: int) -> Iterator[None]:
        """Hold places for `photos` of one person. Raises TooManyWaiting."""
        if self._waiting[user_id] + photos > MAX_WAITING_EACH:
            raise TooManyWaiting
        self._waiting[user_id] += photos
        try:
            yield
        finally:
            self._waiting[user_id] -= photos
            if not self._waiting[user_id]:
                del self._waiting[user_id]

    @asynccontextmanager
    async def turn(self, user_id: int) -> AsyncIterator[None]:
        """Wait for one photo's turn. First come, first served for each person."""
        own = self._each.setdefault(user_id, asyncio.Semaphore(AT_ONCE_EACH))
        async with own, self._all:
            yield
