"""The task of training a classifier: which pictures, which loss, what is measured on ``val``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast

import numpy as np
import torch
from safetensors.torch import load_file
from sklearn.metrics import accuracy_score
from torch import Generator, Tensor, nn

from inference.classes import CLASSES
from inference.pipeline.crops import crop, region
from inference.registry.schema import View
from models.data.augmentation import jitter, random_affine, warp
from models.data.ham10000 import HEIGHT, WIDTH, Lesions, load
from models.data.random_corruptions import worn
from models.evaluation.metrics import balanced_accuracy
from models.networks import zoo
from models.networks.classifier import Classifier
from models.networks.efficientnet import Pretrained
from models.training.distillation import Teacher, distillation_loss
from models.training.loop import Recipe, read_config

MARGIN: Final = 1.4
RARITY: Final = 0.5
"""How far sampling leans towards rare classes: 0 draws as the data lies, 1 draws all classes alike."""

FINE: Final = 2 / 3
"""Inputs of at least this share of a picture's height are sampled plainly; smaller ones twice as fine and averaged."""

WARPS: Final[dict[str, dict[str, Any]]] = {
    "light": {"scale": (0.9, 1.15), "shift": 0.05, "turns": "quarters"},
    "strong": {"scale": (0.8, 1.25), "shift": 0.08, "stretch": 0.1},
}
JITTER: Final = {"light": 0.1, "strong": 0.2}

RECIPES: Final = {
    "random": Recipe(epochs=14, batch=32, rate=1e-3, decay=1e-2, average=0.998),
    "pretrained": Recipe(epochs=14, batch=32, rate=5e-4, decay=2e-2, average=0.998),
}
"""By what a network's weights begin as."""


@dataclass(frozen=True)
class ClassifierConfig:
    """What a run fixes besides the recipe; stored with the weights, since serving must do the same.

    ``teachers`` are folders of runs whose networks are distilled; see ``models.training.distillation``. ``mixup`` is
    how evenly two pictures are blended into one (the alpha of Zhang et al., "mixup: Beyond Empirical Risk
    Minimization", ICLR 2018, section 2); 0 blends none. ``worn`` is the share of pictures that are degraded (see
    ``models.data.random_corruptions``) before the network looks at them; teachers see them as they are.
    """

    name: zoo.Name = "fixcaps"
    size: int = 128
    kernel: int = 18
    view: View = "lesion"
    margin: float = MARGIN
    augment: Literal["light", "strong"] = "light"
    teachers: tuple[str, ...] = ()
    mixup: float = 0.0
    worn: float = 0.0


def recipe_for(name: zoo.Name) -> Recipe:
    """The recipe a network is trained by where nothing else is asked for."""
    return RECIPES["random" if name.startswith(("fixcaps", "yolov8")) else "pretrained"]


