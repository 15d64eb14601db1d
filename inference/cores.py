"""How many processor cores are ours."""

import os


def cores() -> int:
    """Cores that this process may run on; where the system does not tell, all there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
