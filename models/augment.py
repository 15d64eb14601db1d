"""Augmentation of whole batches on the training device: one affine warp, one change of colours.

Every random number comes from the generator that is passed in, so an epoch can be repeated exactly.
"""

from __future__ import annotations

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
    quarters: bool = False,
) -> Tensor:
    """Draw a turn, a mirror, a scale, a shift and a stretch for each square.

    Args:
        regions: B x 3 squares (centre x, centre y, side) in pixels of the source.
        shape: height and width of the source.
        generator: source of chance (CPU).
        scale: range of the factor on the square's side; above 1 shows more of the surroundings.
        shift: largest shift of the centre, as a share of the side.
        stretch: largest change of the aspect ratio, as a share.
        quarters: turn by quarters of a circle alone, instead of by any angle.

    Returns:
        B x 2 x 3 matrices from the output's to the source's normalised coordinates, as ``affine_grid`` takes them.
    """
    count, (height, width) = len(regions), shape
    angle = uniform(count, 0.0, 2 * torch.pi, generator)
    if quarters:
        angle = (angle / (torch.pi / 2)).floor() * (torch.pi / 2)
    mirror = torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
    side = regions[:, 2] * uniform(count, *scale, generator)
    aspect = 1.0 + uniform(count, -stretch, stretch, generator)
    x = regions[:, 0] + uniform(count, -shift, shift, generator) * regions[:, 2]
    y = regions[:, 1] + uniform(count, -shift, shift, generator) * regions[:, 2]
    along, across = side / 2 * aspect, side / 2 / aspect
    rows = [
        torch.stack([angle.cos() * along * mirror, -angle.sin() * across, x - width / 2], 1) / (width / 2),
        torch.stack([angle.sin() * along * mirror, angle.cos() * across, y - height / 2], 1) / (height / 2),
    ]
    return torch.stack(rows, 1)


def warp(images: Tensor, matrices: Tensor, size: int, *, padding: str, oversample: int = 1) -> Tensor:
    """Resample images by affine matrices.

    Args:
        images: B x C x H x W float.
        matrices: B x 2 x 3, see ``random_affine``.
        size: side of the square output.
        padding: what lies outside, as ``grid_sample`` names it.
        oversample: sample this many times finer and average, against aliasing when the output is much smaller.

    Returns:
        B x C x size x size float.
    """
    fine = size * oversample
    grid = F.affine_grid(matrices.to(images), [len(images), images.shape[1], fine, fine], align_corners=False)
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
