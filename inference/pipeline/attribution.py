"""Attribution: joins what in the photo supported a class in each network into one heat map."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

_LONGEST: Final = 256  # pixels along the longer side of a heat map; the networks' own grids are ten times coarser


@dataclass(frozen=True, eq=False)
class Attribution:
    """The attribution of one network in the square of the photo that it read.

    `maps`: 8 x G x G float32, in the order of `CLASSES`: how much each cell of the square supported each class, in the
    network's own unit; negative values are against it. `square`: its centre x, centre y and side in pixels of the
    photo. It may reach beyond the photo. `weight`: of the network in the answer.
    """

    maps: NDArray[np.float32]
    square: tuple[float, float, float]
    weight: float


def heatmap(
    attributions: Sequence[Attribution], classes: Mapping[int, float], shape: tuple[int, int]
) -> NDArray[np.float32]:
    """Where in a photo the support for one class or several classes lies.

    Only positive values count. Each network's map is scaled to a sum of 1, since the units differ. A cell's share is
    spread over its area, so that a network that reads a small square does not outweigh the others.

    Args:
        attributions: of all networks.
        classes: index in `CLASSES` -> weight of the class.
        shape: height and width of the photo in pixels.

    Returns:
        h x w in the photo's proportions, at most 256 along the longer side: 0..1, with 1 at the maximum. All 0 if
        nothing supported the classes.
    """
    scale = min(1.0, _LONGEST / max(shape))
    height, width = (max(1, round(side * scale)) for side in shape)
    total = np.zeros((height, width), np.float32)
    for each in attributions:
        shares = np.zeros(each.maps.shape[1:], np.float32)
        for number, counts in classes.items():
            found = np.clip(each.maps[number], 0, None)
            if found.any():
                shares += counts * found / found.sum()
        if shares.any():
            total += each.weight * _spread(shares, each.square, scale, (width, height))
    highest = float(total.max())
    return total / np.float32(highest) if highest > 0 else total


def _spread(
    shares: NDArray[np.float32], square: tuple[float, float, float], scale: float, size: tuple[int, int]
) -> NDArray[np.float32]:
    """Shares per pixel, interpolated between the centres of the cells."""
    x, y, side = (value * scale for value in square)
    cell = side / len(shares)
    # The centre of the first cell has the grid coordinates 0, 0. This matrix maps it to pixels.
    left, top = x - side / 2 + cell / 2 - 0.5, y - side / 2 + cell / 2 - 0.5
    placed = cv2.warpAffine(shares, np.array([[cell, 0, left], [0, cell, top]]), size, flags=cv2.INTER_LINEAR)
    return np.asarray(cv2.GaussianBlur(placed, (0, 0), max(0.1, cell / 2)) / cell**2, np.float32)
