"""The task of training a classifier: sampling, cropping, loss and validation."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast

import numpy as np
import torch
from numpy.random import Generator as Chance
from numpy.typing import NDArray
from safetensors.torch import load_file
from sklearn.metrics import accuracy_score
from torch import Generator, Tensor, nn

from inference.classes import CLASSES
from inference.pipeline.crops import crop, region
from inference.pipeline.orientation import canonical_orientation
from inference.registry.schema import View
from models.data.augmentation import cut, drawn, jitter
from models.data.boxes import Box, Boxes
from models.data.corruptions import corrupted
from models.data.pictures import NO_CLASS, Photo, Source, load_photos
from models.errors import TrainingError
from models.evaluation.metrics import balanced_accuracy
from models.networks import zoo
from models.networks.classifier import Classifier
from models.networks.efficientnet import Pretrained
from models.training.distillation import distillation_loss
from models.training.loop import Recipe, read_config, restored

MARGIN: Final = 1.4
RARITY: Final = 0.6
"""How much sampling within a source favours rare classes: 0 keeps the shares of the data, 1 makes all classes equal."""

WARPS: Final[dict[str, dict[str, Any]]] = {
    "light": {"scale": (0.9, 1.15), "shift": 0.05, "stretch": 0.0, "quarters": True},
    "strong": {"scale": (0.8, 1.25), "shift": 0.08, "stretch": 0.1},
}
JITTER: Final = {"light": 0.1, "strong": 0.25}
CLOSER: Final = 1 / 3
"""Share of the photos by phone that are cropped to the centre, where the lesion of a close-up is."""
CLOSE: Final = (0.35, 0.8)
DRAWS: Final[dict[Source, int]] = {
    "ham10000": 1600, "milk10k-dermatoscope": 1200, "milk10k-camera": 2300, "pad": 700,
}  # fmt: skip
"""Number of pictures of each source in an epoch if there are several sources. A single source is used in full, and so
is the training pool."""

RECIPES: Final = {
    "random": Recipe(epochs=14, batch=32, rate=1e-3, decay=1e-2, average=0.998),
    "pretrained": Recipe(epochs=14, batch=32, rate=5e-4, decay=2e-2, average=0.998),
}
"""The recipe, by the initial weights of the network."""


@dataclass(frozen=True)
class ClassifierConfig:
    """The network and its input, stored with the weights.

    Attributes:
        name: of the network.
        size: side of its input in pixels.
        kernel: side of the large kernel in pixels.
        view: whole photo, or lesion with a margin.
        margin: side of that square, in sides of the lesion.
        augment: of pictures: light or strong.
        mixup: alpha of mixup; 0 is no mixup.
        corrupt: share of pictures corrupted as by phones.
        smoothing: of labels, 0..1.
        teachers: runs of networks to learn from.
        boxes: JSON file with boxes of lesions without a mask.
    """

    name: zoo.Name = "fixcaps"
    size: int = 128
    kernel: int = 18
    view: View = "lesion"
    margin: float = MARGIN
    augment: Literal["light", "strong"] = "light"
    mixup: float = 0.0
    corrupt: float = 0.0
    smoothing: float = 0.0
    teachers: tuple[str, ...] = ()
    boxes: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.corrupt <= 1:
            raise TrainingError(f"corrupt: {self.corrupt} is no share from 0 to 1")


@dataclass(frozen=True, eq=False)
class Teacher:
    """A trained network that does not learn, and the view that it reads."""

    network: nn.Module
    config: ClassifierConfig

    def log_odds(self, images: Tensor) -> Tensor:
        """B x 8 scores of B x 3 x ``size`` x ``size`` pictures."""
        classifier = cast(Classifier, self.network.to(images.device))
        with torch.no_grad():
            return classifier.log_odds(classifier(images))


def recipe_for(name: zoo.Name) -> Recipe:
    """The default recipe of a network."""
    return RECIPES["random" if name.startswith(("fixcaps", "yolov8")) else "pretrained"]


class Classification:
    """Trains a classifier on one set or several.

    Args:
        roots: folders of the sets.
        config: of the network and its input.
        recipe: length and speed of the training.
        limit: use only this many pictures of each set, domain and split.
    """

    score = "score"

    def __init__(
        self, roots: Sequence[Path], config: ClassifierConfig, recipe: Recipe, limit: int | None = None
    ) -> None:
        self.config, self.recipe = config, recipe
        self._known = Boxes.read(Path(config.boxes)) if config.boxes else Boxes({})
        self.train = load_photos(roots, "train", limit).where(lambda photo: photo.label != NO_CLASS)
        self.val = load_photos(roots, "val", limit).where(lambda photo: photo.label != NO_CLASS)
        self.labels = torch.from_numpy(self.train.labels)
        self.teachers = [_teacher(Path(run)) for run in config.teachers]
        lesions = any(each.view == "lesion" for each in (config, *(teacher.config for teacher in self.teachers)))
        self.boxes = [self._known.of(photo) if lesions else None for photo in self.train.photos]
        self.sources = self.train.by_source()
        self.draws = {
            source: DRAWS.get(source, len(rows)) if limit is None and len(self.sources) > 1 else len(rows)
            for source, rows in self.sources.items()
        }
        self.val_squares = torch.from_numpy(np.stack([self._served(photo) for photo in self.val.photos]))

    def network(self, device: torch.device) -> nn.Module:
        network = zoo.build(self.config.name, self.config.size, self.config.kernel)
        if device.type == "cpu" and isinstance(network, Pretrained):
            network.freeze()
        return network

    def order(self, generator: Generator) -> Tensor:
        picked = []
        for source, found in self.sources.items():
            rows = torch.from_numpy(found)
            counts = torch.bincount(self.labels[rows], minlength=len(CLASSES)).float()
            weights = counts.clamp(min=1)[self.labels[rows]].pow(-RARITY)
            chosen = torch.multinomial(weights, self.draws[source], replacement=True, generator=generator)
            picked.append(rows[chosen])
        order = torch.cat(picked)
        return order[torch.randperm(len(order), generator=generator)]

    def loss(self, network: nn.Module, rows: Tensor, generator: Generator, device: torch.device) -> Tensor:
        classifier, labels = cast(Classifier, network), self.labels[rows].to(device)
        share, others = self._blend(len(rows), generator)
        chance = generator.get_state()

        def blended(config: ClassifierConfig, corrupt: float) -> Tensor:
            generator.set_state(chance)  # the same turn, scale and colours for the network and its teachers
            pictures = self.pictures(rows, generator, config, corrupt).to(device)
            return pictures.lerp(pictures[others], 1 - share) if share < 1 else pictures

        outputs = classifier(blended(self.config, self.config.corrupt))
        loss = classifier.loss(outputs, labels, self.config.smoothing) * share
        if share < 1:
            loss = loss + classifier.loss(outputs, labels[others], self.config.smoothing) * (1 - share)
        taught = [teacher.log_odds(blended(teacher.config, 0.0)) for teacher in self.teachers]
        return loss + distillation_loss(classifier.log_odds(outputs), taught) if taught else loss

    def pictures(self, rows: Tensor, generator: Generator, config: ClassifierConfig, corrupt: float) -> Tensor:
        """Augmented training pictures, B x 3 x ``size`` x ``size``, RGB, in [0, 1].

        Args:
            rows: B rows of ``train``.
            generator: random generator (CPU).
            config: of the network that reads them.
            corrupt: share of the pictures that are corrupted.
        """
        seed = int(torch.randint(2**62, (1,), generator=generator))
        with ThreadPoolExecutor() as pool:
            squares = pool.map(
                lambda row: self._square(row, np.random.default_rng((seed, row)), config, corrupt), rows.tolist()
            )
            images = torch.from_numpy(np.stack(list(squares))).permute(0, 3, 1, 2).float() / 255
        return jitter(images, generator, JITTER[self.config.augment])

    def validate(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """Balanced accuracy on each source. The score is their mean; with one source, the mean with the accuracy."""
        predicted = predict(network, self.val_squares, device).argmax(1).numpy()
        labels = self.val.labels
        figures: dict[str, float] = {
            source: balanced_accuracy(labels[rows], predicted[rows]) for source, rows in self.val.by_source().items()
        }
        accuracy = float(accuracy_score(labels, predicted))
        counted = [*figures.values(), *([accuracy] if len(figures) == 1 else [])]
        return {"score": float(np.mean(counted)), "accuracy": accuracy, **figures}

    def _blend(self, count: int, generator: Generator) -> tuple[float, Tensor]:
        """The share of each picture in its blend, at least a half, and the index of the other picture.

        Source: Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018, section 2.
        """
        if not self.config.mixup:
            return 1.0, torch.arange(count)
        others = torch.randperm(count, generator=generator)
        chance = np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))
        share = float(chance.beta(self.config.mixup, self.config.mixup))
        return max(share, 1 - share), others

    def _square(self, row: int, chance: Chance, config: ClassifierConfig, corrupt: float) -> NDArray[np.uint8]:
        # Every network draws the same random numbers, whether it uses them or not.
        corruption, seed, close = chance.random(), int(chance.integers(2**62)), chance.random()
        photo = self.train[row]
        pixels = photo.pixels()
        if corruption < corrupt:
            pixels = corrupted(pixels, seed)
        whole = config.view == "whole"
        square = region(pixels.shape[:2], None if whole else self.boxes[row], config.margin)
        ways = dict(WARPS[self.config.augment])
        if whole and photo.domain == "phone" and close < CLOSER:
            ways["scale"] = CLOSE
        shape = (config.size, config.size)
        return cut(pixels, drawn(square, shape, chance, **ways), shape)

    def _served(self, photo: Photo) -> NDArray[np.uint8]:
        """A photo of ``val``, cropped as in serving. A whole photo is turned as in serving."""
        pixels = photo.pixels()
        box: Box | None = self._known.of(photo) if self.config.view == "lesion" else None
        if box is None:
            pixels = canonical_orientation(pixels).apply(pixels)
        return crop(pixels, box, self.config.size, self.config.margin)


def predict(network: nn.Module, squares: Tensor, device: torch.device, batch: int = 64) -> Tensor:
    """Score N x S x S x 3 uint8 RGB squares; returns N x 8 log-odds on the CPU."""
    network.eval()
    classifier, found = cast(Classifier, network), []
    with torch.inference_mode():
        for chunk in squares.split(batch):
            images = chunk.to(device).movedim(-1, -3).float() / 255
            found.append(classifier.log_odds(classifier(images)).cpu())
    return torch.cat(found)


def _teacher(run: Path) -> Teacher:
    config = restored(ClassifierConfig, read_config(run))
    network = zoo.build(config.name, config.size, config.kernel, pretrained=False)
    network.load_state_dict(load_file(run / "best.safetensors"))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing from the stub
    return Teacher(network.eval().requires_grad_(False), config)