class Classification:
    """A classifier on HAM10000."""

    score = "score"

    def __init__(self, root: Path, config: ClassifierConfig, recipe: Recipe, limit: int | None = None) -> None:
        self.config, self.recipe = config, recipe
        self.train, self.val = load(root, "train", limit), load(root, "val", limit)
        self.images = torch.from_numpy(self.train.images)
        self.labels = torch.from_numpy(self.train.labels)
        self.regions = self._regions(config)
        self.teachers = [self._teacher(Path(run)) for run in config.teachers]
        counts = torch.bincount(self.labels, minlength=len(CLASSES)).float()
        self.weights = counts.clamp(min=1)[self.labels].pow(-RARITY)
        cut = [
            crop(image, box, config.size, config.margin)
            for image, box in zip(self.val.images, boxes(self.val, config.view), strict=True)
        ]
        self.val_views = torch.from_numpy(np.stack(cut))

    def network(self, device: torch.device) -> nn.Module:
        network = zoo.build(self.config.name, self.config.size, self.config.kernel)
        if device.type == "cpu" and isinstance(network, Pretrained):
            network.freeze()
        return network

    def order(self, generator: Generator) -> Tensor:
        return torch.multinomial(self.weights, len(self.train), replacement=True, generator=generator)

    def loss(self, network: nn.Module, rows: Tensor, generator: Generator, device: torch.device) -> Tensor:
        classifier, labels = cast(Classifier, network), self.labels[rows].to(device)
        share, others = self._blend(len(rows), generator)
        photos = self.images[rows]
        seen = worn(photos, self.config.worn, generator) if self.config.worn else photos
        chance = generator.get_state()

        def blended(shown: Tensor, regions: Tensor, size: int) -> Tensor:
            generator.set_state(chance)  # the same turn, scale and colours for all who look
            pictures = self.pictures(shown, regions[rows], size, generator, device)
            return pictures.lerp(pictures[others], 1 - share) if share < 1 else pictures

        outputs = classifier(blended(seen, self.regions, self.config.size))
        loss = classifier.loss(outputs, labels) * share
        if share < 1:
            loss = loss + classifier.loss(outputs, labels[others]) * (1 - share)
        taught = [teacher.log_odds(blended(photos, teacher.regions, teacher.size)) for teacher in self.teachers]
        return loss + distillation_loss(classifier.log_odds(outputs), taught) if taught else loss

    def _blend(self, count: int, generator: Generator) -> tuple[float, Tensor]:
        """The share of each picture in its blend, at least a half, and with which other it is blended."""
        if not self.config.mixup:
            return 1.0, torch.arange(count)
        others = torch.randperm(count, generator=generator)
        chance = np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))
        share = float(chance.beta(self.config.mixup, self.config.mixup))
        return max(share, 1 - share), others

    def pictures(
        self, photos: Tensor, regions: Tensor, size: int, generator: Generator, device: torch.device
    ) -> Tensor:
        """Augmented training pictures, B x 3 x ``size`` x ``size``, RGB, in [0, 1].

        Args:
            photos: B x 240 x 320 x 3, uint8.
            regions: B x 3, what is looked at in each; see ``inference.pipeline.crops.region``.
            size: side of the square in pixels.
            generator: source of chance (CPU).
            device: where they are made.
        """
        pixels = photos.to(device).permute(0, 3, 1, 2).float() / 255
        matrices = random_affine(regions, (HEIGHT, WIDTH), generator, **WARPS[self.config.augment])
        fine = 2 if size < HEIGHT * FINE else 1
        batch = warp(pixels, matrices, (size, size), padding="reflection", oversample=fine)
        return jitter(batch, generator, strength=JITTER[self.config.augment])

    def validate(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        predicted = predict(network, self.val_views, device).argmax(1).numpy()
        accuracy = float(accuracy_score(self.val.labels, predicted))
        balanced = balanced_accuracy(self.val.labels, predicted)
        return {"score": (accuracy + balanced) / 2, "accuracy": accuracy, "balanced_accuracy": balanced}

    def _regions(self, config: ClassifierConfig) -> Tensor:
        squares = [region((HEIGHT, WIDTH), box, config.margin) for box in boxes(self.train, config.view)]
        return torch.tensor(squares, dtype=torch.float32)

    def _teacher(self, run: Path) -> Teacher:
        config = ClassifierConfig(**read_config(run))
        network = zoo.build(config.name, config.size, config.kernel, pretrained=False)
        network.load_state_dict(load_file(run / "best.safetensors"))
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing from the stub
        return Teacher(network.eval().requires_grad_(False), self._regions(config), config.size)


def boxes(lesions: Lesions, view: View) -> list[tuple[float, float, float, float] | None]:
    """The masks' own boxes for the view ``lesion``, none for ``whole``."""
    if view == "whole":
        return [None] * len(lesions)
    return [(float(box[0]), float(box[1]), float(box[2]), float(box[3])) for box in lesions.boxes()]


def predict(network: nn.Module, squares: Tensor, device: torch.device, batch: int = 64) -> Tensor:
    """Score N x S x S x 3 uint8 RGB squares; returns N x 7 log-odds on the CPU."""
    network.eval()
    classifier, found = cast(Classifier, network), []
    with torch.inference_mode():
        for chunk in squares.split(batch):
            images = chunk.to(device).movedim(-1, -3).float() / 255
            found.append(classifier.log_odds(classifier(images)).cpu())
    return torch.cat(found)
