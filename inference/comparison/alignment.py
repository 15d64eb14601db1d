"""Aligns two photos of one mole by the mole's outlines."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.photo import Photo

Outline = tuple[tuple[float, float], ...]

_SIDE: Final = 160  # pixels of the grid in which outlines are compared
_FILL: Final = 0.5  # a mole's mean diameter as a share of that grid's side
_STEP: Final = 4  # degrees between the angles that are tried
_FINE: Final = (-2, -1, 1, 2)
_PER_DEGREE: Final = 0.0006  # overlap that a rotation must gain to be used, because people hold phones much alike


def corners(photo: Photo, outline: Outline) -> NDArray[np.float64]:
    """The corners of an outline in pixels of its photo, N x 2."""
    return np.array(outline, np.float64) * (photo.width, photo.height)


def alignment(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """The 2 x 3 similarity transform from pixels of the second photo to pixels of the first.

    It matches the centres and the areas of the outlines. Its rotation is the one with the largest overlap. Any rotation
    fits a round mole, so a rotation must gain a minimum of overlap.

    Args:
        first: N x 2, corners in pixels of the first photo.
        second: M x 2, corners in pixels of the second.

    Raises:
        ValueError: an outline has no area.
    """
    resting = _filled(_normal(first))
    normal = _normal(second)

    def score(degrees: float) -> float:
        turned = _filled(normal @ _rotation(degrees).T)
        shared, either = np.count_nonzero(resting & turned), np.count_nonzero(resting | turned)
        return shared / either - _PER_DEGREE * min(abs(degrees), 60)

    best = max(range(-180, 180, _STEP), key=score)
    best = max((best, *(best + step for step in _FINE)), key=score)
    (centre, size), (centre_second, size_second) = _centre(first), _centre(second)
    linear = _rotation(best) * (size / size_second)
    return np.hstack([linear, (centre - linear @ centre_second)[:, None]])


def laid_over(second: Photo, matrix: NDArray[np.float64], size: tuple[int, int]) -> Photo:
    """The second photo warped onto the first, whose width and height are given. Uncovered pixels are grey."""
    warped = cv2.warpAffine(second.pixels, matrix, size, flags=cv2.INTER_LINEAR, borderValue=(128, 128, 128))
    return Photo(np.asarray(warped, np.uint8))


def window(first: NDArray[np.float64], margin: float = 1.9) -> tuple[float, float, float]:
    """A square around an outline: left, top and side in pixels. It may reach beyond the photo."""
    low, high = first.min(axis=0), first.max(axis=0)
    side = float((high - low).max()) * margin
    left, top = (low + high - side) / 2
    return float(left), float(top), side


def _centre(outline: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Centre of gravity, and the square root of the area."""
    moments = cv2.moments(outline.astype(np.float32)[:, None])
    if moments["m00"] <= 0:
        raise ValueError("an outline without an area cannot be aligned")
    centre = np.array([moments["m10"], moments["m01"]]) / moments["m00"]
    return centre, float(np.sqrt(moments["m00"]))


def _normal(outline: NDArray[np.float64]) -> NDArray[np.float64]:
    """The outline centred on the origin and scaled to an area of 1."""
    centre, size = _centre(outline)
    return np.asarray((outline - centre) / size)


def _rotation(degrees: float) -> NDArray[np.float64]:
    cosine, sine = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array([[cosine, -sine], [sine, cosine]])


def _filled(normal: NDArray[np.float64]) -> NDArray[np.bool_]:
    grid = np.zeros((_SIDE, _SIDE), np.uint8)
    cv2.fillPoly(grid, [np.rint(normal * _SIDE * _FILL + _SIDE / 2).astype(np.int32)], 1)
    return np.asarray(grid > 0)
