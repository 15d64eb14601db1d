"""The values that the pipeline returns. All of them are frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from inference.classes import CLASSES
from inference.domains import Domain

__all__ = ["CLASSES", "Abcd", "Analysis", "Colour", "Domain", "Lesion", "Quality", "Refusal", "Risk"]


class Refusal(StrEnum):
    """Why a photo gets no class. A refusal is a result: the person learns how to take a better photo."""

    NO_LESION = "no_lesion"
    NOT_SKIN = "not_skin"
    BLURRED = "blurred"
    TOO_DARK = "too_dark"
    GLARE = "glare"
    TOO_SMALL = "too_small"


class Risk(StrEnum):
    """What to do next, the least urgent first: watch the spot, have it looked at, see a doctor within days."""

    LOW = "low"
    RAISED = "raised"
    HIGH = "high"

    def at_least(self, other: "Risk") -> "Risk":
        """The more urgent of the two."""
        return max(self, other, key=list(Risk).index)


@dataclass(frozen=True, eq=False)
class Lesion:
    """`box`: x1, y1, x2, y2 in pixels of the upright photo. `mask`: H x W bool, the photo's size. `score`: 0..1."""

    box: tuple[float, float, float, float]
    mask: NDArray[np.bool_]
    score: float


@dataclass(frozen=True)
class Quality:
    """`width`, `height` in pixels; the rest as `inference.pipeline.quality` measures it, 0..1."""

    width: int
    height: int
    sharpness: float
    brightness: float
    skin: float = 1.0
    glare: float = 0.0
    contrast: float = 0.0


@dataclass(frozen=True, eq=False)
class Analysis:
    """One photo's answer.

    `label` is the most likely class. `probabilities` are calibrated: class -> 0..1, in the order of `CLASSES`, with the
    sum 1. A refused analysis has a `refusal`, no probabilities, and None as `label` and `risk`. The answer is about the
    `lesion`, the worst if there are several. `more_lesions` are the others, the worst first. `domain` is what the photo
    was probably taken with, or None if no network saw it. `models` maps a role to the name and version of its
    model. `timings` maps a step to milliseconds. `fingerprint` recognises the photo if it comes again.
    """

    label: str | None
    probabilities: Mapping[str, float]
    lesion: Lesion | None
    quality: Quality
    refusal: Refusal | None
    risk: Risk | None
    domain: Domain | None = None
    more_lesions: tuple[Lesion, ...] = ()
    models: Mapping[str, str] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    fingerprint: str = ""


class Colour(StrEnum):
    """The six colours that the ABCD rule looks for."""

    WHITE = "white"
    RED = "red"
    LIGHT_BROWN = "light_brown"
    DARK_BROWN = "dark_brown"
    BLUE_GREY = "blue_grey"
    BLACK = "black"


@dataclass(frozen=True)
class Abcd:
    """What `inference.pipeline.abcd` measures on an outlined lesion.

    `asymmetry`: share of its area without a counterpart when folded, 0..1. `border`: perimeter squared over 4 pi times
    the area, 1 for a disc. `colours`: the largest first. `diameter`: the longest one, as a share of the photo's
    diagonal. `cut_off`: the lesion reaches the photo's edge, so only its visible part is measured.
    """

    asymmetry: float
    border: float
    colours: tuple[Colour, ...]
    diameter: float
    cut_off: bool
