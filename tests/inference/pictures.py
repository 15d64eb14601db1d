"""Pictures for the tests, drawn by code: a patch of skin with a dark spot, and the files they come in."""

import random
from io import BytesIO
from typing import Any

import cv2
import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image

pillow_heif.register_heif_opener()

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "JPEG": ("JPEG", {}),
    "JPEG with restarts": ("JPEG", {"restart_marker_rows": 1}),
    "progressive JPEG": ("JPEG", {"progressive": True}),
    "PNG": ("PNG", {}),
    "WebP": ("WEBP", {"quality": 90}),
    "lossless WebP": ("WEBP", {"lossless": True}),
    "HEIC": ("HEIF", {"quality": 90}),
}
"""Pillow's name and options of each kind of file that is read."""

QUADRANTS = ((200, 30, 30), (30, 160, 30), (30, 30, 200), (220, 220, 220))
"""Colours of `quadrants` at the upper left, upper right, lower left, lower right."""


def skin(width: int = 320, height: int = 240, seed: int = 0) -> NDArray[np.uint8]:
    """Light skin with fine texture and one dark spot in the middle; H x W x 3 RGB."""
    noise = np.random.default_rng(seed)
    texture = cv2.GaussianBlur(noise.normal(0, 40, (height, width)).astype(np.float32), (0, 0), 1.2)
    pixels = np.array([214, 168, 146], np.float32) + texture[..., None]
    spot = spot_mask(width, height)
    pixels[spot] = pixels[spot] * 0.45
    return np.clip(pixels, 0, 255).astype(np.uint8)


def spot_mask(width: int = 320, height: int = 240) -> NDArray[np.bool_]:
    """Where the spot of `skin` is."""
    rows, columns = np.mgrid[:height, :width]
    across, along = (columns - width / 2) / (width / 6), (rows - height / 2) / (height / 6)
    return np.asarray(across**2 + along**2 < 1)


def quadrants(width: int = 160, height: int = 120) -> Image.Image:
    """Four plain colours, so that a turned or mirrored picture shows."""
    image = Image.new("RGB", (width, height))
    for number, colour in enumerate(QUADRANTS):
        x, y = width // 2 * (number % 2), height // 2 * (number // 2)
        image.paste(colour, (x, y, x + width // 2, y + height // 2))
    return image


def encoded(image: Image.Image | NDArray[np.uint8], kind: str = "JPEG", **options: Any) -> bytes:
    """The file of a picture."""
    buffer = BytesIO()
    if not isinstance(image, Image.Image):
        image = Image.fromarray(image)
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def damaged(data: bytes, chance: random.Random) -> bytes:
    """A file with a few bytes replaced, zeroed, removed, repeated or made odd."""
    mutated = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at, length = chance.randrange(len(mutated)), chance.choice((1, 1, 2, 4, 64, 2000))
        how = chance.randrange(5)
        if how == 0:
            mutated[at : at + length] = chance.randbytes(length)
        elif how == 1:
            mutated[at : at + length] = bytes(length)
        elif how == 2:
            del mutated[at : at + length]
        elif how == 3:
            mutated[at:at] = mutated[at : at + length]
        else:
            mutated[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))
        if not mutated:
            mutated += b"\0"
    return bytes(mutated)
