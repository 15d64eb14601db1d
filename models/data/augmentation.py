"""Augmentation: cuts a turned and scaled piece out of each picture, and changes the colours of a batch.

Pieces are cut at the picture's full resolution. Every random number comes from the generator that is passed in, so an
epoch can be repeated exactly.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
import torch
from numpy.random import Generator as Chance
from numpy.typing import NDArray
from torch import Generator, Tensor

Pixels = NDArray[np.uint8]
Matrix = NDArray[np.float64]

SCALE: Final = (0.8, 1.25)
SHIFT: Final = 0.08
STRETCH: Final = 0.1


def drawn(
    region: tuple[float, float, float],
    shape: tuple[int, int],
    chance: Chance,
    *,
    scale: tuple[float, float] = SCALE,
    shift: float = SHIFT,
    stretch: float = STRETCH,
    quarters: bool = False,
) -> Matrix:
    """Draw a random transform: turn, mirror, scale, shift and stretch.

    Args:
        region: centre x, centre y and width in pixels of the piece; see ``inference.pipeline.crops.region``.
        shape: width and height of the result in pixels.
        chance: random generator.
        scale: range of the factor of the width; its logarithm is uniform.
        shift: largest shift of the centre, as a share of the width.
        stretch: largest change of the aspect ratio, as a share.
        quarters: turn only by quarters of a circle, which keeps the sharpness.

    Returns:
        2 x 3 matrix from pixels of the result to pixels of the picture.
    """
    x, y, side = region
    span = side * float(np.exp(chance.uniform(*np.log(scale))))
    x, y = np.array([x, y]) + chance.uniform(-shift, shift, 2) * side
    angle, stretched = chance.uniform(0, 2 * np.pi), 1 + chance.uniform(-stretch, stretch)
    if quarters:
        angle = angle // (np.pi / 2) * (np.pi / 2)
    mirror = 1 if chance.random() < 0.5 else -1
    step = span / shape[0]
    along, across = step * stretched * mirror, step / stretched
    turn = np.array([[np.cos(angle) * along, -np.sin(angle) * across], [np.sin(angle) * along, np.cos(angle) * across]])
    return np.column_stack([turn, np.array([x, y]) - turn @ ((np.array(shape) - 1) / 2)])


def cut(pixels: NDArray[Any], matrix: Matrix, shape: tuple[int, int], grey: int | None = None) -> Pixels:
    """Cut a piece out. If it shrinks, it is cut at twice the resolution and averaged, against aliasing.

    Args:
        pixels: H x W or H x W x 3, uint8.
        matrix: see ``drawn``.
        shape: width and height of the result in pixels.
        grey: value beyond the picture's edge; None mirrors the picture.
    """
    fine = 2 if np.abs(np.linalg.det(matrix[:, :2])) > 1.3**2 else 1
    finer = matrix.copy()
    finer[:, :2] /= fine
    finer[:, 2] -= finer[:, :2] @ np.full(2, (fine - 1) / 2)
    piece = cv2.warpAffine(
        pixels,
        finer,
        (shape[0] * fine, shape[1] * fine),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT if grey is None else cv2.BORDER_CONSTANT,
        borderValue=(grey or 0,) * 3,
    )
    return np.asarray(cv2.resize(piece, shape, interpolation=cv2.INTER_AREA) if fine > 1 else piece, np.uint8)


def jitter(images: Tensor, generator: Generator, strength: float = 0.2) -> Tensor:
    """Change brightness, contrast, saturation and the colour of the light, at random for each photo.

    Args:
        images: B x 3 x H x W, RGB, float in [0, 1].
        generator: random generator (CPU).
        strength: largest relative change of brightness, contrast and saturation. The light's colour changes by half of
            it.
    """
    count = len(images)

    def draw(columns: int, reach: float) -> Tensor:
        factors = 1.0 + reach * (2 * torch.rand(count * columns, generator=generator) - 1)
        return factors.view(count, columns, 1, 1).to(images)

    images = images * draw(1, strength) * draw(3, strength / 2)
    middle = images.mean((1, 2, 3), keepdim=True)
    images = middle + (images - middle) * draw(1, strength)
    grey = images.mean(1, keepdim=True)
    return (grey + (images - grey) * draw(1, strength)).clamp(0.0, 1.0)
