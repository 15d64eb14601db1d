"""One canonical orientation for a photo, so that its eight turned and mirrored copies get the same answer.

Only the content decides: the long side is horizontal, the brighter half is right and below, and in a square photo the
light leans more to the right than down. Light is summed as whole numbers, so nothing is rounded. If it balances
exactly, the pixels are compared in reading order. There is one limit: if the balance is nearly even, noise or
compression may turn two copies of a photo differently.
"""

from dataclasses import dataclass
from itertools import product
from typing import Any, Final, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

Element = TypeVar("Element", bound=np.generic)
Box = tuple[float, float, float, float]

_FLIPS: Final = {
    (True, False): 1,
    (False, True): 0,
    (True, True): -1,
}  # (mirrored_x, mirrored_y) -> the code for cv2.flip


@dataclass(frozen=True)
class Orientation:
    """One of the eight orientations: first transposed, then mirrored left to right and top to bottom."""

    transposed: bool
    mirrored_x: bool
    mirrored_y: bool

    def apply(self, picture: NDArray[Element]) -> NDArray[Element]:
        """Turn a picture, H x W or H x W x 3."""
        return self._mirrored(_transposed(picture) if self.transposed else picture)

    def undo(self, picture: NDArray[Element]) -> NDArray[Element]:
        """Undo `apply`."""
        mirrored = self._mirrored(picture)
        return _transposed(mirrored) if self.transposed else mirrored

    def undo_box(self, box: Box, width: int, height: int) -> Box:
        """Map a box x1, y1, x2, y2 (pixels) in a turned picture of this size back to the picture itself."""
        x1, y1, x2, y2 = box
        if self.mirrored_x:
            x1, x2 = width - x2, width - x1
        if self.mirrored_y:
            y1, y2 = height - y2, height - y1
        return (y1, x1, y2, x2) if self.transposed else (x1, y1, x2, y2)

    def _mirrored(self, picture: NDArray[Element]) -> NDArray[Element]:
        flip = _FLIPS.get((self.mirrored_x, self.mirrored_y))
        # OpenCV turns a photo several times faster than numpy does, but does not support bool.
        return picture if flip is None else np.asarray(cv2.flip(_bytes(picture), flip)).view(picture.dtype)


ORIENTATIONS: Final = tuple(Orientation(*turns) for turns in product((False, True), repeat=3))


def canonical_orientation(pixels: NDArray[np.uint8]) -> Orientation:
    """The orientation in which a photo is analysed: all eight copies of the photo give the same picture.

    Args:
        pixels: H x W x 3, uint8.
    """
    height, width = pixels.shape[:2]
    x, y = _lean(pixels)

    def rank(orientation: Orientation) -> tuple[bool, int, int]:
        across, down = (y, x) if orientation.transposed else (x, y)
        flat = height >= width if orientation.transposed else width >= height
        return flat, -across if orientation.mirrored_x else across, -down if orientation.mirrored_y else down

    highest = max(map(rank, ORIENTATIONS))
    best, *others = (orientation for orientation in ORIENTATIONS if rank(orientation) == highest)
    for orientation in others:
        if _precedes(orientation.apply(pixels), best.apply(pixels)):
            best = orientation
    return best


def _lean(pixels: NDArray[np.uint8]) -> tuple[int, int]:
    """How far the light leans to the right and down: exact first moments of R + G + B about the centre."""
    rows = pixels.reshape(len(pixels), -1)
    across, down = (np.asarray(cv2.reduce(rows, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S)).ravel() for axis in (0, 1))
    return _moment(across.reshape(-1, 3).sum(1)), _moment(down)


def _moment(light: NDArray[Any]) -> int:
    # Twice the distance from the centre is a whole number. 64 bits hold the sum for any photo that is decoded.
    return int(np.arange(1 - len(light), len(light), 2) @ light.astype(np.int64))


def _transposed(picture: NDArray[Element]) -> NDArray[Element]:
    return np.asarray(cv2.transpose(_bytes(picture))).view(picture.dtype)


def _bytes(picture: NDArray[Element]) -> NDArray[Any]:
    return picture.view(np.uint8) if picture.dtype == np.bool_ else picture


def _precedes(picture: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """Whether a picture sorts before another of its shape, by the first row in which they differ."""
    for row, other_row in zip(picture, other, strict=True):
        if not np.array_equal(row, other_row):
            return bool(row.tobytes() < other_row.tobytes())
    return False
