"""Augmentation of whole batches on the training device: one affine warp, one change of colours.

Every random number comes from the generator that is passed in, so an epoch can be repeated exactly.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Generator, Tensor


def uniform(count: int, low: float, high: float, generator: Generator) -> Tensor:
    """``count`` numbers drawn evenly from [low, high)."""
    return torch.rand(count, generator=generator) * (high - low) + low


def random_affine(
    regions: Tensor,
    shape: tuple[int, int],
    generator: Generator,
    *,
    scale: tuple[float, float],
    shift: float,
    stretch: float = 0.0,
    turns: Literal["any", "quarters", "halves"] = "any",
    aspect: float = 1.0,
) -> Tensor:
    """Draw a turn, a mirror, a scale, a shift and a stretch for each region.

    Args:
        regions: B x 3 (centre x, centre y, width) in pixels of the source.
        shape: height and width of the source.
        generator: source of chance (CPU).
        scale: range of the factor on the region's width; above 1 shows more of the surroundings.
        shift: largest shift of the centre, as a share of the width.
        stretch: largest change of the aspect ratio, as a share.
        turns: by any angle, or by quarters or halves of a circle alone.
        aspect: height of a region, and of the output, as a share of its width.

    Returns:
        B x 2 x 3 matrices from the output's to the source's normalised coordinates, as ``affine_grid`` takes them.
    """
    count, (height, width) = len(regions), shape
    angle = uniform(count, 0.0, 2 * torch.pi, generator)
    if turns != "any":
        step = torch.pi / 2 if turns == "quarters" else torch.pi
        angle = (angle / step).floor() * step
    mirror = torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
    span = regions[:, 2] * uniform(count, *scale, generator)
    stretched = 1.0 + uniform(count, -stretch, stretch, generator)
    x = regions[:, 0] + uniform(count, -shift, shift, generator) * regions[:, 2]
    y = regions[:, 1] + uniform(count, -shift, shift, generator) * regions[:, 2]
    along, across = span / 2 * stretched, span / 2 * aspect / stretched
    rows = [
        torch.stack([angle.cos() * along * mirror, -angle.sin() * across, x - width / 2], 1) / (width / 2),
        torch.stack([angle.sin() * along * mirror, angle.cos() * across, y - height / 2], 1) / (height / 2),
    ]
    return torch.stack(rows, 1)


def warp(images: Tensor, matrices: Tensor, shape: tuple[int, int], *, padding: str, oversample: int = 1) -> Tensor:
    """Resample images by affine matrices.

    Args:
        images: B x C x H x W float.
        matrices: B x 2 x 3, see ``random_affine``.
        shape: height and width of the output.
        padding: what lies outside, as ``grid_sample`` names it.
        oversample: sample this many times finer and average, against aliasing when the output is much smaller.

    Returns:
        B x C x height x width float.
    """
    fine = [side * oversample for side in shape]
    grid = F.affine_grid(matrices.to(images), [len(images), images.shape[1], *fine], align_corners=False)
    sampled = F.grid_sample(images, grid, padding_mode=padding, align_corners=False)
    return F.avg_pool2d(sampled, oversample) if oversample > 1 else sampled


def jitter(images: Tensor, generator: Generator, strength: float = 0.2) -> Tensor:
    """Change brightness, contrast, saturation and the colour of the light, each photo by its own draw.

    Args:
        images: B x 3 x H x W, RGB, float in [0, 1].
        generator: source of chance (CPU).
        strength: largest relative change of brightness, contrast and saturation; the light's colour changes by half.
    """
    count = len(images)

    def draw(columns: int, reach: float) -> Tensor:
        factors = uniform(count * columns, 1.0 - reach, 1.0 + reach, generator)
        return factors.view(count, columns, 1, 1).to(images)

    images = images * draw(1, strength) * draw(3, strength / 2)
    middle = images.mean((1, 2, 3), keepdim=True)
    images = middle + (images - middle) * draw(1, strength)
    grey = images.mean(1, keepdim=True)
    return (grey + (images - grey) * draw(1, strength)).clamp(0.0, 1.0)
