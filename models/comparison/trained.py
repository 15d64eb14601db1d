"""Rows that are trained by the project's one training loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import load_file

from models.comparison.bench import VIEW, Bench, Reader
from models.errors import ComparisonError
from models.networks import zoo
from models.networks.classifier import Classifier
from models.training.classification import Classification, ClassifierConfig
from models.training.loop import Recipe, Run, restored


def reader(bench: Bench, name: str, config: ClassifierConfig, recipe: Recipe) -> Reader:
    """Train a network, or take (and finish) the run that exists already.

    Args:
        bench: where.
        name: the run's folder in ``bench.runs``.
        config, recipe: of a new run.

    Raises:
        WeightsUnavailable: the weights that training starts from are not available here.
        ComparisonError: the existing run is of another network or reads another view.
        TrainingError: the existing run is unfinished, and was started with other pictures or weights.
    """
    folder = bench.runs / name
    done = 0
    if (folder / "state.pt").is_file():
        done, config, recipe = _started(folder / "state.pt", config)
    if done < recipe.epochs:
        zoo.build(config.name, config.size, config.kernel)  # fails before minutes are spent on reading the data
        run = Run(Classification(bench.data, config, recipe, bench.limit), folder, bench.device)
        if done:
            run.resume()
        run.train(bench.console)
    network = zoo.build(config.name, config.size, config.kernel, pretrained=False)
    network.load_state_dict(load_file(folder / "best.safetensors"))
    network.to(bench.device)
    return Reader(network, cast(Classifier, network).log_odds, config.size, f"{recipe.epochs} epochs, {config.augment}")


def _started(path: Path, config: ClassifierConfig) -> tuple[int, ClassifierConfig, Recipe]:
    """Epochs done, configuration and recipe of a run."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    settings: dict[str, Any] = state["settings"]
    wanted = {"name": config.name, "view": VIEW}
    if found := {key: settings["config"].get(key) for key in wanted if settings["config"].get(key) != wanted[key]}:
        raise ComparisonError(f"{path}: the run has {found}, the comparison needs {wanted}; move it out of the way")
    return (
        int(state["epoch"]),
        restored(ClassifierConfig, settings["config"]),
        Recipe(**settings["recipe"]),
    )
