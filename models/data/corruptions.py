"""Corruptions of photos: turns, compression, poor light, blur, few pixels, glare.

Each one is a pure function of pixels, H x W x 3 uint8 RGB. Lengths are in pixels of a picture 320 pixels wide, so that
they mean the same for every photo. The kinds are those of Hendrycks and Dietterich, "Benchmarking neural network
robustness to common corruptions and perturbations", ICLR 2019, that a phone or a messenger may cause.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

TELEGRAM_QUALITY: Final = 87
"""The approximate JPEG quality at which Telegram's apps send photos."""


@dataclass(frozen=True)
class Corruption:
    """A corruption: `kind` and `level` name it, `apply` applies it to a photo."""

    kind: str
    level: str
    apply: Callable[[Pixels], Pixels]


def turned(quarters: int) -> Callable[[Pixels], Pixels]:
    """Turn counter-clockwise by quarters of a circle."""
    return lambda pixels: np.ascontiguousarray(np.rot90(pixels, quarters))


def mirrored(pixels: Pixels) -> Pixels:
    """Mirror left to right."""
    return np.ascontiguousarray(pixels[:, ::-1])


def tilted(degrees: float) -> Callable[[Pixels], Pixels]:
    """Turn around the centre, in the same frame. The corners are filled with the photo's mirror image."""

    def apply(pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
        warped = cv2.warpAffine(
            pixels, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        )
        return np.asarray(warped, np.uint8)

    return apply


def compressed(quality: int) -> Callable[[Pixels], Pixels]:
    """Compress to a JPEG of this quality (0..100) and back."""

    def apply(pixels: Pixels) -> Pixels:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=quality)
        return np.array(Image.open(file))

    return apply


def lit(factor: float) -> Callable[[Pixels], Pixels]:
    """Brighter or darker: multiply every value by a factor, clipped at white. It adds no sensor noise."""
    return lambda pixels: np.asarray(cv2.convertScaleAbs(pixels, alpha=factor), np.uint8)


def blurred(sigma: float) -> Callable[[Pixels], Pixels]:
    """Out of focus: a Gaussian blur of this standard deviation in pixels."""

    def apply(pixels: Pixels) -> Pixels:
        return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma * _unit(pixels)), np.uint8)

    return apply


def shaken(length: int) -> Callable[[Pixels], Pixels]:
    """Camera shake: moved sideways by this many pixels while the shutter was open."""

    def apply(pixels: Pixels) -> Pixels:
        return np.asarray(cv2.blur(pixels, (max(1, round(length * _unit(pixels))), 1)), np.uint8)

    return apply


def shrunk(side: int) -> Callable[[Pixels], Pixels]:
    """Sent as a small photo: this many pixels on the longer side, then JPEG, as a messenger sends it."""
    through_jpeg = compressed(TELEGRAM_QUALITY)

    def apply(pixels: Pixels) -> Pixels:
        scale = side / max(pixels.shape[:2])
        small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return through_jpeg(np.asarray(small, np.uint8))

    return apply


def glaring(share: float, place: tuple[float, float] = (0.5, 0.5)) -> Callable[[Pixels], Pixels]:
    """A lamp's reflection: a white disc of this share of the area with a soft edge.

    Its centre is at ``place``, as shares of the width and the height.
    """

    def apply(pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        rows, columns = np.ogrid[:height, :width]
        distance = np.hypot(rows - (height - 1) * place[1], columns - (width - 1) * place[0])
        radius = np.sqrt(share * height * width / np.pi)
        # White inside the radius, then falling off over half of it.
        light = np.exp(-np.square(np.maximum(distance - radius, 0) / (radius / 2)))[..., None]
        return np.asarray(np.rint(pixels * (1 - light) + 255 * light), np.uint8)

    return apply


def _unit(pixels: Pixels) -> float:
    return float(max(pixels.shape[:2])) / 320


CORRUPTIONS: Final = (
    *(Corruption("turn", f"{90 * quarters}°", turned(quarters)) for quarters in (1, 2, 3)),
    Corruption("mirror", "left to right", mirrored),
    *(Corruption("tilt", f"{degrees}°", tilted(degrees)) for degrees in (10, 45)),
    *(Corruption("JPEG quality", str(quality), compressed(quality)) for quality in (95, 75, 50, 30)),
    *(Corruption("light", f"x {factor}", lit(factor)) for factor in (1.3, 1.15, 0.85, 0.7, 0.5, 0.3, 0.2, 0.1)),
    *(Corruption("blur", f"sigma {sigma} px", blurred(sigma)) for sigma in (0.5, 1, 1.5, 2, 3, 4)),
    *(Corruption("shake", f"{length} px", shaken(length)) for length in (5, 9, 15)),
    *(Corruption("size", f"{side} px", shrunk(side)) for side in (200, 133, 100, 64, 48)),
    *(Corruption("glare", f"{100 * share:g} % of the area", glaring(share)) for share in (0.003, 0.01, 0.03, 0.1)),
)
"""Mild levels come first within each kind."""


def corrupted(pixels: Pixels, seed: int) -> Pixels:
    """Corrupt a training picture by one random corruption at a random level. The size stays.

    Photos of these levels are still accepted. Light is left out, because ``models.data.augmentation.jitter`` changes it
    anyway. A shake is always sideways, because the picture is turned afterwards.
    """
    chance = np.random.default_rng(seed)
    match chance.integers(6):
        case 0:
            return blurred(chance.uniform(0.4, 2.5))(pixels)
        case 1:
            return shaken(int(chance.integers(3, 12)))(pixels)
        case 2:
            height, width = pixels.shape[:2]
            small = shrunk(int(chance.integers(100, 300)))(pixels)
            return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
        case 3:
            return compressed(int(chance.integers(25, 96)))(pixels)
        case 4:
            return compressed(int(chance.integers(40, 96)))(blurred(chance.uniform(0.4, 1.5))(pixels))
        case _:
            # Uniform in the logarithm: a spot of 0.05 % is as likely as one of 1 %.
            share = float(np.exp(chance.uniform(np.log(0.0005), np.log(0.01))))
            return glaring(share, (chance.uniform(0.15, 0.85), chance.uniform(0.15, 0.85)))(pixels)
