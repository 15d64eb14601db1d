"""The stored measurements of each photo of a mole, and the state of a mole from its photos."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.results import Result
from inference.comparison.change import Mark, Measurement, changed
from inference.engine.engine import Examination
from storage.records import MolePhoto


def to_stored(examination: Examination) -> dict[str, Any] | None:
    """JSON for the database; None if no mole was found."""
    if examination.marks is None or examination.analysis.domain is None:
        return None
    return {
        "marks": examination.marks.to_json(),
        "domain": examination.analysis.domain,
        "models": dict(examination.analysis.models),
        "millimetres": None,
    }


@dataclass(frozen=True)
class Standing:
    """The state of a mole: its photos, the answer to its last photo, and what has changed since the first."""

    photos: tuple[MolePhoto, ...]
    measurements: tuple[Measurement, ...]
    last: Result | None
    changed: tuple[Mark, ...]

    @classmethod
    def of(cls, photos: Sequence[MolePhoto]) -> "Standing":
        """The state from the photos of one mole, the oldest first."""
        measurements = tuple(Measurement.from_json(each.findings) for each in photos)
        last = Result.stored(photos[-1].request.result or {}) if photos else None
        differing = changed(measurements[0], measurements[-1]) if len(measurements) > 1 else ()
        return cls(tuple(photos), measurements, last, differing)

    @property
    def comparable(self) -> bool:
        """Whether there are two photos of the same domain."""
        return len(self.measurements) > 1 and self.measurements[0].domain == self.measurements[-1].domain
