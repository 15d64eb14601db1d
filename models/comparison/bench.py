"""The inputs and the results of every row of the comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from rich.console import Console
from torch import Tensor, nn

from inference.pipeline.crops import crop
from inference.pipeline.orientation import canonical_orientation
from inference.registry.schema import View
from models.data.boxes import Box, Boxes
from models.data.ham10000 import Split
from models.data.pictures import NO_CLASS, Photos, load_photos
from models.training.classification import MARGIN

VIEW: Final[View] = "lesion"
"""The view of every row except released networks that learnt from whole photos."""


@dataclass(frozen=True)
class Bench:
    """The surroundings in which rows are made.

    Attributes:
        data: folders of the sets.
        weights: folder of the registry; the boxes of the released segmenter are used for all rows.
        runs: folder of the training runs; the run of a row has the name of the row.
        limit: use only this many pictures a split; None uses all.
        device: for training and answering. Timing is on the CPU.
        console: where progress is shown.
    """

    data: tuple[Path, ...]
    weights: Path
    runs: Path
    limit: int | None
    device: torch.device
    console: Console


class Reader:
    """A finished classifier: squares of photos in, scores out.

    Args:
        network: takes B x 3 x S x S photos, RGB, float in [0, 1]. ``head`` gets its output.
        head: turns the output (on the CPU) into B x 8 scores. Their softmax is taken as probabilities.
        size: S.
        origin: how it was made, in a few words.
        view: the part of a photo that it reads.
    """

    def __init__(
        self, network: nn.Module, head: Callable[[Tensor], Tensor], size: int, origin: str, view: View = VIEW
    ) -> None:
        self.network, self.head, self.size, self.origin, self.view = network.eval(), head, size, origin, view

    def __call__(self, photos: Tensor) -> Tensor:
        """Score B x S x S x 3 uint8 RGB squares; returns B x 8 scores on the CPU."""
        device = next(self.network.parameters()).device
        with torch.inference_mode():
            images = photos.to(device).movedim(-1, -3).float() / 255
            return self.head(self.network(images).float().cpu())

    @property
    def parameters(self) -> int:
        """Number of trainable parameters."""
        return sum(values.numel() for values in self.network.parameters())


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        name: of its run and its result.
        title: as the table shows it.
        make: trains or loads it, from the bench and ``name``.
        batched: also answer in batches, because its answers depend on them.
    """

    name: str
    title: str
    make: Callable[[Bench, str], Reader]
    batched: bool = False


def cut(photos: Photos, boxes: Sequence[Box | None], size: int, view: View = VIEW) -> Tensor:
    """Cut the squares that rows read: N x ``size`` x ``size`` x 3, uint8, RGB; the whole photo if there is no box.

    A whole photo is turned as in serving.
    """
    squares = []
    for photo, box in zip(photos.photos, boxes, strict=True):
        pixels = photo.pixels()
        if view == "whole":
            pixels, box = canonical_orientation(pixels).apply(pixels), None
        squares.append(crop(pixels, box, size, MARGIN))
    return torch.from_numpy(np.stack(squares))


def photos_of(bench: Bench, split: Split) -> Photos:
    """The photos of a split that have a class."""
    return load_photos(bench.data, split, bench.limit).where(lambda photo: photo.label != NO_CLASS)


def mask_boxes(photos: Photos) -> list[Box | None]:
    """The boxes of the photos' masks; None, for the whole photo, if there is no mask."""
    return [Boxes({}).of(photo) for photo in photos.photos]
