"""The field of view: the part of a photo that shows skin, if the photo has a black or white surround.

A dermatoscope's tube makes such a surround, and so do cut-out pictures. The surround is no skin. It must not count as
dark, glaring or blurred, and the networks need not see it.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

_DARK: Final = 40  # of 255, the brightest channel of black, with some room for soft edges and JPEG
_LIGHT: Final = 250  # of 255, the darkest channel
_CORNER: Final = 0.02  # share of the sides: the patch in a corner that is tested for surround
_CORNERS: Final = 3  # a surround covers at least this many of the four corners
_SMALLEST: Final = 0.05  # smallest share of the picture that a field covers
_LARGEST: Final = 0.97  # above this share there is practically no surround
_SOLID: Final = 0.95  # a field fills this share of its convex hull: it is round or rectangular, not a cat on a sheet
_SOFT: Final = 0.03  # of the picture's longer side: the width of a soft edge
_WORTH_CROPPING: Final = 0.9  # of a side of the picture


@dataclass(frozen=True, eq=False)
class FieldOfView:
    """`inside`: H x W bool, the field without its edge. `box`: x1, y1, x2, y2 (pixels), the field's bounds."""

    inside: NDArray[np.bool_]
    box: tuple[int, int, int, int]

    @property
    def worth_cropping(self) -> bool:
        """Whether a large part of the picture is surround."""
        height, width = self.inside.shape
        x1, y1, x2, y2 = self.box
        return bool(x2 - x1 < _WORTH_CROPPING * width or y2 - y1 < _WORTH_CROPPING * height)


def field_of_view(pixels: NDArray[np.uint8]) -> FieldOfView | None:
    """Find the field of view of a small picture (H x W x 3, uint8 RGB); None if there is no clear surround."""
    for is_surround in (_dark, _light):
        if sum(is_surround(corner).all() for corner in _corners(pixels)) >= _CORNERS:
            return _field(is_surround(pixels))
    return None


def filled(pixels: NDArray[np.uint8], field: FieldOfView) -> NDArray[np.uint8]:
    """Fill the surround with the field's mirror image, because a network mistakes a surround's edge for a lesion's.

    Args:
        pixels: H x W x 3, uint8 RGB, of any size.
        field: the field of view, found in a smaller copy.
    """
    outside = (~field.inside).view(np.uint8)
    _, labels = cv2.distanceTransformWithLabels(outside, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    rows, columns = np.nonzero(field.inside)
    nearest = np.zeros((labels.max() + 1, 2), np.float32)
    nearest[labels[rows, columns]] = np.stack([columns, rows], axis=1)
    here = np.stack(np.meshgrid(*(np.arange(side, dtype=np.float32) for side in outside.shape[::-1])), axis=-1)
    height, width = pixels.shape[:2]
    scale = np.array([width / outside.shape[1], height / outside.shape[0]], np.float32)
    source = ((2 * nearest[labels] - here) + 0.5) * scale - 0.5
    source = np.asarray(cv2.resize(source, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    across, down = cv2.split(source)
    mirrored = cv2.remap(pixels, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    inside = cv2.resize(field.inside.view(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.copyTo(pixels, inside, mirrored), np.uint8)


def _dark(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray(pixels.max(axis=-1) < _DARK)


def _light(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray(pixels.min(axis=-1) >= _LIGHT)


def _corners(pixels: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    height, width = (max(1, round(_CORNER * side)) for side in pixels.shape[:2])
    return [part[:, columns] for part in (pixels[:height], pixels[-height:]) for columns in _ends(width)]


def _ends(count: int) -> tuple[slice, slice]:
    return slice(None, count), slice(-count, None)


def _field(surround: NDArray[np.bool_]) -> FieldOfView | None:
    # Dark spots inside the field are lesions, so only its outer contour counts.
    pieces, _ = cv2.findContours((~surround).view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not pieces:
        return None
    edge = max(pieces, key=cv2.contourArea)
    area = cv2.contourArea(edge)
    if not _SMALLEST < area / surround.size < _LARGEST or area < _SOLID * cv2.contourArea(cv2.convexHull(edge)):
        return None
    x, y, width, height = cv2.boundingRect(edge)
    solid = np.zeros(surround.shape, np.uint8)
    cv2.drawContours(solid, [edge], -1, 1, cv2.FILLED)
    reach = 2 * max(1, round(_SOFT * max(surround.shape))) + 1
    inside = cv2.erode(solid, np.ones((reach, reach), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    if not inside.any():
        return None
    return FieldOfView(inside > 0, (x, y, x + width, y + height))
