"""Publishes changes: to the chat page by server-sent events, to the tests by long polling."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

BACKLOG = 1000


@dataclass(frozen=True)
class Event:
    """One change. `version` grows by one with each; `data` is ready for JSON; `at` is of `time.monotonic`."""

    version: int
    kind: str
    chat_id: int | None
    data: dict[str, Any]
    at: float


class EventHub:
    """Sends each event to every subscriber and keeps the number of the latest one."""

    def __init__(self) -> None:
        self.version = 0
        self._subscribers: set[asyncio.Queue[Event | None]] = set()
        self._changed = asyncio.Event()
        self.closed = False

    def publish(self, kind: str, chat_id: int | None = None, data: dict[str, Any] | None = None) -> None:
        """Sends an event to every subscriber. A subscriber with a full backlog is cut off and must subscribe again."""
        self.version += 1
        event = Event(self.version, kind, chat_id, data or {}, time.monotonic())
        for queue in tuple(self._subscribers):
            if queue.qsize() >= BACKLOG:
                self._subscribers.discard(queue)
                queue.put_nowait(None)
            else:
                queue.put_nowait(event)
        self._wake()

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[asyncio.Queue[Event | None]]:
        """A queue of the events from now on; None in it is the end."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        if self.closed:
            queue.put_nowait(None)
        self._subscribers.add(queue)
        try:
            yield queue
        finally:
            self._subscribers.discard(queue)

    async def beyond(self, version: int, seconds: float) -> None:
        """Waits for an event newer than `version`, at most `seconds`, or until the close."""
        try:
            async with asyncio.timeout(seconds):
                while self.version <= version and not self.closed:
                    await self._changed.wait()
        except TimeoutError:
            return

    def close(self) -> None:
        """Ends every subscription and every wait."""
        self.closed = True
        for queue in self._subscribers:
            queue.put_nowait(None)
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
