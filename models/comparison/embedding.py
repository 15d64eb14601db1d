"""Rows that put a support vector machine on the features of a frozen network."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track
from sklearn.metrics import accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from torch import Tensor

from inference.classes import CLASSES
from models.comparison.bench import Bench, Reader, cut, mask_boxes, photos_of
from models.data.ham10000 import Split
from models.errors import ComparisonError
from models.evaluation.metrics import balanced_accuracy
from models.networks.others import Normalised, timm_network

PENALTIES: Final = (1.0, 10.0, 100.0)
"""C of the support vector machines. ``val`` picks one of them, by the same score as the epoch of a training."""

BATCH: Final = 32


def reader(bench: Bench, name: str, architecture: str, size: int) -> Reader:
    """Fit a support vector machine (radial kernel, balanced classes) on features of the training pictures.

    Args:
        bench: of the comparison.
        name: folder in ``bench.runs`` for the features.
        architecture: timm's name, including its weights.
        size: side of the square input in pixels.

    Raises:
        WeightsUnavailable: the weights are not available here.
        ComparisonError: a class has no training picture.
    """
    network = Normalised(*timm_network(architecture, size, 0)).to(bench.device)
    features, labels = _features(bench, name, network, size, "train")
    held_out, truth = _features(bench, name, network, size, "val")
    if missing := [CLASSES[index] for index in set(range(len(CLASSES))) - set(labels.tolist())]:
        raise ComparisonError(f"no training picture of {', '.join(missing)}; raise --limit")
    fitted = {}
    for penalty in track(PENALTIES, f"{name}: fitting", console=bench.console):
        machine = make_pipeline(StandardScaler(), SVC(C=penalty, class_weight="balanced", break_ties=True))
        machine.fit(features, labels)
        answers = machine.predict(held_out)
        score = (accuracy_score(truth, answers) + balanced_accuracy(truth, answers)) / 2
        fitted[penalty] = (score, machine)
    penalty = max(fitted, key=lambda each: fitted[each][0])
    return Reader(network, _head(fitted[penalty][1]), size, f"frozen, SVM with C {penalty:g}")


def _head(machine: Any) -> Any:
    """A fitted machine's decision values. The largest one is its answer."""
    return lambda features: torch.from_numpy(machine.decision_function(features.numpy()))


def _features(
    bench: Bench, name: str, network: Normalised, size: int, split: Split
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """N x D features and N labels of a split, cut by the masks as in training. They are stored on disk."""
    photos = photos_of(bench, split)
    path = bench.runs / name / f"features-{split}.npz"
    if path.is_file():
        with np.load(path) as kept:
            if tuple(kept["ids"]) == photos.ids:
                return kept["features"], photos.labels
    network.eval()
    found: list[Tensor] = []
    with torch.inference_mode():
        chunks = cut(photos, mask_boxes(photos), size).split(BATCH)
        for chunk in track(chunks, f"{name}: features of {split}", console=bench.console):
            found.append(network(chunk.to(bench.device).movedim(-1, -3).float() / 255).float().cpu())
    features = torch.cat(found).numpy()
    _keep(path, ids=np.array(photos.ids), features=features)
    return features, photos.labels


def _keep(path: Path, **arrays: NDArray[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    os.replace(part, path)
