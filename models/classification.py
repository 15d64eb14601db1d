"""The task of training a classifier: which pictures, which loss, what is measured on ``val``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import torch
from sklearn.metrics import accuracy_score, balanced_accuracy_score
from torch import Generator, Tensor, nn

from models.augment import jitter, random_affine, warp
from models.classes import CLASSES
from models.data import HEIGHT, WIDTH, Lesions, load
from models.fixcaps import FixCaps, margin_loss
from models.release import View
from models.train import Recipe
from models.views import crop_view, region

MARGIN: Final = 1.4
RARITY: Final = 0.5
"""How far sampling leans towards rare classes: 0 draws as the data lies, 1 draws all classes alike."""

WARPS: Final[dict[str, dict[str, Any]]] = {
    "light": {"scale": (0.9, 1.15), "shift": 0.05, "quarters": True},
    "strong": {"scale": (0.8, 1.25), "shift": 0.08, "stretch": 0.1},
}
JITTER: Final = {"light": 0.1, "strong": 0.2}

RECIPE: Final = Recipe(epochs=14, batch=32, rate=1e-3, decay=1e-2, average=0.998)


@dataclass(frozen=True)
class ClassifierConfig:
    """What a run fixes besides the recipe; stored with the weights, since serving must do the same."""

    size: int = 128
    kernel: int = 18
    separable: bool = False
    view: View = "lesion"
    margin: float = MARGIN
    augment: Literal["light", "strong"] = "light"


class Classification:
    """FixCaps on HAM10000."""

    score = "score"

    def __init__(self, root: Path, config: ClassifierConfig, recipe: Recipe, limit: int | None = None) -> None:
        self.config, self.recipe = config, recipe
        self.train, self.val = load(root, "train", limit), load(root, "val", limit)
        self.images = torch.from_numpy(self.train.images)
        self.labels = torch.from_numpy(self.train.labels)
        self.regions = torch.tensor(
            [region((HEIGHT, WIDTH), box, config.margin) for box in boxes(self.train, config.view)],
            dtype=torch.float32,
        )
        counts = torch.bincount(self.labels, minlength=len(CLASSES)).float()
        self.weights = counts.clamp(min=1)[self.labels].pow(-RARITY)
        cut = [
            crop_view(image, box, config.size, config.margin)
            for image, box in zip(self.val.images, boxes(self.val, config.view), strict=True)
        ]
        self.val_views = torch.from_numpy(np.stack(cut))

    def network(self) -> nn.Module:
        return FixCaps(self.config.size, self.config.kernel, self.config.separable)

    def order(self, generator: Generator) -> Tensor:
        return torch.multinomial(self.weights, len(self.train), replacement=True, generator=generator)

    def loss(self, network: nn.Module, rows: Tensor, generator: Generator, device: torch.device) -> Tensor:
        pixels = self.images[rows].to(device).permute(0, 3, 1, 2).float() / 255
        matrices = random_affine(self.regions[rows], (HEIGHT, WIDTH), generator, **WARPS[self.config.augment])
        batch = warp(pixels, matrices, self.config.size, padding="reflection", oversample=2)
        return margin_loss(
            network(jitter(batch, generator, strength=JITTER[self.config.augment])), self.labels[rows].to(device)
        )

    def validate(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        lengths = predict(network, self.val_views, device)
        predicted = lengths.argmax(1).numpy()
        accuracy = float(accuracy_score(self.val.labels, predicted))
        balanced = float(balanced_accuracy_score(self.val.labels, predicted))
        return {"score": (accuracy + balanced) / 2, "accuracy": accuracy, "balanced_accuracy": balanced}


def boxes(lesions: Lesions, view: View) -> list[tuple[float, float, float, float] | None]:
    """The masks' own boxes for the view ``lesion``, none for ``whole``."""
    if view == "whole":
        return [None] * len(lesions)
    return [(float(box[0]), float(box[1]), float(box[2]), float(box[3])) for box in lesions.boxes()]


def predict(network: nn.Module, photos: Tensor, device: torch.device, batch: int = 64) -> Tensor:
    """Score N x ... x S x S x 3 uint8 RGB photos or their views; returns N x 7 capsule lengths on the CPU."""
    network.eval()
    found = []
    with torch.inference_mode():
        for chunk in photos.split(batch):
            found.append(network(chunk.to(device).movedim(-1, -3).float() / 255).float().cpu())
    return torch.cat(found)
