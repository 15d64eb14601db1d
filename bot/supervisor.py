"""The owner of every task that outlives the function that started it."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

logger = logging.getLogger(__name__)


class Supervisor:
    """Starts detached tasks, keeps them alive, logs what they fail of, and ends them at the stop."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, coroutine: Coroutine[Any, Any, Any], name: str) -> None:
        """Run a coroutine on its own. `name` stands in the log if it fails."""
        task = asyncio.create_task(self._watch(coroutine, name), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Cancel what still runs and wait until it has ended."""
        while self._tasks:
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._tasks.difference_update(tasks)

    async def _watch(self, coroutine: Coroutine[Any, Any, Any], name: str) -> None:
        try:
            await coroutine
        except Exception:
            logger.exception("task %r failed", name)
