"""The outlines kept with a photo: all candidates of the segmenter in one PNG, a bit of each pixel for each."""

import io
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.drawing.annotate import jpeg, outline
from inference.photo import Photo, decode

Mask = NDArray[np.bool_]

Polygon = Sequence[tuple[float, float]]
"""Corners of an outline: x and y as shares (0..1) of the width and the height."""

SAME: Final = 0.95
"""Two outlines with at least this intersection over union count as the same."""
MOST: Final = 8
"""The largest number of outlines of a photo."""
_COLOUR: Final = (94, 214, 255)


def pack(masks: Sequence[Mask], size: tuple[int, int]) -> bytes:
    """A PNG of the masks (H x W each, in order), resized to `size` (width, height) in pixels. Blocking."""
    bits = np.zeros((size[1], size[0]), np.uint8)
    for number, mask in enumerate(masks[:MOST]):
        shares = cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA)
        bits |= (shares > 127).astype(np.uint8) << number
    return png(bits)


def unpack(packed: bytes) -> list[Mask]:
    """The masks from the result of `pack`, without empty ones at the end. Blocking."""
    bits = np.asarray(cv2.imdecode(np.frombuffer(packed, np.uint8), cv2.IMREAD_UNCHANGED), np.uint8)
    return [np.asarray(bits & 1 << number, np.bool_) for number in range(int(bits.max()).bit_length())]


def drawn_by_hand(polygons: Sequence[Polygon], size: tuple[int, int]) -> Mask:
    """The inside of polygons, H x W for a `size` of (width, height) in pixels. Blocking."""
    inside = np.zeros((size[1], size[0]), np.uint8)
    corners = [np.rint(np.array(each) * (size[0] - 1, size[1] - 1)).astype(np.int32) for each in polygons]
    cv2.fillPoly(inside, corners, 1)
    return np.asarray(inside, np.bool_)


def added(packed: bytes, mask: Mask, size: tuple[int, int]) -> tuple[bytes, int] | None:
    """Add an outline to the result of `pack`; returns the new PNG and the number of the outline.

    An outline that is there already is not added again. None if the mask is empty, or there are `MOST` already.
    Blocking.
    """
    masks = unpack(packed)
    for number, known in enumerate(masks):
        if (known & mask).sum() >= SAME * max(1, (known | mask).sum()):
            return packed, number
    if not mask.any() or len(masks) == MOST:
        return None
    return pack([*masks, mask], size), len(masks)


def size_of(picture: bytes) -> tuple[int, int]:
    """Width and height of a JPEG in pixels, without decoding it."""
    with Image.open(io.BytesIO(picture)) as opened:
        return opened.size


def mask_png(mask: Mask) -> bytes:
    """A mask as a PNG of 0 and 255. Blocking."""
    return png(mask.astype(np.uint8) * 255)


def drawn(picture: bytes, mask: Mask) -> bytes:
    """A photo (JPEG) with one outline drawn on it, as a JPEG. Blocking."""
    pixels = decode(picture).pixels.copy()
    outline(pixels, mask, _COLOUR)
    return jpeg(Photo(pixels))


def png(pixels: NDArray[np.uint8]) -> bytes:
    """One channel as a PNG. Blocking."""
    return cv2.imencode(".png", pixels)[1].tobytes()
