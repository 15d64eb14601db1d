"""Measures the bot's processes while people write to it."""

import asyncio
import contextlib
import re
import time
from dataclasses import dataclass

import psutil

from benchmarks.load.processes import BotProcess

INTERVAL_SECONDS = 1.0
DELAY = re.compile(r"event loop delay: p99 ([\d.]+) ms, worst ([\d.]+) ms")


@dataclass(frozen=True)
class Sample:
    """Process id -> resident memory in MB, at a time of `time.monotonic`."""

    at: float
    bot: dict[int, float]
    workers: dict[int, float]


class Memory:
    """Samples of a bot's memory once a second."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []

    async def keep_measuring(self, bot: BotProcess) -> None:
        """Measure until cancelled. There is no sample while the bot is down."""
        while True:
            with contextlib.suppress(psutil.NoSuchProcess):
                self.samples.append(await asyncio.to_thread(_measure, bot))
            await asyncio.sleep(INTERVAL_SECONDS)

    def peak(self, role: str) -> float:
        """The largest memory in MB of the bot, or of all its workers together: `role` is "bot" or "workers"."""
        return max((sum(getattr(each, role).values()) for each in self.samples), default=0.0)

    def growth(self, role: str, settled: float) -> float:
        """The largest growth of one process's memory in MB, from when it was `settled` seconds old.

        The growth is the mean of the last third of its life minus that of the first third.
        """
        lives: dict[int, list[tuple[float, float]]] = {}
        for each in self.samples:
            for pid, size in getattr(each, role).items():
                lives.setdefault(pid, []).append((each.at, size))
        grown = 0.0
        for life in lives.values():
            sizes = [size for at, size in life if at >= life[0][0] + settled]
            third = len(sizes) // 3
            if third:
                grown = max(grown, sum(sizes[-third:]) / third - sum(sizes[:third]) / third)
        return grown


def _measure(bot: BotProcess) -> Sample:
    assert bot.process is not None
    workers = {}
    for each in bot.workers():
        try:
            workers[each.pid] = each.memory_info().rss / 2**20
        except psutil.NoSuchProcess:
            continue
    own = {bot.process.pid: psutil.Process(bot.process.pid).memory_info().rss / 2**20}
    return Sample(time.monotonic(), own, workers)


def loop_delays(log: str) -> tuple[list[float], list[float]]:
    """The 99th percentile and the worst delay of the event loop in ms, for every interval in the log."""
    found = [(float(p99), float(worst)) for p99, worst in DELAY.findall(log)]
    return [p99 for p99, _worst in found], [worst for _p99, worst in found]
