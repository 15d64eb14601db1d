"""Has a mole changed? Compares its marks in two photos with how much two photos of an unchanged lesion differ.

Two photos of one lesion differ far more than the turned and mirrored copies of one photo, because light, distance and
angle are never the same. `python -m benchmarks.repeatability` measures how much, on pairs of photos of one lesion
outside every test split: 61 pairs by phone (PAD-UFES-20), 58 through a dermatoscope (HAM10000).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from inference.comparison.marks import Estimate, Marks
from inference.domains import Domain


class Mark(StrEnum):
    """What may have changed."""

    AREA = "area"
    ASYMMETRY = "asymmetry"
    CONTRAST = "contrast"
    DIAMETER = "diameter"


REPEATED: Final[Mapping[Domain, Mapping[Mark, float]]] = MappingProxyType(
    {
        "phone": {Mark.AREA: 0.58, Mark.ASYMMETRY: 0.020, Mark.CONTRAST: 5.0},
        "dermatoscope": {Mark.AREA: 0.83, Mark.ASYMMETRY: 0.013, Mark.CONTRAST: 2.3},
    }
)
"""Standard deviation of a mark between photos of one lesion. For the area it is relative. It is large there, because
the area depends on the distance of the camera."""

RULER: Final = 0.5
"""Standard deviation of a diameter that a person measures with a ruler, in millimetres. An assumption."""

_THRESHOLD: Final = 2.0
"""So many standard deviations count as a change. Then one change in twenty is a false alarm."""


@dataclass(frozen=True)
class Measurement:
    """What one photo says about a mole. `millimetres` is its diameter, if the person measured it."""

    marks: Marks
    domain: Domain
    millimetres: float | None = None

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Measurement":
        """The measurement from what is stored of a photo."""
        return cls(Marks.from_json(stored["marks"]), stored["domain"], stored.get("millimetres"))


def error(estimate: Estimate, mark: Mark, domain: Domain) -> float:
    """The standard deviation of a mark, of the turned copies or between photos: the larger one."""
    repeated = REPEATED[domain][mark] * (estimate.value if mark is Mark.AREA else 1)
    return max(estimate.error, repeated)


def changed(first: Measurement, last: Measurement) -> tuple[Mark, ...]:
    """Which marks differ by more than photos of an unchanged mole do.

    Photos of different domains are not compared, because everything looks different through a dermatoscope. The area in
    the photo never counts. Size counts only if the person measured it both times.
    """
    found = []
    if first.domain == last.domain:
        pairs = (
            (Mark.ASYMMETRY, first.marks.asymmetry, last.marks.asymmetry),
            (Mark.CONTRAST, first.marks.contrast, last.marks.contrast),
        )
        for mark, before, after in pairs:
            spread = error(before, mark, first.domain) ** 2 + error(after, mark, last.domain) ** 2
            if abs(after.value - before.value) > _THRESHOLD * spread**0.5:
                found.append(mark)
    if first.millimetres is not None and last.millimetres is not None:
        grown = abs(last.millimetres - first.millimetres)
        if grown > _THRESHOLD * RULER * 2**0.5:
            found.append(Mark.DIAMETER)
    return tuple(found)
