"""Whether a retraining fits into the memory that is free."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from models.errors import TrainingError

BASE_BYTES: Final = 1_500_000_000
"""Memory of a retraining without the data. Measured: 0.74 GB while FixCaps learns from 32 pictures of 128 pixels a
step, and 1.3 GB while both classifiers answer `val` of the three sets."""
DATA_FACTOR: Final = 1.2
"""The sets stay encoded in memory, with lists and tables around them."""

_MEMINFO: Final = Path("/proc/meminfo")
_CGROUP: Final = Path("/sys/fs/cgroup")


def check(roots: Sequence[Path]) -> None:
    """Check that the data of these folders fits.

    Raises:
        TrainingError: memory is short; the message says how much is needed and how much is free.
    """
    need, free = needed(roots), available()
    if free is not None and need > free:
        raise TrainingError(
            f"memory is short: retraining needs about {need / 1e9:.1f} GB, and {free / 1e9:.1f} GB is free; "
            "stop other programs, or retrain on another machine"
        )


def needed(roots: Sequence[Path]) -> int:
    """The approximate memory of a retraining on these folders, in bytes."""
    data = sum(path.stat().st_size for root in roots for path in root.rglob("*") if path.is_file())
    return BASE_BYTES + int(DATA_FACTOR * data)


def available() -> int | None:
    """Free memory in bytes of the machine, or of its container if that is less; None if unknown."""
    found = []
    if _MEMINFO.is_file():
        lines = dict(line.split(":", 1) for line in _MEMINFO.read_text().splitlines())
        found.append(int(lines["MemAvailable"].split()[0]) * 1024)
    limit, used = _CGROUP / "memory.max", _CGROUP / "memory.current"
    if limit.is_file() and used.is_file() and (bytes_ := limit.read_text().strip()) != "max":
        found.append(int(bytes_) - int(used.read_text()))
    return min(found, default=None)
