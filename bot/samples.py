"""Sample pictures for people without a photo, drawn by code: skin with and without a lesion.

They are no photos and no examples of any disease.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIZE = (600, 450)
SAMPLES = {
    "mole": "A round mole",
    "uneven": "An uneven dark spot",
    "skin": "Skin with nothing on it",
    "blurred": "A blurred mole",
    "dark": "A mole in the dark",
}
# The same seed always gives the same picture.
_SEEDS = {"blurred": 7, "mole": 8, "skin": 9, "uneven": 10, "dark": 11}
# A forearm has many hairs, but a close-up of a mole shows only a few.
_HAIRS = {"skin": 40}
_FEW_HAIRS = 5

Plane = NDArray[Any]


@lru_cache(maxsize=len(SAMPLES))
def sample(name: str) -> bytes:
    """A picture from SAMPLES as JPEG bytes, the same on every call. Raises: KeyError."""
    random = np.random.default_rng(_SEEDS[name])
    width, height = SIZE
    picture = _skin(random, width, height)
    if name in ("mole", "blurred", "dark"):
        _paint(picture, random, _outline(random, width, height, 88, 0.06, 3.0), (116, 70, 46), 0.35)
    elif name == "uneven":
        _paint(picture, random, _outline(random, width, height, 104, 0.22, 2.0), (84, 50, 40), 0.7)
    _hairs(picture, random, _HAIRS.get(name, _FEW_HAIRS))
    if name == "blurred":
        picture = cv2.GaussianBlur(picture, (0, 0), 14)
    elif name == "dark":
        picture *= 0.15
    buffer = io.BytesIO()
    Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=93)
    return buffer.getvalue()


def _noise(random: np.random.Generator, width: int, height: int, grain: float) -> Plane:
    """Smooth noise with mean 0 and standard deviation 1; its spots are about `grain` pixels wide."""
    white = random.standard_normal((height, width)).astype(np.float32)
    smooth = cv2.GaussianBlur(white, (0, 0), grain, borderType=cv2.BORDER_REFLECT)
    spots: Plane = (smooth - smooth.mean()) / smooth.std()
    return spots


def _skin(random: np.random.Generator, width: int, height: int) -> Plane:
    """height x width x 3 RGB floats, 0 to 255: warm skin with blotches, furrows and light from above."""
    tone = np.array((222, 172, 150), np.float32)
    picture = np.broadcast_to(tone, (height, width, 3)).copy()
    blotches = _noise(random, width, height, 45)[..., None]
    picture += blotches * np.array((2.5, -3, -2.5), np.float32)
    # Skin has shallow furrows in two directions, with pores where they cross.
    for angle in (0.5, 2.2):
        rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
        across = rows * np.cos(angle) + columns * np.sin(angle)
        bent = across + 6 * _noise(random, width, height, 18)
        furrow = np.maximum(np.cos(bent * 2 * np.pi / 17), 0) ** 6
        picture -= (furrow * (0.6 + 0.3 * _noise(random, width, height, 9)))[..., None] * 7
    picture += _noise(random, width, height, 1.1)[..., None] * 3.2
    picture += _noise(random, width, height, 3.5)[..., None] * 3.0
    light = np.linspace(1.04, 0.95, height, dtype=np.float32)[:, None, None]
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    vignette = 1 - 0.10 * (rows**2 + columns**2)[..., None]
    lit: Plane = picture * light * vignette
    return lit


def _outline(
    random: np.random.Generator, width: int, height: int, radius: float, roughness: float, soft: float
) -> Plane:
    """How much the lesion covers each pixel, 0 to 1: an irregular disc with an edge `soft` pixels wide."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    down, right = rows - height * 0.5, (columns - width * 0.5) * 0.88
    angle = np.arctan2(down, right)
    bent = np.zeros_like(angle)
    for harmonic in range(2, 7):
        bent += random.normal() / harmonic * np.cos(harmonic * angle + random.uniform(0, 2 * np.pi))
    edge = radius * (1 + roughness * bent) + 1.6 * _noise(random, width, height, 4)
    # The logistic curve, written with tanh, which does not overflow far from the edge.
    inside: Plane = 0.5 - 0.5 * np.tanh((np.hypot(down, right) - edge) / (2 * soft))
    return inside


def _paint(
    picture: Plane,
    random: np.random.Generator,
    cover: Plane,
    tone: tuple[int, int, int],
    variegation: float,
) -> None:
    """Paint mottled pigment over the skin, darker in the middle. The skin's texture stays visible."""
    height, width = cover.shape
    halo = cv2.GaussianBlur(cover, (0, 0), 16)[..., None]
    picture -= halo * np.array((6, 16, 15), np.float32)
    depth = cv2.GaussianBlur(cover, (0, 0), 26)
    mottle = _noise(random, width, height, 5) * 0.08 + _noise(random, width, height, 22) * 0.22 * variegation
    strength = cover * np.clip(0.66 + 0.26 * depth + mottle, 0.25, 1)
    pigment = np.array(tone, np.float32) / np.array((222, 172, 150), np.float32)
    picture *= 1 - strength[..., None] * (1 - pigment)


def _hairs(picture: Plane, random: np.random.Generator, count: int) -> None:
    """Draw a few fine curved hairs, half transparent."""
    height, width = picture.shape[:2]
    layer = np.zeros((height, width), np.uint8)
    for _ in range(count):
        start = random.uniform((0, 0), (width, height))
        heading = random.uniform(0.5, 1.1)
        steps = np.linspace(0, random.uniform(90, 200), 24)
        bend = random.uniform(-0.004, 0.004)
        points = np.stack(
            [
                start[0] + steps * np.cos(heading + bend * steps),
                start[1] + steps * np.sin(heading + bend * steps),
            ],
            axis=1,
        )
        cv2.polylines(layer, [points.astype(np.int32)], False, 255, 1, cv2.LINE_AA)
    hair = cv2.GaussianBlur(layer, (0, 0), 0.7).astype(np.float32)[..., None] / 255
    picture *= 1 - 0.55 * hair
