"""The gate: does a photo show a lesion on skin at all? Both fitting and serving judge by this.

It is linear in what a network for the class, which looks at every photo anyway, makes of the whole photo on its way:
early stages know textures and colours of everything that people photograph, late ones know lesions. Fitting it with
everyday pictures as examples of what is no lesion is outlier exposure (Hendrycks, Mazeika, Dietterich, "Deep Anomaly
Detection with Outlier Exposure", ICLR 2019).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

KINDS: Final = ("lesion", "bare skin", "something else")
"""What the gate tells apart, in the order of its scores."""


@dataclass(frozen=True, eq=False)
class Linear:
    """A linear classifier of ``KINDS``: ``weight`` 3 x D, ``bias`` 3."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def __call__(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """N x 3 log-probabilities of ``KINDS``, of N x D features."""
        scores = features.astype(np.float64) @ self.weight.T + self.bias
        return np.asarray(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))


def lesion_odds(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """N log-odds of a lesion against all else, of N x 3 log-probabilities of ``KINDS``."""
    return np.asarray(scores[:, 0] - np.logaddexp.reduce(scores[:, 1:], axis=1))
