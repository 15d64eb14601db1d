"""What a million photos a day takes, worked out from what was measured, and what breaks first."""

import math
from dataclasses import dataclass
from typing import Final

from benchmarks.scaling.measuring import Alone, Point, Sizes
from bot.telegram.rate_limit import MESSAGES_PER_SECOND

A_DAY: Final = 1_000_000
DAY_SECONDS: Final = 86_400
PEAK: Final = 3.0
"""An assumption: the busiest hour has three times the photos of the mean one."""
TELEGRAM: Final = 30.0
"""Messages a second to many people; core.telegram.org/bots/faq says "30 messages per second or so"."""

Row = tuple[str, str]


@dataclass(frozen=True)
class Measured:
    """Everything that was measured: `points` are those with real networks first, then those with a sleep."""

    alone: Alone
    points: tuple[Point, ...]
    sizes: Sizes

    @property
    def last(self) -> Point:
        """The modelled point with the most workers."""
        return [each for each in self.points if each.modelled][-1]

    @property
    def overhead(self) -> float:
        """What the queue adds to a photo's time with one worker, in seconds."""
        return next(each for each in self.points if each.modelled).seconds - self.alone.seconds

    @property
    def efficiency(self) -> float:
        """Photos a second with the most workers, over those of as many workers without a queue."""
        return self.last.rate * self.alone.seconds / self.last.workers


def demand(measured: Measured, price: float | None) -> list[Row]:
    """What a million photos a day take. With the `price` of a core for an hour, also what that costs."""
    mean = A_DAY / DAY_SECONDS
    last, sizes = measured.last, measured.sizes
    hours = A_DAY * measured.alone.core_seconds / 3600
    queue = A_DAY * (last.asking_core_seconds + last.database_core_seconds + last.worker_core_seconds) / 3600
    rows = [
        ("photos a second, mean of the day / busiest hour", f"{mean:.1f} / {PEAK * mean:.1f}"),
        ("core-hours a day for the networks", f"{hours:.0f}"),
        ("core-hours a day for the queue: bot's side, PostgreSQL, workers' side", f"{queue:.0f}"),
        (
            "workers like this machine, mean / busiest hour",
            f"{_workers(measured, mean)} / {_workers(measured, PEAK * mean)}",
        ),
        ("cores of PostgreSQL in the busiest hour", f"{PEAK * mean * last.database_core_seconds:.2f}"),
        ("through the queue in the busiest hour", f"{PEAK * mean * (sizes.question + sizes.answer) / 1e6:.1f} MB/s"),
        (
            "kept in the database",
            f"{A_DAY * sizes.kept / 1e9:.1f} GB a day, {365 * A_DAY * sizes.kept / 1e12:.2f} TB a year",
        ),
    ]
    if price is not None:
        rows.append(("cost of the core-hours", f"{(hours + queue) * price:.0f} a day at {price:g} a core-hour"))
    return rows


def breaking(measured: Measured) -> list[tuple[str, float]]:
    """How many photos a second each part carries that is there once, the least first."""
    last = measured.last
    limits = [
        (f"this bot's own pace, {MESSAGES_PER_SECOND} messages a second", float(MESSAGES_PER_SECOND)),
        (f"Telegram's limit for messages to many people, about {TELEGRAM:g} a second", TELEGRAM),
        ("the bot's side of the queue, in one process", 1 / last.asking_core_seconds),
        ("PostgreSQL for the queue, a core", 1 / last.database_core_seconds),
    ]
    return sorted(limits, key=lambda each: each[1])


def _workers(measured: Measured, rate: float) -> int:
    return math.ceil(rate * measured.alone.seconds / measured.efficiency)
