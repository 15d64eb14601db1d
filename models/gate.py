"""The gate: does a photo show a lesion on skin at all? This is what serving shares with ``models.gate_network``."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

KINDS: Final = ("lesion", "bare skin", "something else")
"""What the gate tells apart, in the order of its scores."""


def squeezed(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """The whole photo, H x W x 3 uint8 RGB, squeezed into a square of ``size`` px: what lies at its rim counts too."""
    shrink = cv2.INTER_AREA if min(pixels.shape[:2]) > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (size, size), interpolation=shrink), np.uint8)


def lesion_odds(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """N log-odds of a lesion against all else, of N x 3 log-probabilities of ``KINDS``."""
    values = scores.astype(np.float64)
    return np.asarray(values[:, 0] - np.logaddexp.reduce(values[:, 1:], axis=1))
