"""Handles the recorded updates: each once, or again if the bot was killed while it handled it."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final

from aiogram import Bot
from aiogram.types import Update

from bot.supervisor import end
from bot.telegram.outages import UNREACHABLE
from bot.telegram.parsing import parse_updates
from storage.arrivals import Arrival, Arrivals
from storage.errors import DATABASE_LOST, StorageUnavailable
from storage.retry import until_stored

# The longest delay of an update whose notification was lost.
POLL_SECONDS: Final = 2.0
TIDY_SECONDS: Final = 3600.0
READ_AT_ONCE: Final = 100

logger = logging.getLogger(__name__)


class Arriving:
    """Handles recorded updates concurrently, in the order of their ids.

    Args:
        bot: that gets the updates.
        arrivals: stores the updates.
        record: stores an update's photo, with the time of its arrival (of `time.monotonic`). If it returns True, the
            update need not be handled again after a kill.
        handle: handles an update. Its second argument is whether the update is handled again if the connection with the
            database is lost meanwhile, which it raises then. It raises nothing else.
        passed_over: called for each update that cannot be read.
        at_once: how many updates are handled concurrently.
    """

    def __init__(
        self,
        bot: Bot,
        arrivals: Arrivals,
        *,
        record: Callable[[Update, float], Awaitable[bool]],
        handle: Callable[[Update, bool], Awaitable[None]],
        passed_over: Callable[[], None],
        at_once: int,
    ) -> None:
        self._bot = bot
        self._arrivals = arrivals
        self._record = record
        self._handle = handle
        self._passed_over = passed_over
        self._at_once = at_once
        self._room = asyncio.Semaphore(at_once)
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def catch_up(self) -> None:
        """Start to handle all waiting updates. Returns when their photos are recorded."""
        began = time.monotonic()
        recorded = [await self._begin(each, began) for each in await self._waiting(self._at_once)]
        for each in recorded:
            await each.wait()

    async def keep_taking(self) -> None:
        """Handle updates as they are recorded, until cancelled. Updates that are being handled then continue."""
        while True:
            self._arrivals.news.clear()
            began = time.monotonic()
            new = await self._waiting(len(self._tasks) + READ_AT_ONCE)
            for each in new:
                await self._begin(each, began)
            if len(new) < READ_AT_ONCE:
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._arrivals.news.wait()

    async def keep_forgetting(self) -> None:
        """Delete the ids of old updates every hour, until cancelled."""
        while True:
            try:
                await self._arrivals.forget_old()
            except StorageUnavailable as error:
                logger.warning("old updates cannot be deleted (%s)", error)
            await asyncio.sleep(TIDY_SECONDS)

    async def drain(self, seconds: float) -> bool:
        """Wait at most `seconds` for the updates that are being handled, then cancel them.

        Returns False if any had to be cancelled. They are handled again later.
        """
        late = set(self._tasks.values())
        if late:
            _, late = await asyncio.wait(late, timeout=seconds)
        all_ended = not late
        await end(late)
        return all_ended

    async def _waiting(self, limit: int) -> list[Arrival]:
        """Those of the first `limit` waiting updates that are not being handled."""
        while True:
            # One that ends during the query is still in its result.
            known = set(self._tasks)
            try:
                found = await self._arrivals.waiting(limit)
            except StorageUnavailable as error:
                logger.warning("updates cannot be read (%s), trying again", error)
                await asyncio.sleep(POLL_SECONDS)
            else:
                return [each for each in found if each.update_id not in known]

    async def _begin(self, arrival: Arrival, began: float) -> asyncio.Event:
        """Handle an update in a new task. The event is set when its photo is recorded."""
        await self._room.acquire()
        recorded = asyncio.Event()
        task = asyncio.create_task(self._take(arrival, began, recorded), name=f"update {arrival.update_id}")
        self._tasks[arrival.update_id] = task
        task.add_done_callback(partial(self._end, arrival.update_id, recorded))
        return recorded

    def _end(self, update_id: int, recorded: asyncio.Event, task: asyncio.Task[None]) -> None:
        recorded.set()
        del self._tasks[update_id]
        self._room.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("update %d failed", update_id, exc_info=error)

    async def _take(self, arrival: Arrival, began: float, recorded: asyncio.Event) -> None:
        handled = partial(until_stored, partial(self._arrivals.handled, arrival.update_id))
        try:
            update = self._parsed(arrival)
            is_recorded = await self._record(update, began)
        except (StorageUnavailable, *UNREACHABLE) as error:
            logger.warning("update %d is taken again later (%s)", arrival.update_id, type(error).__name__)
            return
        except Exception as error:
            # It would fail again and again.
            logger.error("update %d cannot be read and is ignored (%s)", arrival.update_id, type(error).__name__)
            self._passed_over()
            await handled()
            return
        recorded.set()
        if is_recorded:
            # If the bot is killed from now on, bot/photos/recovery.py continues with the photo.
            await handled()
        try:
            await self._handle(update, not is_recorded)
        except DATABASE_LOST as error:
            # Another process may take it, or this one. A word about it could not be sent: see `Ownership`.
            logger.warning("update %d is handled again (%s)", arrival.update_id, error)
            return
        if not is_recorded:
            await handled()

    def _parsed(self, arrival: Arrival) -> Update:
        if arrival.content is None:
            raise ValueError("it cannot be decrypted")
        [update] = parse_updates([json.loads(arrival.content)], self._bot)
        return update
