"""The task of training a classifier on several sets at once: what an epoch draws, how it is seen, what is measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import torch
import torch.nn.functional as F
from numpy.random import Generator as Chance
from numpy.typing import NDArray
from torch import Generator, Tensor, nn

from inference.classes import CLASSES
from inference.pipeline.crops import crop, region
from inference.pipeline.orientation import canonical_orientation
from inference.registry.schema import View
from models.data.augmentation import jitter
from models.data.boxes import Boxes
from models.data.pictures import NO_CLASS, Photo, Source, load_photos
from models.data.random_corruptions import wear
from models.data.random_crop import cut, drawn
from models.evaluation.metrics import balanced_accuracy
from models.networks import zoo
from models.networks.classifier import Classifier, Logits
from models.networks.efficientnet import Pretrained
from models.training.classification import MARGIN, predict
from models.training.loop import Recipe

RECIPE: Final = Recipe(epochs=9, batch=32, rate=4e-4, decay=2e-2, average=0.998)
SMOOTHING: Final = 0.05
JITTER: Final = 0.25
RARITY: Final = 0.6
"""How far sampling within a source leans towards rare classes: 0 draws as the data lies, 1 draws all classes alike."""
CLOSER: Final = 1 / 3
"""So many of the whole photos are looked at closer, at the middle: there the lesion of a close-up lies."""
CLOSE: Final = (0.35, 0.8)

DRAWS: Final[dict[Source, int]] = {
    "ham10000": 1600, "milk10k-dermatoscope": 1200, "milk10k-camera": 2300, "pad": 700,
}  # fmt: skip
"""How many pictures of each source an epoch draws."""


@dataclass(frozen=True)
class MixedConfig:
    """What a run fixes besides the recipe; stored with the weights, since serving must do the same."""

    name: zoo.Name = "efficientnet-lite2"
    size: int = 192
    kernel: int = 9
    view: View = "whole"
    margin: float = MARGIN
    mixup: float = 0.4
    worn: float = 0.3
    boxes: str = ""


class MixedClassification:
    """A classifier on pictures of both domains.

    Args:
        roots: folders of the sets.
        config: what the network is and sees.
        recipe: how long and how fast.
        limit: use only this many pictures of each set, domain and split.
    """

    score = "score"

    def __init__(self, roots: list[Path], config: MixedConfig, recipe: Recipe, limit: int | None = None) -> None:
        self.config, self.recipe = config, recipe
        boxes = Boxes.read(Path(config.boxes)) if config.boxes else Boxes({})
        self.train = load_photos(roots, "train", limit).where(lambda photo: photo.label != NO_CLASS)
        self.val = load_photos(roots, "val", limit).where(lambda photo: photo.label != NO_CLASS)
        self.labels = torch.from_numpy(self.train.labels)
        self.boxes = [self._box(photo, boxes) for photo in self.train.photos]
        self.pools = self.train.by_source()
        self.whole_epoch = limit is None
        self.val_views = torch.from_numpy(np.stack([self._served(photo, boxes) for photo in self.val.photos]))

    def network(self, device: torch.device) -> nn.Module:
        network = zoo.build(self.config.name, self.config.size, self.config.kernel)
        if device.type == "cpu" and isinstance(network, Pretrained):
            network.freeze()
        return network

    def order(self, generator: Generator) -> Tensor:
        picked = []
        for source, found in self.pools.items():
            rows = torch.from_numpy(found)
            counts = torch.bincount(self.labels[rows], minlength=len(CLASSES)).float()
            weights = counts.clamp(min=1)[self.labels[rows]].pow(-RARITY)
            count = DRAWS[source] if self.whole_epoch else len(rows)
            picked.append(rows[torch.multinomial(weights, count, replacement=True, generator=generator)])
        rows = torch.cat(picked)
        return rows[torch.randperm(len(rows), generator=generator)]

    def loss(self, network: nn.Module, rows: Tensor, generator: Generator, device: torch.device) -> Tensor:
        classifier, labels = cast(Classifier, network), self.labels[rows].to(device)
        pictures = self.pictures(rows, generator).to(device)
        share, others = self._blend(len(rows), generator)
        outputs = classifier(pictures.lerp(pictures[others], 1 - share) if share < 1 else pictures)
        loss = self._compared(classifier, outputs, labels) * share
        if share < 1:
            loss = loss + self._compared(classifier, outputs, labels[others]) * (1 - share)
        return loss

    def pictures(self, rows: Tensor, generator: Generator) -> Tensor:
        """Augmented training pictures, B x 3 x ``size`` x ``size``, RGB, in [0, 1]."""
        seed = int(torch.randint(2**62, (1,), generator=generator))
        squares = np.stack([self._seen(int(row), np.random.default_rng((seed, row))) for row in rows.tolist()])
        images = torch.from_numpy(squares).permute(0, 3, 1, 2).float() / 255
        return jitter(images, generator, JITTER)

    def validate(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        predicted = predict(network, self.val_views, device).argmax(1).numpy()
        figures: dict[str, float] = {}
        for source, rows in self.val.by_source().items():
            figures[source] = balanced_accuracy(self.val.labels[rows], predicted[rows])
        return {"score": float(np.mean(list(figures.values()))), **figures}

    def _compared(self, classifier: Classifier, outputs: Tensor, labels: Tensor) -> Tensor:
        if isinstance(classifier, Logits):
            return F.cross_entropy(outputs.float(), labels, label_smoothing=SMOOTHING)
        return classifier.loss(outputs, labels)

    def _blend(self, count: int, generator: Generator) -> tuple[float, Tensor]:
        """The share of each picture in its blend, at least a half, and with which other it is blended."""
        others = torch.randperm(count, generator=generator)
        chance = np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))
        share = float(chance.beta(self.config.mixup, self.config.mixup)) if self.config.mixup else 1.0
        return max(share, 1 - share), others

    def _seen(self, row: int, chance: Chance) -> NDArray[np.uint8]:
        photo = self.train[row]
        pixels = photo.pixels()
        if chance.random() < self.config.worn:
            pixels = wear(pixels, int(chance.integers(2**62)))
        square = region(pixels.shape[:2], self.boxes[row], self.config.margin)
        closer = self.config.view == "whole" and photo.domain == "phone" and chance.random() < CLOSER
        ways: dict[str, Any] = {"scale": CLOSE} if closer else {}
        shape = (self.config.size, self.config.size)
        return cut(pixels, drawn(square, shape, chance, **ways), shape)

    def _box(self, photo: Photo, boxes: Boxes) -> tuple[float, float, float, float] | None:
        return boxes.of(photo) if self.config.view == "lesion" else None

    def _served(self, photo: Photo, boxes: Boxes) -> NDArray[np.uint8]:
        """A photo of ``val`` as serving shows it: in its canonical pose, where only the whole photo is looked at."""
        pixels, box = photo.pixels(), self._box(photo, boxes)
        if box is None:
            pixels = canonical_orientation(pixels).apply(pixels)
        return crop(pixels, box, self.config.size, self.config.margin)
