"""What decoding gives: a photo, or the reason why there is none."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class PhotoFault(StrEnum):
    """Why bytes are not a photo that can be read."""

    EMPTY = "empty"
    NOT_AN_IMAGE = "not_an_image"
    TRUNCATED = "truncated"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_COSTLY = "too_costly"
    ANIMATED = "animated"


class PhotoError(ValueError):
    """The bytes cannot be read as a photo; `fault` is the reason."""

    def __init__(self, fault: PhotoFault) -> None:
        super().__init__(fault)
        self.fault = fault

    def __str__(self) -> str:
        return self.fault.value


@dataclass(frozen=True, eq=False)
class Photo:
    """`pixels`: H x W x 3, uint8, RGB in sRGB, upright. Nothing else of the file (EXIF, place, time) is kept.

    `decode_ms` is what decoding took, in milliseconds. `taken_size` is the width and height (pixels) of the upright
    picture in the file where `pixels` are a reduced copy of it; None where they are the picture itself.
    """

    pixels: NDArray[np.uint8]
    decode_ms: float = 0.0
    taken_size: tuple[int, int] | None = None

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])
