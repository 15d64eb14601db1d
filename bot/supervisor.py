"""The owner of every task that outlives the function that started it."""

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

# How long a stop waits for work that must be completed.
STOP_GRACE_SECONDS = 2.0
# How long a cancelled task may take before it is cancelled again, because a library can swallow a cancellation.
CANCEL_AGAIN_SECONDS = 1.0

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Supervisor:
    """Starts detached tasks, keeps references to them, logs why they failed, and ends them at the stop."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._shielded: set[asyncio.Task[Any]] = set()

    def start(self, coroutine: Coroutine[Any, Any, Any], name: str) -> None:
        """Run a coroutine as a task. Its `name` is in the log if it fails."""
        task = asyncio.create_task(self._watch(coroutine, name), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def run_to_completion(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Wait for a coroutine. It runs to its end even if the waiting task is cancelled."""
        task = asyncio.create_task(coroutine)
        self._shielded.add(task)
        task.add_done_callback(self._shielded.discard)
        return await asyncio.shield(task)

    async def stop(self) -> None:
        """Cancel all tasks and wait until they have ended. Work that must be completed gets a little time."""
        await end(self._tasks)
        if self._shielded:
            await asyncio.wait(set(self._shielded), timeout=STOP_GRACE_SECONDS)
        await end(self._shielded)

    async def _watch(self, coroutine: Coroutine[Any, Any, Any], name: str) -> None:
        try:
            await coroutine
        except Exception:
            logger.exception("task %r failed", name)


async def all_or_none(coroutines: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run these concurrently; returns their results. If one raises, the others are cancelled."""
    tasks = [asyncio.create_task(each) for each in coroutines]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


async def end(tasks: set[asyncio.Task[Any]]) -> None:
    """Cancel tasks until all have ended; takes them out of the set."""
    # Ending tasks may start new ones.
    while tasks:
        ending = list(tasks)
        for task in ending:
            task.cancel()
        ended, _ = await asyncio.wait(ending, timeout=CANCEL_AGAIN_SECONDS)
        tasks.difference_update(ended)
