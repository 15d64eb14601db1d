"""Boxes around the lesions of photos: from their masks, or else from a segmenter, read from a file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.data.pictures import Photo

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Boxes:
    """Image id -> box x1 y1 x2 y2 as shares of the photo's width and height."""

    found: dict[str, Box]

    @classmethod
    def read(cls, path: Path) -> Boxes:
        return cls({name: (b[0], b[1], b[2], b[3]) for name, b in json.loads(path.read_bytes()).items()})

    def write(self, path: Path) -> None:
        path.write_text(json.dumps({name: [round(side, 4) for side in box] for name, box in self.found.items()}))

    def of(self, photo: Photo) -> Box | None:
        """The box of a photo in pixels: from the file, else around the mask's largest piece, else None."""
        if box := self.found.get(photo.image_id):
            height, width = photo.pixels().shape[:2]
            return box[0] * width, box[1] * height, box[2] * width, box[3] * height
        mask = photo.mask()
        return None if mask is None else around(mask)


def around(mask: NDArray[np.bool_]) -> Box | None:
    """The box around the largest piece of an H x W mask; None if the mask is empty."""
    pieces, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not pieces:
        return None
    x, y, width, height = cv2.boundingRect(max(pieces, key=cv2.contourArea))
    return float(x), float(y), float(x + width), float(y + height)
