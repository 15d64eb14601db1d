"""Whether a photo was taken through a dermatoscope, or by a phone or camera: classified from the gate's features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Domain = Literal["dermatoscope", "phone"]
"""What a picture was taken with. Cameras count as phones."""
DOMAINS: Final[tuple[Domain, ...]] = ("dermatoscope", "phone")


@dataclass(frozen=True, eq=False)
class DomainClassifier:
    """A linear classifier of features: ``weight`` D, ``bias`` 1; log-odds of ``phone``."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def __call__(self, features: NDArray[np.float32]) -> list[Domain]:
        """The domain of each of N x D features."""
        odds = features.astype(np.float64) @ self.weight + self.bias[0]
        return [DOMAINS[int(each > 0)] for each in odds]
