"""The current state of the bot, for `/health` and for alerts."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from bot.operator.drift import Drift, Validation
from bot.operator.usage import quantile, summarise
from inference.drift import PSI_LIMIT
from storage.database import Database
from storage.records import Outcome

HOUR = timedelta(hours=1)
DRIFT_DAYS = 28
# With few requests, one failure says nothing.
ENOUGH_REQUESTS = 20
FAILED_LIMIT = 0.05
SLOW_LIMIT_S = 60.0
DISK_LIMIT_BYTES = 1_000_000_000


class Fault(StrEnum):
    """The figures that can leave their range."""

    ERRORS = "errors"
    LATENCY = "latency"
    DRIFT = "drift"
    UNLIKE_VALIDATION = "unlike_validation"
    DISK = "disk"


@dataclass(frozen=True)
class Health:
    """Figures of the last hour, and those that are out of their range.

    `failed` is a share (0..1), or None with too few requests. `slowest` is the 95th percentile of the seconds from
    photo to answer, or None without answers. `drift` is the stability index of the answers against earlier ones.
    `validation` is the drift of photos and answers against the validation set.
    """

    requests: int
    unfinished: int
    failed: float | None
    slowest: float | None
    drift: float | None
    validation: Sequence[Drift]
    free_bytes: int
    faults: frozenset[Fault]


async def examine(database: Database, data_dir: Path, validation: Validation, now: datetime | None = None) -> Health:
    """Measure all figures. Raises StorageUnavailable if the database cannot answer."""
    now = now or datetime.now(UTC)
    handled = await database.statistics.since(now - timedelta(days=DRIFT_DAYS))
    usage = await asyncio.to_thread(summarise, handled, DRIFT_DAYS, now.date())
    departures = await validation.compare(handled, now)
    recent = [each for each in handled if each.created_at >= now - HOUR]
    outcomes = Counter(each.outcome for each in recent)
    ended = outcomes[Outcome.ANSWERED] + outcomes[Outcome.REFUSED] + outcomes[Outcome.FAILED]
    failed = outcomes[Outcome.FAILED] / ended if ended >= ENOUGH_REQUESTS else None
    seconds = [
        (each.completed_at - each.created_at).total_seconds()
        for each in recent
        if each.completed_at is not None and each.outcome is Outcome.ANSWERED
    ]
    slowest = quantile(seconds, 0.95) if len(seconds) >= ENOUGH_REQUESTS else None
    free = await asyncio.to_thread(free_bytes, data_dir)
    out_of_range = {
        Fault.ERRORS: failed is not None and failed > FAILED_LIMIT,
        Fault.LATENCY: slowest is not None and slowest > SLOW_LIMIT_S,
        Fault.DRIFT: usage.drift is not None and usage.drift >= PSI_LIMIT,
        Fault.UNLIKE_VALIDATION: any(each.departed for each in departures),
        Fault.DISK: free < DISK_LIMIT_BYTES,
    }
    return Health(
        requests=len(recent),
        unfinished=outcomes[Outcome.RECEIVED] + outcomes[Outcome.WORKING],
        failed=failed,
        slowest=slowest,
        drift=usage.drift,
        validation=departures,
        free_bytes=free,
        faults=frozenset(fault for fault, out in out_of_range.items() if out),
    )


def free_bytes(folder: Path) -> int:
    """How much is free on the disk of a folder."""
    # With a database on a server, the data folder may not exist.
    existing = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    return shutil.disk_usage(existing).free
