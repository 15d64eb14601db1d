"""The task of training the segmenter. Each piece of a mask is an object; ``val`` measures the Jaccard index."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast

import cv2
import numpy as np
import torch
from numpy.random import Generator as Chance
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from ultralytics.nn.tasks import SegmentationModel

import models.networks.ultralytics_env  # noqa: F401  # ultralytics changes Pillow
from inference.pipeline.masks import GREY
from models.data.augmentation import cut, drawn, jitter
from models.data.corruptions import corrupted
from models.data.pictures import Photo, Photos, Source, load_photos
from models.evaluation.mask_metrics import jaccard
from models.networks.segmenter import build_segmenter, find_lesions
from models.training.loop import Recipe

RECIPE: Final = Recipe(epochs=6, batch=16, rate=1e-3, decay=5e-4, average=0.998)
MASK_RATIO: Final = 2
"""The loss compares masks at the input's size divided by this number."""
DRAWS: Final[dict[Source, int]] = {"ham10000": 700, "pad": 800, "milk10k-camera": 1300, "milk10k-dermatoscope": 0}
"""Number of pictures of each source in an epoch if there are several sources. A single source is used in full."""
MEASURED: Final = 300
"""Number of pictures of each set and domain in ``val`` for the validation."""
DOUBTED: Final = 0.5
"""Masks with a lower agreement (Jaccard) of their annotators are drawn a quarter as often and not used for
validation."""
SCALE: Final = (0.45, 1.5)
SHIFT: Final = 0.15
JITTER: Final = 0.25
CORRUPTED: Final = 0.2
SMALLEST: Final = 16  # pixels of the frame; smaller pieces do not count as objects


