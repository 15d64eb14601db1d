"""Several lesions in one photo: each further one is read in its own close-up, and the worst answer counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from inference.analysis import Lesion, Risk
from inference.classes import SUSPICIOUS
from inference.photo import Photo
from inference.pipeline.attribution import Attribution

REACH: Final = 3.0
"""Side of a close-up as a multiple of the lesion's side, much as in photos of a single lesion."""


@dataclass(frozen=True, eq=False)
class View:
    """The part of the analysed photo that the classifier reads: `photo`, with the `lesion` in it.

    It begins at `left`, `top` (pixels) of the analysed photo.
    """

    photo: Photo
    lesion: Lesion
    left: int = 0
    top: int = 0

    @classmethod
    def close_up(cls, photo: Photo, lesion: Lesion) -> "View":
        """A square around one lesion of several, as far as the photo reaches."""
        x1, y1, x2, y2 = lesion.box
        half = max(x2 - x1, y2 - y1, 1.0) * REACH / 2
        x, y = (x1 + x2) / 2, (y1 + y2) / 2
        left, top = max(0, round(x - half)), max(0, round(y - half))
        right, bottom = min(photo.width, round(x + half)), min(photo.height, round(y + half))
        part = (slice(top, bottom), slice(left, right))
        box = (x1 - left, y1 - top, x2 - left, y2 - top)
        seen = Lesion(box, lesion.mask[part], lesion.score)
        return cls(Photo(np.ascontiguousarray(photo.pixels[part])), seen, left, top)

    def placed(self, attribution: Attribution) -> Attribution:
        """Move an attribution from this view into the analysed photo."""
        x, y, side = attribution.square
        return Attribution(attribution.maps, (x + self.left, y + self.top, side), attribution.weight)


@dataclass(frozen=True, eq=False)
class LesionResult:
    """A lesion of the analysed photo, the view in which it was read, and the answer.

    `probabilities`: class -> 0..1, in the order of `CLASSES`.
    """

    lesion: Lesion
    view: View
    probabilities: Mapping[str, float]
    risk: Risk

    @property
    def severity(self) -> tuple[int, float]:
        """Sorts by risk, then by all malignant and pre-malignant classes together."""
        return list(Risk).index(self.risk), sum(self.probabilities[name] for name in SUSPICIOUS)
