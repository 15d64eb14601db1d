"""The results of decoding: a photo, or the reason why there is none."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class PhotoFault(StrEnum):
    """Why bytes cannot be read as a photo."""

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

    `decode_ms` is how long decoding took, in milliseconds. `taken_size` is the width and height (pixels) of the upright
    picture in the file if `pixels` are a reduced copy of it, else None.
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
