"""The figures of a benchmark, and their summary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spread:
    """The 5th percentile, the median and the 95th percentile of a sample."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """The spread of a non-empty sample."""
        return cls(*(float(value) for value in np.percentile(values, [5, 50, 95])))

    def text(self, digits: int = 1) -> str:
        """The median, and in brackets the percentiles."""
        return f"{self.median:.{digits}f} [{self.low:.{digits}f}, {self.high:.{digits}f}]"


@dataclass(frozen=True)
class Results:
    """The results of one call.

    Attributes:
        machine: processor and cores.
        photos: description of the photos.
        plain: (a), milliseconds for each photo.
        alone: (b), milliseconds for each photo.
        waiting: (c), photos a second in each burst.
        burst: number of photos in a burst.
        workers: number of processes that answer a burst.
        steps: step -> mean milliseconds, for one photo at a time in one process.
        plain_steps: the same for (a).
        cold: seconds from starting a process to its first answer.
        memory: number of photos -> resident memory of the serving process in MB.
        operations: network -> multiplications and additions for one photo.
        plain_operations: the same for (a).
        rate: operations a second of a float32 matrix product on all cores.
    """

    machine: str
    photos: str
    plain: Sequence[float]
    alone: Sequence[float]
    waiting: Sequence[float]
    burst: int
    workers: int
    steps: Mapping[str, float]
    plain_steps: Mapping[str, float]
    cold: Sequence[float]
    memory: Mapping[int, float]
    operations: Mapping[str, int]
    plain_operations: Mapping[str, int]
    rate: float

    @property
    def floor(self) -> float:
        """Milliseconds that our operations for one photo take at the matrix rate."""
        return sum(self.operations.values()) / self.rate * 1000

    @property
    def plain_floor(self) -> float:
        """The same for (a)."""
        return sum(self.plain_operations.values()) / self.rate * 1000

    def share(self, *steps: str) -> float:
        """Share of our time that these steps take, 0..1."""
        return sum(self.steps[step] for step in steps) / sum(self.steps.values())
