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

MOST: Final = 8
"""So many outlines have room."""
_COLOUR: Final = (94, 214, 255)


def pack(masks: Sequence[Mask], size: tuple[int, int]) -> bytes:
    """A PNG of the masks (H x W each, in order), resized to `size` (width, height) in pixels. Blocking."""
    bits = np.zeros((size[1], size[0]), np.uint8)
    for number, mask in enumerate(masks[:MOST]):
        shares = cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA)
        bits |= (shares > 127).astype(np.uint8) << number
    return png(bits)


def unpack(packed: bytes) -> list[Mask]:
    """The masks of what `pack` gave, without empty ones at its end. Blocking."""
    bits = np.asarray(cv2.imdecode(np.frombuffer(packed, np.uint8), cv2.IMREAD_UNCHANGED), np.uint8)
    return [np.asarray(bits & 1 << number, np.bool_) for number in range(int(bits.max()).bit_length())]


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
