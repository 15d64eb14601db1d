"""A fingerprint of a photo: it recognises the same photo again, and shows nothing of it.

It is a difference hash: the photo is shrunk to 17 x 16 grey cells, and each bit says whether a cell is brighter than
its left neighbour. Messengers save a photo anew and smaller, which changes a few bits. Measured on PAD-UFES-20 without
its test split: 1,000 such copies of 250 photos differ from their photo in at most 20 bits of 256 (99 % in at most 12),
two photos of one lesion (91 pairs) in at least 57, and two other photos in at least 45.
"""

from typing import Final

import cv2
import numpy as np

from inference.photo import Photo

_SIDE: Final = 16
_MOST_BITS: Final = 24


def fingerprint(photo: Photo) -> str:
    """The 256 bits of a photo as 64 hexadecimal digits."""
    grey = cv2.cvtColor(photo.pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    cells = cv2.resize(grey, (_SIDE + 1, _SIDE), interpolation=cv2.INTER_AREA)
    return np.packbits(cells[:, 1:] > cells[:, :-1]).tobytes().hex()


def is_same(one: str, other: str) -> bool:
    """Whether two fingerprints are of the same photo; False if one is missing."""
    return bool(one and other) and (int(one, 16) ^ int(other, 16)).bit_count() <= _MOST_BITS
