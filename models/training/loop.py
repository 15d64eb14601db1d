"""One training loop for every network: seeded, exactly resumable, with curves and averaged weights.

All random numbers of an epoch come from a generator seeded by (seed, epoch). A run that was killed repeats its epoch
from the last saved state. It ends exactly as an uninterrupted run would.
"""

from __future__ import annotations

import csv
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import Field, asdict, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import torch
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from safetensors import SafetensorError
from safetensors.torch import load, save_file
from torch import Generator, Tensor, nn
from torch.optim.swa_utils import PARAM_LIST, AveragedModel, get_ema_multi_avg_fn

from models.errors import TrainingError
from models.evaluation.plots import plot_curves
from models.networks import coco
from models.networks.onnx_weights import fill
from models.networks.widen import widened
from models.training.tracking import tracked


class Configuration(Protocol):
    """Any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


ConfigT = TypeVar("ConfigT", bound=Configuration)

WARMUP = 0.05  # share of the steps during which the learning rate rises


@dataclass(frozen=True)
class Recipe:
    """Length and speed of a training.

    Attributes:
        epochs: passes over the training pictures.
        batch: pictures in a step.
        rate: highest learning rate (AdamW, cosine to zero).
        decay: weight decay.
        average: decay of the exponential moving average of the weights. The averaged weights are validated and saved.
        mixed: compute in bfloat16 if the device is faster with it.
        seed: of all random numbers.
    """

    epochs: int
    batch: int
    rate: float
    decay: float
    average: float
    mixed: bool = True
    seed: int = 1


class Pictures(Protocol):
    """Pictures that have ids."""

    @property
    def ids(self) -> tuple[str, ...]: ...


class Task(Protocol):
    """The interface of a task."""

    recipe: Recipe
    config: Any

    @property
    def train(self) -> Pictures: ...
    @property
    def val(self) -> Pictures: ...

    score: str  # the figure of ``validate`` that decides which epoch is best

    def network(self, device: torch.device) -> nn.Module: ...
    def order(self, generator: Generator) -> Tensor: ...
    def loss(self, network: nn.Module, rows: Tensor, generator: Generator, device: torch.device) -> Tensor: ...
    def validate(self, network: nn.Module, device: torch.device) -> dict[str, float]: ...


class Run:
    """A training, and its folder with ``state.pt``, ``best.safetensors``, ``curves.csv`` and ``curves.png``.

    Args:
        task: to train.
        folder: of the run.
        device: that computes.
        start: initial weights instead of random ones: of an earlier run (.safetensors), of a release (.onnx), or a
            checkpoint of ``models.networks.coco``.

    Raises:
        TrainingError: the weights to start from cannot be read or belong to another network.
    """

    def __init__(self, task: Task, folder: Path, device: torch.device, start: Path | None = None) -> None:
        self.task, self.folder, self.device = task, folder, device
        torch.manual_seed(task.recipe.seed)
        self.network = task.network(device).to(device)
        self._start = self._load(start) if start else "random weights"
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing from the stub
        self.average = AveragedModel(self.network, multi_avg_fn=_moving_average(task.recipe.average), use_buffers=True)
        self.optimizer = torch.optim.AdamW(_groups(self.network, task.recipe.decay), lr=task.recipe.rate)
        self.epoch = 0
        self.best = float("-inf")
        self.history: list[dict[str, float]] = []
        self.precision = low_precision(device) if task.recipe.mixed else None

    def resume(self) -> None:
        """Load the saved state. A run that was killed before its first save starts again.

        Raises:
            TrainingError: there is no run, or it was started with other settings, data or weights.
        """
        path = self.folder / "state.pt"
        if not self.folder.is_dir():
            raise TrainingError(f"{path}: nothing to resume; start without --resume")
        if not path.is_file():
            return
        state = torch.load(path, map_location=self.device, weights_only=True)
        saved, asked = state["settings"], self._settings()
        if saved.keys() != asked.keys():
            raise TrainingError(f"{path}: was saved by another version of this program; start without --resume")
        if other := [f"{name} {saved[name]}, not {asked[name]}" for name in asked if saved[name] != asked[name]]:
            raise TrainingError(f"{path}: was started with {'; '.join(other)}")
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.epoch, self.best, self.history = state["epoch"], state["best"], state["history"]

    def train(self, console: Console, watch: Callable[[int, int, int], None] = lambda *_: None) -> None:
        """Run the remaining epochs, and save after each one.

        At each step, `watch` gets the number of finished epochs, the step, and the steps of an epoch.
        """
        recipe = self.task.recipe
        self.folder.mkdir(parents=True, exist_ok=True)
        times = TimeElapsedColumn(), TimeRemainingColumn()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), *times)
        with Progress(*columns, console=console) as progress, tracked(self.folder, self._settings()) as track:
            bar = progress.add_task("training", total=recipe.epochs, completed=self.epoch)
            while self.epoch < recipe.epochs:
                started = time.monotonic()
                steps = progress.add_task(f"epoch {self.epoch + 1}", total=None)
                loss = 0.0
                for done, total, value in self._epoch():
                    loss += (value - loss) / done
                    progress.update(steps, completed=done, total=total)
                    watch(self.epoch, done, total)
                scores = self.task.validate(self.average.module, self.device)
                self.epoch += 1
                self.history.append(
                    {"epoch": self.epoch, "loss": loss, **scores, "seconds": time.monotonic() - started}
                )
                self._keep(scores[self.task.score])
                track(self.history[-1])
                progress.remove_task(steps)
                progress.update(bar, completed=self.epoch)
                console.print("  ".join(f"{key} {value:.4g}" for key, value in self.history[-1].items()))

    def _epoch(self) -> Iterator[tuple[int, int, float]]:
        """Train one epoch; yields (steps done, number of steps, loss) after each step."""
        recipe = self.task.recipe
        generator = Generator().manual_seed(recipe.seed * 100_003 + self.epoch)
        chunks = self.task.order(generator).split(recipe.batch)
        self.network.train()
        for step, rows in enumerate(chunks):
            share = (self.epoch + step / len(chunks)) / recipe.epochs
            for group in self.optimizer.param_groups:
                group["lr"] = recipe.rate * _schedule(share)
            with torch.autocast(self.device.type, self.precision, enabled=self.precision is not None):
                loss = self.task.loss(self.network, rows, generator, self.device)
            if not torch.isfinite(loss):
                raise TrainingError(f"the loss became {float(loss)} in epoch {self.epoch + 1}; lower the learning rate")
            self.optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), 10.0)
            self.optimizer.step()
            self.average.update_parameters(self.network)
            yield step + 1, len(chunks), float(loss.detach())

    def _keep(self, score: float) -> None:
        if score > self.best:
            self.best = score
            weights = {name: value.contiguous().cpu() for name, value in self.average.module.state_dict().items()}
            save_file(weights, self.folder / "best.part")
            os.replace(self.folder / "best.part", self.folder / "best.safetensors")
        with (self.folder / "curves.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self.history[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.history)
        plot_curves(self.history, self.folder / "curves.png")
        state = {
            "settings": self._settings(),
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "epoch": self.epoch,
            "best": self.best,
            "history": self.history,
        }
        torch.save(state, self.folder / "state.part")
        os.replace(self.folder / "state.part", self.folder / "state.pt")

    def _load(self, start: Path) -> str:
        """Load these weights into the network; returns their SHA-256, since the file may move later."""
        try:
            content = start.read_bytes()
            if start.suffix == ".onnx":
                fill(self.network, content)
            else:
                weights = coco.adapted(content, self.network) if coco.is_published(content) else load(content)
                self.network.load_state_dict(widened(weights, self.network.state_dict()))
        except (OSError, SafetensorError, RuntimeError, ValueError) as error:
            raise TrainingError(f"{start}: {str(error).splitlines()[0]}") from error
        return f"weights with SHA-256 {hashlib.sha256(content).hexdigest()}"

    def _settings(self) -> dict[str, Any]:
        """The settings that must be the same to resume a run."""
        return {
            "recipe": asdict(self.task.recipe),
            "config": asdict(self.task.config),
            "data": f"{_named(self.task.train)} to train on, {_named(self.task.val)} to validate on",
            "start": self._start,
        }


def read_config(run: Path) -> dict[str, Any]:
    """The configuration of a run's task.

    Raises:
        TrainingError: the folder holds no run.
    """
    path = run / "state.pt"
    if not path.is_file():
        raise TrainingError(f"{path}: no training run is there")
    config: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)["settings"]["config"]
    return config


def restored(kind: type[ConfigT], stored: dict[str, Any]) -> ConfigT:
    """A configuration from the result of ``read_config``. Settings of earlier versions that no longer exist are
    ignored."""
    return kind(**{field.name: stored[field.name] for field in fields(kind) if field.name in stored})


def low_precision(device: torch.device) -> torch.dtype | None:
    """bfloat16 if the device has instructions for it and is faster with them, else None."""
    if device.type == "cuda":
        return torch.bfloat16
    return torch.bfloat16 if torch.cpu.get_capabilities().get("avx512_bf16") else None


def _named(pictures: Pictures) -> str:
    """Identify pictures by their number and ids, since the folder may be moved or packed."""
    return f"{len(pictures.ids)} pictures ({hashlib.sha256(' '.join(pictures.ids).encode()).hexdigest()[:12]})"


def _moving_average(decay: float) -> Callable[[PARAM_LIST, PARAM_LIST, Tensor | int], None]:
    """An exponential moving average whose decay grows to ``decay``, so that early epochs can be validated too."""

    def update(averages: PARAM_LIST, values: PARAM_LIST, count: Tensor | int) -> None:
        memory = min(decay, (1 + int(count)) / (10 + int(count)))
        get_ema_multi_avg_fn(memory)(averages, values, count)

    return update


def _groups(network: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Parameter groups: weight decay for matrices and kernels, none for norms and biases."""
    decayed = [value for value in network.parameters() if value.requires_grad and value.ndim > 1]
    free = [value for value in network.parameters() if value.requires_grad and value.ndim <= 1]
    return [{"params": decayed, "weight_decay": decay}, {"params": free, "weight_decay": 0.0}]


def _schedule(share: float) -> float:
    """The learning rate's factor: a linear rise, then half a cosine to zero. ``share`` of the run is over."""
    if share < WARMUP:
        return max(share / WARMUP, 0.01)
    return 0.5 * (1 + float(torch.cos(torch.tensor((share - WARMUP) / (1 - WARMUP) * torch.pi))))
