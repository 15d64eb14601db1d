"""What spoke for a class, network by network, put together into one map over the photo."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

_LONGEST: Final = 256  # pixels along the longer side of a heat map; networks' own grids are ten times coarser


@dataclass(frozen=True, eq=False)
class Attribution:
    """What one network found in the square of the photo that it read.

    `maps`: 7 x G x G float32, in the order of `CLASSES`: how much each cell spoke for each class, against it where
    negative, in the network's own unit; the cells tile the square. `square`: its centre x, centre y and side in pixels
    of the photo, beyond which it may reach. `weight`: the network's part in the answer.
    """

    maps: NDArray[np.float32]
    square: tuple[float, float, float]
    weight: float


def heatmap(
    attributions: Sequence[Attribution], classes: Mapping[int, float], shape: tuple[int, int]
) -> NDArray[np.float32]:
    """Where in a photo what spoke for one class or several lies.

    Only what spoke for it counts, each network's as shares of its own whole, since their units differ. Shares are
    spread over the area of their cells, so that a network that reads a small square does not outweigh the others.

    Args:
        attributions: of all networks.
        classes: what each class counts, by its place in `CLASSES`.
        shape: height and width of the photo in pixels.

    Returns:
        h x w in the photo's proportions, at most 256 along the longer side: 0..1, and 1 where it is highest. All 0
        where nothing spoke for them.
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
    """Shares a pixel, smoothly from the middle of each cell to those of its neighbours."""
    x, y, side = (value * scale for value in square)
    cell = side / len(shares)
    # From the middle of the first cell, which has the coordinates 0, 0 in the grid, to pixels.
    left, top = x - side / 2 + cell / 2 - 0.5, y - side / 2 + cell / 2 - 0.5
    placed = cv2.warpAffine(shares, np.array([[cell, 0, left], [0, cell, top]]), size, flags=cv2.INTER_LINEAR)
    return np.asarray(cv2.GaussianBlur(placed, (0, 0), max(0.1, cell / 2)) / cell**2, np.float32)
