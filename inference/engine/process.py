"""A worker process: it analyses one photo at a time, and is killed if it takes too long."""

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import ParamSpec, TypeVar

from inference.drawing.words import CaptionOptions
from inference.engine import tasks

P = ParamSpec("P")
T = TypeVar("T")


class ProcessLost(Exception):
    """The process died during its work, or was killed because it took too long."""


class TookTooLong(ProcessLost):
    """The process was killed at its time limit. Trying again would take as long."""


class WorkerProcess:
    """One process with the networks loaded.

    Args:
        served: folder of the weights, and the classifier or None; see `Registry.load`.
        threads: how many threads its networks use.
        seconds: how long one photo may take before the process is killed.
    """

    def __init__(self, served: tuple[Path, str | None], threads: int, seconds: float) -> None:
        self._served = served
        self._threads = threads
        self._seconds = seconds
        self._pool: ProcessPoolExecutor | None = None
        self._process: BaseProcess | None = None

    @property
    def alive(self) -> bool:
        """Whether the process is running."""
        return self._process is not None and self._process.is_alive()

    async def start(self) -> None:
        """Start a process, or replace one that is gone, and warm it up.

        Raises:
            RegistryError: a served file is not what the registry says.
            ProcessLost: the process died while it was starting.
        """
        await self.stop()
        # The executor has one process. If it dies, only its own photo is lost.
        self._pool = ProcessPoolExecutor(
            max_workers=1, mp_context=get_context("spawn"), initializer=tasks.begin, initargs=(self._threads,)
        )
        try:
            pid = await self._run(os.getpid)
            self._process = next((each for each in active_children() if each.pid == pid), None)
            await self._run(tasks.warm, *self._served)
        except BaseException:
            await self.stop()
            raise

    async def run(
        self, task: Callable[[Path, str | None, bytes, CaptionOptions], T], data: bytes, options: CaptionOptions
    ) -> T:
        """Run a task, such as `tasks.read`, in the process. One call at a time.

        Raises:
            ProcessLost: the process ended. What the task raises passes through too.
        """
        if self._process is None:
            raise ProcessLost("there is no process")
        loop, began = asyncio.get_running_loop(), time.monotonic()
        limit = loop.call_later(self._seconds, self._process.kill)
        try:
            return await self._run(task, *self._served, data, options)
        except ProcessLost:
            if time.monotonic() - began < self._seconds:
                raise
            raise TookTooLong(f"the analysis of a photo was ended after {self._seconds:g} s") from None
        finally:
            limit.cancel()

    async def stop(self) -> None:
        """Kill the process, whatever it is doing."""
        if self._process is not None:
            self._process.kill()
        pool, self._pool, self._process = self._pool, None, None
        if pool is not None:
            await asyncio.to_thread(pool.shutdown, cancel_futures=True)

    async def _run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        assert self._pool is not None
        try:
            # Submitting may start the process. That takes a while, so it runs outside the event loop.
            future = await asyncio.to_thread(self._pool.submit, work, *args, **kwargs)
            return await asyncio.wrap_future(future)
        except BrokenProcessPool as error:
            await self.stop()
            raise ProcessLost("the analysis process died on a photo") from error
