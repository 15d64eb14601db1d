"""Training pictures as a phone and a messenger leave photos: each degraded in a way and at a level drawn by chance.

The ways are those of ``models.data.corruptions``; the levels lie where photos are still read. Light is not among them,
since ``models.data.augmentation.jitter`` changes it anyway.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import torch
from torch import Generator, Tensor

from models.data.corruptions import Pixels, blurred, compressed, glaring, shaken, shrunk


def worn(pictures: Tensor, share: float, generator: Generator) -> Tensor:
    """Degrade some of the pictures.

    Args:
        pictures: B x H x W x 3, uint8, RGB, on the CPU.
        share: how many of them, in [0, 1].
        generator: source of chance (CPU).

    Returns:
        The pictures, of the same size.
    """
    seeds = torch.randint(2**62, (len(pictures),), generator=generator).tolist()
    rows = (torch.rand(len(pictures), generator=generator) < share).nonzero()[:, 0].tolist()
    left = pictures.clone()
    with ThreadPoolExecutor() as pool:
        done = pool.map(wear, (pictures[row].numpy() for row in rows), (seeds[row] for row in rows))
        for row, pixels in zip(rows, done, strict=True):
            left[row] = torch.from_numpy(pixels)
    return left


def wear(pixels: Pixels, seed: int) -> Pixels:
    """One way at one level. A shake goes sideways: the picture is turned afterwards."""
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
            # Evenly in the logarithm: a spot of a twentieth of a percent is as likely as one of a whole.
            share = float(np.exp(chance.uniform(np.log(0.0005), np.log(0.01))))
            return glaring(share, (chance.uniform(0.15, 0.85), chance.uniform(0.15, 0.85)))(pixels)
