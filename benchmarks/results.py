"""Figures of a benchmark and how they are summed up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spread:
    """The middle and the edges of a sample."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """The 5th percentile, the median and the 95th."""
        return cls(*(float(value) for value in np.percentile(values, [5, 50, 95])))

    def text(self, digits: int = 1) -> str:
        """The median, and in brackets the edges."""
        return f"{self.median:.{digits}f} [{self.low:.{digits}f}, {self.high:.{digits}f}]"


@dataclass(frozen=True)
class Results:
    """What one call measured.

    Attributes:
        machine: processor and cores.
        photos: what was answered, in words.
        plain: milliseconds a photo, (a).
        alone: milliseconds a photo, (b).
        waiting: photos a second of each burst, (c).
        burst: photos of a burst.
        workers: processes that answer a burst.
        steps: milliseconds by step of one photo at a time, in one process; means.
        plain_steps: the same of (a).
        cold: seconds from starting a process to its first answer.
        memory: MB of resident memory of the serving process after so many photos.
        operations: multiplications and additions a photo, by network.
        plain_operations: the same of (a).
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
        """Milliseconds a photo that the operations of ours take at the matrix rate."""
        return sum(self.operations.values()) / self.rate * 1000

    @property
    def plain_floor(self) -> float:
        """The same of (a)."""
        return sum(self.plain_operations.values()) / self.rate * 1000

    def share(self, *steps: str) -> float:
        """Share of the time that these steps of ours take."""
        return sum(self.steps[step] for step in steps) / sum(self.steps.values())
