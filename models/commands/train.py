"""``train``: a subcommand for each network, with the options that apply to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Union

import torch
import tyro
from rich.console import Console
from tyro.conf import Fixed, arg, subcommand

from inference.registry.schema import View
from models.commands.options import Folders, Limit, Names, Number, OptionalFile, OptionalFolder
from models.networks import zoo
from models.training import segmentation
from models.training.classification import Classification, ClassifierConfig, recipe_for
from models.training.loop import Recipe, Run, Task
from models.training.segmentation import Segmentation, SegmenterConfig


@dataclass(frozen=True)
class RecipeOptions(Recipe):
    """Length and speed of the training.

    Attributes:
        epochs: passes over the training pictures.
        batch: pictures in a step.
        rate: highest learning rate.
        seed: of all random numbers.
    """

    decay: Fixed[float]
    average: Fixed[float]
    mixed: Fixed[bool] = True


@dataclass(frozen=True)
class Training:
    """What all trainings share.

    Attributes:
        data: folders of HAM10000, MILK10k, PAD-UFES-20.
        recipe: length and speed of the training.
        out: folder of the run; None is runs/NETWORK.
        resume: continue the run in that folder.
        start: initial weights: .safetensors or .onnx.
        limit: at most N of each set, kind and split.
        device: such as cpu or cuda.
    """

    data: Folders
    recipe: RecipeOptions
    out: OptionalFolder = None
    resume: bool = False
    start: OptionalFile = None
    limit: Limit = None
    device: str = "cuda" if torch.cuda.is_available() else "cpu"

    def run(self) -> None:
        task, name = self.task()
        run = Run(task, self.out or Path("runs") / name, torch.device(self.device), self.start)
        if self.resume:
            run.resume()
        run.train(Console(stderr=True))

    def task(self) -> tuple[Task, str]:
        """The task to train, and the name of the network."""
        raise NotImplementedError


@dataclass(frozen=True)
class SegmenterOptions(SegmenterConfig):
    __doc__ = SegmenterConfig.__doc__

    network: Fixed[str] = "yolov8n-seg"


@dataclass(frozen=True)
class ClassifierOptions(ClassifierConfig):
    __doc__ = ClassifierConfig.__doc__

    view: Annotated[View, arg(metavar="VIEW")] = ClassifierConfig.view
    margin: Number = ClassifierConfig.margin
    augment: Annotated[Literal["light", "strong"], arg(metavar="HOW")] = ClassifierConfig.augment
    mixup: Number = ClassifierConfig.mixup
    corrupt: Number = ClassifierConfig.corrupt
    smoothing: Number = ClassifierConfig.smoothing
    teachers: Names = ClassifierConfig.teachers


@dataclass(frozen=True)
class FixCapsOptions(ClassifierOptions):
    __doc__ = ClassifierConfig.__doc__

    name: Fixed[zoo.Name] = "fixcaps"
    smoothing: Fixed[float] = 0.0


@dataclass(frozen=True)
class LogitsOptions(ClassifierOptions):
    __doc__ = ClassifierConfig.__doc__

    name: Fixed[zoo.Name] = "efficientnet-lite0"
    kernel: Fixed[int] = 18


@dataclass(frozen=True)
class TrainSegmenter(Training):
    """Train the network that outlines lesions. It can start from ultralytics' yolov8n.pt too."""

    config: SegmenterOptions = SegmenterOptions()

    def task(self) -> tuple[Task, str]:
        return Segmentation(self.data, self.config, self.recipe, self.limit), "yolo"


@dataclass(frozen=True)
class TrainFixCaps(Training):
    """Train a capsule network that names lesions."""

    config: FixCapsOptions = FixCapsOptions()

    def task(self) -> tuple[Task, str]:
        return Classification(self.data, self.config, self.recipe, self.limit), self.config.name


@dataclass(frozen=True)
class TrainLogits(Training):
    """Train a network that names lesions."""

    config: LogitsOptions = LogitsOptions()

    def task(self) -> tuple[Task, str]:
        return Classification(self.data, self.config, self.recipe, self.limit), self.config.name


def _with_defaults(name: zoo.Name) -> Any:
    """The subcommand of a classifier, with its own name and recipe."""
    missing: Any = tyro.MISSING
    recipe = RecipeOptions(**vars(recipe_for(name)))
    if name.startswith("fixcaps"):
        of_fixcaps = TrainFixCaps(missing, recipe, config=replace(FixCapsOptions(), name=name))
        return Annotated[TrainFixCaps, subcommand(name, default=of_fixcaps)]
    of_others = TrainLogits(missing, recipe, config=replace(LogitsOptions(), name=name))
    return Annotated[TrainLogits, subcommand(name, default=of_others)]


_MISSING: Any = tyro.MISSING
_SEGMENTER: Final = TrainSegmenter(_MISSING, RecipeOptions(**vars(segmentation.RECIPE)))
NETWORKS: Any = Union[  # made of a tuple
    (Annotated[TrainSegmenter, subcommand("yolo", default=_SEGMENTER)], *map(_with_defaults, zoo.NAMES))
]


@dataclass(frozen=True)
class Train:
    """Train a network; can be killed at any moment and resumed."""

    network: NETWORKS

    def run(self) -> None:
        self.network.run()