@dataclass(frozen=True)
class SegmenterConfig:
    """The network and its input, stored with the weights.

    Attributes:
        size: width in pixels of the frame into which a photo is fitted.
        network: ultralytics' name.
        pseudo_masks: zip with masks for pictures that have none.
    """

    size: int = 256
    network: str = "yolov8n-seg"
    pseudo_masks: str = ""

    @property
    def frame(self) -> tuple[int, int]:
        """Width and height of the input: 4 to 3, as cameras have it, in whole strides of 32."""
        return self.size, -(-self.size * 3 // (4 * 32)) * 32


class Segmentation:
    """Trains YOLOv8-seg with one class on the masks of one set or several.

    Args:
        roots: folders of the sets.
        config: of the network and its masks.
        recipe: length and speed of the training.
        limit: use only this many pictures of each set, domain and split.
    """

    score = "score"

    def __init__(
        self, roots: Sequence[Path], config: SegmenterConfig, recipe: Recipe, limit: int | None = None
    ) -> None:
        self.config, self.recipe = config, recipe
        train = load_photos(roots, "train", limit)
        if config.pseudo_masks:
            train = with_pseudo_masks(train, Path(config.pseudo_masks))
        self.train = train.where(_outlined)
        trusted = load_photos(roots, "val", limit or MEASURED)
        self.val = trusted.where(lambda photo: _outlined(photo) and trust(photo) == 1)
        self.sources = self.train.by_source()
        self.draws = {
            source: DRAWS.get(source, len(rows)) if limit is None and len(self.sources) > 1 else len(rows)
            for source, rows in self.sources.items()
        }

    def network(self, device: torch.device) -> nn.Module:
        return cast(nn.Module, build_segmenter(self.config.network))

    def order(self, generator: Generator) -> Tensor:
        picked = []
        for source, found in self.sources.items():
            rows = torch.from_numpy(found)
            if count := self.draws[source]:
                weights = torch.tensor([trust(self.train[row]) for row in found])
                picked.append(rows[torch.multinomial(weights, count, replacement=True, generator=generator)])
        order = torch.cat(picked)
        return order[torch.randperm(len(order), generator=generator)]

    def loss(self, network: nn.Module, rows: Tensor, generator: Generator, device: torch.device) -> Tensor:
        batch = self.batch(rows, generator, device)
        predictions = in_float(network(batch["img"].contiguous(memory_format=torch.channels_last)))
        with torch.autocast(device.type, enabled=False):
            parts, _ = cast(SegmentationModel, network).loss(batch, predictions)
        return cast(Tensor, parts.sum() / len(rows))

    def batch(self, rows: Tensor, generator: Generator, device: torch.device) -> dict[str, Tensor]:
        """Augmented photos with the pieces of their masks, in the form that ultralytics' loss needs.

        ``img``: B x 3 x H x W in [0, 1]. ``masks``: B x H/2 x W/2, the number of the piece (from 1) in its photo.
        ``bboxes``: n x 4, centre, width and height as shares. ``batch_idx``: n, the photo of each piece. ``cls``: n x
        1, all 0.
        """
        seed = int(torch.randint(2**62, (1,), generator=generator))
        with ThreadPoolExecutor() as pool:
            seen = list(pool.map(lambda row: self._seen(row, np.random.default_rng((seed, row))), rows.tolist()))
        masks, boxes, owners = [], [], []
        for position, (_, mask) in enumerate(seen):
            numbers, found = objects(mask)
            masks.append(numbers)
            boxes += found
            owners += [float(position)] * len(found)
        images = torch.from_numpy(np.stack([picture for picture, _ in seen])).permute(0, 3, 1, 2).float() / 255
        return {
            "img": jitter(images, generator, JITTER).to(device),
            "masks": torch.from_numpy(np.stack(masks)).float().to(device),
            "bboxes": torch.tensor(boxes, device=device).view(-1, 4),
            "batch_idx": torch.tensor(owners, device=device),
            "cls": torch.zeros(len(owners), 1, device=device),
        }

    def validate(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        network.eval()
        figures: dict[str, float] = {}
        for source, rows in self.val.by_source().items():
            overlaps = [
                overlap(photo, cast(SegmentationModel, network), self.config.frame)
                for photo in (self.val[row] for row in rows.tolist())
            ]
            figures[source] = float(np.mean(overlaps))
        return {"score": float(np.mean(list(figures.values()))), **figures}

    def _seen(self, row: int, chance: Chance) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        photo = self.train[row]
        pixels, mask = photo.pixels(), photo.mask()
        assert mask is not None
        if chance.random() < CORRUPTED:
            pixels = corrupted(pixels, int(chance.integers(2**62)))
        height, width = pixels.shape[:2]
        frame = self.config.frame
        region = (width / 2, height / 2, max(width, height * frame[0] / frame[1]))
        matrix = drawn(region, frame, chance, scale=SCALE, shift=SHIFT)
        return cut(pixels, matrix, frame, GREY), cut(mask.astype(np.uint8) * 255, matrix, frame, 0) > 127


def overlap(photo: Photo, network: SegmentationModel, frame: tuple[int, int]) -> float:
    """Jaccard index of the best outline and the mask's piece that fits it best; 0 if nothing is outlined."""
    mask = photo.mask()
    assert mask is not None
    pixels = photo.pixels()
    if pixels.shape[0] > pixels.shape[1]:  # serving turns the long side horizontal
        pixels, mask = np.ascontiguousarray(pixels.transpose(1, 0, 2)), np.ascontiguousarray(mask.T)
    found = find_lesions(network, [pixels], frame, min_score=0.001)[0]
    if not found:
        return 0.0
    count, pieces = cv2.connectedComponents(mask.astype(np.uint8))
    return max((jaccard(found[0].mask, pieces == number) for number in range(1, count)), default=0.0)


def objects(mask: NDArray[np.bool_]) -> tuple[NDArray[np.uint8], list[tuple[float, float, float, float]]]:
    """The pieces of an H x W mask: an H/2 x W/2 map of their numbers (from 1), and their boxes as shares."""
    height, width = mask.shape
    numbers = np.zeros((height // MASK_RATIO, width // MASK_RATIO), np.uint8)
    boxes: list[tuple[float, float, float, float]] = []
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    for piece in range(1, count):
        x, y, across, along, area = (int(value) for value in stats[piece])
        if area < SMALLEST:
            continue
        small = cv2.resize((pieces == piece).astype(np.uint8) * 255, numbers.shape[::-1], interpolation=cv2.INTER_AREA)
        numbers[small > 127] = len(boxes) + 1
        boxes.append(((x + across / 2) / width, (y + along / 2) / height, across / width, along / height))
    return numbers, boxes


def trust(photo: Photo) -> float:
    """Relative frequency with which a mask is drawn."""
    agreement = photo.facts.get("mask_agreement")
    return 1.0 if agreement is None or float(agreement) >= DOUBTED else 0.25


def with_pseudo_masks(photos: Photos, path: Path) -> Photos:
    """Add masks from a zip (``ID.png``) to photos that have none."""
    with zipfile.ZipFile(path) as made:
        names = set(made.namelist())
        return Photos(
            tuple(
                replace(photo, outline=made.read(f"{photo.image_id}.png"))
                if photo.outline is None and f"{photo.image_id}.png" in names
                else photo
                for photo in photos.photos
            )
        )


def in_float(value: Any) -> Any:
    """The same nested tensors in float32, because the loss takes logarithms and small differences."""
    if isinstance(value, Tensor):
        return value.float()
    if isinstance(value, dict):
        return {key: in_float(part) for key, part in value.items()}
    return type(value)(in_float(part) for part in value)


def _outlined(photo: Photo) -> bool:
    return photo.outline is not None
