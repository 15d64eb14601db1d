"""A training view of one picture of any size: a turned, scaled piece, cut from the picture as sharp as it is.

Where ``models.data.augmentation`` warps batches of one size on the training device, this samples picture by picture on
a CPU.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Matrix = NDArray[np.float64]

SCALE: Final = (0.8, 1.25)
SHIFT: Final = 0.08
STRETCH: Final = 0.1


def drawn(
    region: tuple[float, float, float],
    shape: tuple[int, int],
    chance: Generator,
    *,
    scale: tuple[float, float] = SCALE,
    shift: float = SHIFT,
    stretch: float = STRETCH,
) -> Matrix:
    """Draw a turn by any angle, a mirror, a scale, a shift and a stretch.

    Args:
        region: centre x, centre y and width of what is cut out, in pixels; see ``inference.pipeline.crops.region``.
        shape: width and height of the result in pixels.
        chance: what is drawn comes from it.
        scale: range of the factor on the width, drawn evenly in the logarithm.
        shift: largest shift of the centre, as a share of the width.
        stretch: largest change of the aspect ratio, as a share.

    Returns:
        2 x 3, from pixels of the result to pixels of the picture.
    """
    x, y, side = region
    span = side * float(np.exp(chance.uniform(*np.log(scale))))
    x, y = np.array([x, y]) + chance.uniform(-shift, shift, 2) * side
    angle, stretched = chance.uniform(0, 2 * np.pi), 1 + chance.uniform(-stretch, stretch)
    mirror = 1 if chance.random() < 0.5 else -1
    step = span / shape[0]
    along, across = step * stretched * mirror, step / stretched
    turn = np.array([[np.cos(angle) * along, -np.sin(angle) * across], [np.sin(angle) * along, np.cos(angle) * across]])
    return np.column_stack([turn, np.array([x, y]) - turn @ ((np.array(shape) - 1) / 2)])


def cut(pixels: NDArray[Any], matrix: Matrix, shape: tuple[int, int], grey: int | None = None) -> Pixels:
    """Cut a piece out; where it shrinks, twice as fine and averaged, against aliasing.

    Args:
        pixels: H x W or H x W x 3, uint8.
        matrix: see ``drawn``.
        shape: width and height of the result in pixels.
        grey: value of what lies beyond the picture; None mirrors it.
    """
    fine = 2 if np.abs(np.linalg.det(matrix[:, :2])) > 1.3**2 else 1
    finer = matrix.copy()
    finer[:, :2] /= fine
    finer[:, 2] -= finer[:, :2] @ np.full(2, (fine - 1) / 2)
    piece = cv2.warpAffine(
        pixels,
        finer,
        (shape[0] * fine, shape[1] * fine),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT if grey is None else cv2.BORDER_CONSTANT,
        borderValue=(grey or 0,) * 3,
    )
    return np.asarray(cv2.resize(piece, shape, interpolation=cv2.INTER_AREA) if fine > 1 else piece, np.uint8)
