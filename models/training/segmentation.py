"""The task of training the segmenter: augmentation with masks, ultralytics' loss, mAP on ``val``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn
from ultralytics.nn.tasks import SegmentationModel

from inference.pipeline.masks import GREY
from models.data.augmentation import jitter, random_affine, warp
from models.data.ham10000 import HEIGHT, WIDTH, load
from models.evaluation.mask_metrics import jaccard, map_scores
from models.networks.segmenter import build_segmenter, find_lesions
from models.training.loop import Recipe

RECIPE: Final = Recipe(epochs=5, batch=16, rate=2e-3, decay=5e-4, average=0.998)
MASK_RATIO: Final = 2
"""The loss compares masks at the input's size divided by this."""

WARPS: Final[dict[str, dict[str, Any]]] = {
    "light": {"scale": (0.75, 1.2), "shift": 0.1, "stretch": 0.05, "turns": "halves"},
    "strong": {"scale": (0.5, 1.2), "shift": 0.12, "stretch": 0.1},
}
JITTER: Final = {"light": 0.1, "strong": 0.2}


@dataclass(frozen=True)
class SegmenterConfig:
    """What a run fixes besides the recipe; stored with the weights, since serving must do the same.

    ``size`` is the width of the frame that a photo is fitted into; its long side lies flat, as in serving.
    """

    size: int = 256
    network: str = "yolov8n-seg"
    augment: Literal["light", "strong"] = "strong"

    @property
    def frame(self) -> tuple[int, int]:
        """Width and height of the input: 4 to 3, as cameras have it, in whole strides of 32."""
        return self.size, -(-self.size * 3 // (4 * 32)) * 32


class Segmentation:
    """YOLOv8-seg on HAM10000's lesion masks, one class."""

    score = "mask_map"

    def __init__(self, root: Path, config: SegmenterConfig, recipe: Recipe, limit: int | None = None) -> None:
        self.config, self.recipe = config, recipe
        self.train, self.val = load(root, "train", limit), load(root, "val", limit)
        self.images, self.masks = torch.from_numpy(self.train.images), torch.from_numpy(self.train.masks)

    def network(self, device: torch.device) -> nn.Module:
        return cast(nn.Module, build_segmenter(self.config.network))

    def order(self, generator: Generator) -> Tensor:
        return torch.randperm(len(self.train), generator=generator)

    def loss(self, network: nn.Module, rows: Tensor, generator: Generator, device: torch.device) -> Tensor:
        batch = self.batch(rows, generator, device)
        images = batch["img"].contiguous(memory_format=torch.channels_last)
        predictions = in_float(network(images))
        with torch.autocast(device.type, enabled=False):
            parts, _ = cast(SegmentationModel, network).loss(batch, predictions)
        return cast(Tensor, parts.sum() / len(rows))

    def batch(self, rows: Tensor, generator: Generator, device: torch.device) -> dict[str, Tensor]:
        """Augmented photos with their masks and boxes, as ultralytics' loss takes them.

        ``img`` B x 3 x H x W in [0, 1]; ``masks`` B x H/2 x W/2, 1 inside the lesion; ``bboxes`` n x 4, centre, width
        and height as shares; ``batch_idx`` n, the photo of each box; ``cls`` n x 1, all 0. A photo whose lesion fell
        outside the picture has no box.
        """
        pixels = self.images[rows].to(device).permute(0, 3, 1, 2).float() / 255
        outlines = self.masks[rows].to(device)[:, None].float()
        whole = torch.tensor([[WIDTH / 2, HEIGHT / 2, WIDTH]], dtype=torch.float32).repeat(len(rows), 1)
        width, height = self.config.frame
        warps, reach, grey = WARPS[self.config.augment], JITTER[self.config.augment], GREY / 255
        matrices = random_affine(whole, (HEIGHT, WIDTH), generator, aspect=height / width, **warps)
        shape = (height, width)
        photos = warp(jitter(pixels, generator, reach) - grey, matrices, shape, padding="zeros") + grey
        masks = warp(outlines, matrices, shape, padding="zeros")[:, 0] > 0.5
        owners = masks.flatten(1).any(1).nonzero()[:, 0]
        small = F.interpolate(masks[:, None].float(), scale_factor=1 / MASK_RATIO, mode="area")[:, 0] > 0.5
        return {
            "img": photos,
            "masks": small.float(),
            "bboxes": _boxes(masks[owners]),
            "batch_idx": owners.float(),
            "cls": torch.zeros(len(owners), 1, device=device),
        }

    def validate(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        network.eval()
        found = []
        for start in range(0, len(self.val), 32):
            photos = list(self.val.images[start : start + 32])
            found += find_lesions(cast(SegmentationModel, network), photos, self.config.frame, min_score=0.001, most=10)
        scores = map_scores(found, self.val.masks)
        jaccards = [
            jaccard(best[0].mask, mask) if best else 0.0 for best, mask in zip(found, self.val.masks, strict=True)
        ]
        return {**scores, "jaccard": float(np.mean(jaccards))}


def _boxes(masks: Tensor) -> Tensor:
    """B x 4 centres x, y, widths and heights, as shares, of B x H x W masks, none empty; all at once, for a GPU."""
    # torchvision has a function for it; but once torchvision is imported, ultralytics suppresses overlaps by that too.

    def span(line: Tensor) -> tuple[Tensor, Tensor]:
        length, marked = line.shape[1], line.byte()
        first, last = marked.argmax(1) / length, 1 - marked.flip(1).argmax(1) / length
        return (first + last) / 2, last - first

    (x, width), (y, height) = span(masks.any(1)), span(masks.any(2))
    return torch.stack([x, y, width, height], 1)


def in_float(value: Any) -> Any:
    """The same nest of tensors in float32: the loss takes logarithms and small differences."""
    if isinstance(value, Tensor):
        return value.float()
    if isinstance(value, dict):
        return {key: in_float(part) for key, part in value.items()}
    return type(value)(in_float(part) for part in value)
