"""Exposure: a photo that is darker than the training photos is brightened before the networks read it.

Without this, a photo at half its light is called a nevus, whatever it shows. Refusing dark photos would also refuse
dark skin, because brightness cannot tell one from the other.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

DARKEST: Final = 0.52
"""Photos below this brightness (see `inference.pipeline.quality`) are brightened; 1 in 1,000 training photos is
darker."""

USUAL: Final = 0.70
"""Their brightness afterwards; the median of `val` is 0.73."""


def exposed(pixels: NDArray[np.uint8], brightness: float) -> NDArray[np.uint8]:
    """Brighten a photo of this brightness if it is too dark, or return it unchanged.

    It multiplies the values. sRGB values follow a power law (except the darkest ones), so this has the effect of a
    longer exposure.

    Args:
        pixels: H x W x 3, uint8.
        brightness: 0..1.
    """
    if brightness >= DARKEST:
        return pixels
    # A photo below one level of 255 is black.
    return np.asarray(cv2.convertScaleAbs(pixels, alpha=USUAL / max(brightness, 1 / 255)), np.uint8)
