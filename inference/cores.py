"""How many processor cores this process may use."""

import os

_limit: int | None = None


def limit_cores(count: int) -> None:
    """Leave the other cores to other processes: after this, `cores` returns at most `count`."""
    global _limit
    _limit = count


def cores() -> int:
    """Cores that this process may use; all cores if the system does not say."""
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return found if _limit is None else min(found, _limit)
