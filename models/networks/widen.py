"""Fits weights of an earlier release with seven classes to a network with all classes; a new class starts as a mean."""

from __future__ import annotations

import torch
from torch import Tensor

from inference.classes import ABSENT_AT_FIRST, CLASSES


def widened(weights: dict[str, Tensor], wanted: dict[str, Tensor]) -> dict[str, Tensor]:
    """Add a row, or a capsule, to the last layer for every class that these weights lack.

    Args:
        weights: state of a classifier with fewer classes; a state with all classes is returned unchanged.
        wanted: state of the network to fill, for the shapes.
    """
    filled = {}
    for name, value in weights.items():
        shape = wanted[name].shape if name in wanted else value.shape
        differing = [axis for axis in range(value.ndim) if value.shape[axis] != shape[axis]]
        if not differing:
            filled[name] = value
            continue
        axis, width = differing[0], shape[differing[0]] // len(CLASSES)
        if len(differing) > 1 or value.shape[axis] != width * (len(CLASSES) - len(ABSENT_AT_FIRST)):
            filled[name] = value  # weights of another network; filling it will report that the shapes differ
            continue
        filled[name] = _with_new_classes(value, axis, width)
    return filled


def _with_new_classes(value: Tensor, axis: int, width: int) -> Tensor:
    """Insert ``width`` numbers along an axis for each new class: the mean of those of the classes it starts from."""
    known = [name for name in CLASSES if name not in ABSENT_AT_FIRST]
    parts = dict(zip(known, value.split(width, axis), strict=True))
    for name, parents in ABSENT_AT_FIRST.items():
        parts[name] = torch.stack([parts[parent] for parent in parents]).mean(0)
    return torch.cat([parts[name] for name in CLASSES], axis)
