"""Light: a photo darker than those that the networks learnt from is brightened before they look at it.

Without this, a photo at half its light is called a nevus whatever it shows. Refusing it instead would refuse dark skin
too, which no measure of brightness tells from a dark photo.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

DARKEST: Final = 0.52
"""Brightness, as `inference.pipeline.quality` measures it, below which photos are brightened; 1 in 1,000 learnt is
darker."""

USUAL: Final = 0.70
"""Brightness that they are brought to; the median of `val` is 0.73."""


def exposed(pixels: NDArray[np.uint8], brightness: float) -> NDArray[np.uint8]:
    """Bring a photo of this brightness to the usual one where it is too dark, or return it as it is.

    Multiplying values that are encoded by a power, as those of sRGB are but for the darkest, is what a longer exposure
    does.

    Args:
        pixels: H x W x 3, uint8.
        brightness: 0..1.
    """
    if brightness >= DARKEST:
        return pixels
    # Less than one level of 255 is black.
    return np.asarray(cv2.convertScaleAbs(pixels, alpha=USUAL / max(brightness, 1 / 255)), np.uint8)
