"""The square of a photo that a classifier reads. Training, evaluation and serving cut it out the same way."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

SMALLEST_SIDE: Final = 0.25
"""A lesion's square is at least this share of the photo's shorter side, because a tiny box is mostly a wrong box."""


def region(
    shape: tuple[int, int], box: tuple[float, float, float, float] | None, margin: float
) -> tuple[float, float, float]:
    """The square that a classifier reads: centre x, centre y and side in pixels.

    Args:
        shape: height and width of the photo.
        box: lesion x1 y1 x2 y2; None is the largest centred square of the photo.
        margin: side of the square as a multiple of the box's longer side.
    """
    height, width = shape
    shorter = min(height, width)
    if box is None:
        return width / 2, height / 2, float(shorter)
    x1, y1, x2, y2 = box
    side = max(max(x2 - x1, y2 - y1) * margin, SMALLEST_SIDE * shorter)
    return (x1 + x2) / 2, (y1 + y2) / 2, float(min(side, max(height, width)))


def crop(
    pixels: NDArray[np.uint8], box: tuple[float, float, float, float] | None, size: int, margin: float
) -> NDArray[np.uint8]:
    """Cut the classifier's square out of a photo. Beyond the photo's edge, the photo is mirrored.

    Args:
        pixels: H x W x 3, uint8, RGB.
        box: lesion x1 y1 x2 y2 in pixels, or None for the whole photo.
        size: side of the result in pixels.
        margin: see ``region``.

    Returns:
        ``size`` x ``size`` x 3, uint8, RGB.
    """
    height, width = pixels.shape[:2]
    x, y, side = region((height, width), box, margin)
    span = max(2, round(side))
    left, top = round(x - span / 2), round(y - span / 2)
    inside = pixels[max(0, top) : min(height, top + span), max(0, left) : min(width, left + span)]
    above, below = max(0, -top), max(0, top + span - height)
    before, after = max(0, -left), max(0, left + span - width)
    if above or below or before or after:
        mirrored = cv2.copyMakeBorder(inside, above, below, before, after, cv2.BORDER_REFLECT)
        inside = np.asarray(mirrored, np.uint8)
    shrink = cv2.INTER_AREA if span > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(inside, (size, size), interpolation=shrink), np.uint8)
