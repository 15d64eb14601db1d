"""Has a mole changed? Its marks in two photos, held against what two photos of one and the same lesion differ by.

Of one lesion photographed twice the marks differ far more than its turned and mirrored copies do: light, distance and
angle are never the same. How much was measured on pairs of photos of one lesion (`python -m benchmarks.repeatability`)
that no test split holds: 61 pairs by phone (PAD-UFES-20), 58 through a dermatoscope (HAM10000).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

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
"""Standard deviation of a mark from photo to photo of one lesion; of the area as a share of itself: it goes by how near
the camera was, and says next to nothing."""

RULER: Final = 0.5
"""Standard deviation of a diameter that a person measures with a ruler, in millimetres; taken, not measured."""

_TOLD: Final = 2.0  # standard deviations of a difference that count as a change: one in twenty is a false alarm


@dataclass(frozen=True)
class Finding:
    """What is known of a mole from one photo; `millimetres` is its diameter where the person has measured it."""

    marks: Marks
    domain: Domain
    millimetres: float | None = None


def error(estimate: Estimate, mark: Mark, domain: Domain) -> float:
    """How far a mark is to be trusted, one standard deviation: by the copies or by other photos, whichever is worse."""
    repeated = REPEATED[domain][mark] * (estimate.value if mark is Mark.AREA else 1)
    return max(estimate.error, repeated)


def changed(first: Finding, last: Finding) -> tuple[Mark, ...]:
    """Which marks differ by more than photos of an unchanged mole do.

    Photos of different kinds are not compared: through a dermatoscope everything looks different. The area in the
    photo does not count, and size only where the person has measured it both times.
    """
    found = []
    if first.domain == last.domain:
        pairs = (
            (Mark.ASYMMETRY, first.marks.asymmetry, last.marks.asymmetry),
            (Mark.CONTRAST, first.marks.contrast, last.marks.contrast),
        )
        for mark, before, after in pairs:
            spread = error(before, mark, first.domain) ** 2 + error(after, mark, last.domain) ** 2
            if abs(after.value - before.value) > _TOLD * spread**0.5:
                found.append(mark)
    if first.millimetres is not None and last.millimetres is not None:
        grown = abs(last.millimetres - first.millimetres)
        if grown > _TOLD * RULER * 2**0.5:
            found.append(Mark.DIAMETER)
    return tuple(found)
